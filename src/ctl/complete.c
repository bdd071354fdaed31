/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/arguments.h"
#include "ctl/ctl.h"
#include "ctl/names.h"

/* "complete -- WORDS...": candidates for the last word, one a line; for tbproxyctl.bash. */

struct line {
    char **words; /* behind the subcommand, up to the word under the cursor */
    int count;
    const char *current;
    const char *operation; /* NULL: not given yet */
    unsigned edition;
    const struct own_option *options; /* tbproxyctl's own, of the subcommand */
    const char *pending;              /* the option, without "--", whose value is under the cursor */
};

static void offer(const char *current, const char *prefix, const char *candidate)
{
    size_t length = strlen(prefix);

    if (strncmp(current, prefix, length < strlen(current) ? length : strlen(current)) != 0)
        return;
    if (strlen(current) > length && strncmp(current + length, candidate, strlen(current) - length) != 0)
        return;
    printf("%s%s\n", prefix, candidate);
}

static void offer_editions(const char *current)
{
    unsigned i;

    for (i = 0; i < EDITION_COUNT; i++)
        offer(current, "", editions[i].name);
}

static void offer_operations(const char *current, unsigned only)
{
    unsigned e, i;

    for (e = 0; e < EDITION_COUNT; e++) {
        const tb_api *api = editions[e].api;

        for (i = 0; i < api->operation_count; i++) {
            const char *id = table_text(api, api->operations[i].id);

            if (edition_with_operation(id, 0, only) == e)
                offer(current, "", id);
        }
    }
}

/* Whether LINE has the option --NAME before the cursor. */
static bool is_given(const struct line *line, const char *name)
{
    int i;

    for (i = 0; i < line->count - 1; i++)
        if (strncmp(line->words[i], "--", 2) == 0 && is_named(name, line->words[i] + 2))
            return true;
    return false;
}

static void offer_own_options(const struct line *line)
{
    const struct own_option *option;

    for (option = line->options; option->name; option++)
        if (!is_given(line, option->name) || strcmp(option->name, "part") == 0)
            offer(line->current, "--", option->name);
}

static void offer_options(const struct line *line)
{
    unsigned e = line->operation ? edition_with_operation(line->operation, 0, line->edition) : EDITION_NONE;
    char kebab[NAME_MAX_BYTES];
    unsigned i;

    offer_own_options(line);
    if (e == EDITION_NONE)
        return;
    const tb_api *api = editions[e].api;
    const tb_operation *operation = tb_operation_find(api, line->operation);

    for (i = 0; i < operation->parameter_count; i++) {
        const struct tb_parameter *parameter = &api->parameters[operation->first_parameter + i];
        const char *name = table_text(api, parameter->name);

        if (!is_given(line, name) || api->types[parameter->type].kind == TB_KIND_LIST)
            offer(line->current, "--", kebab_case(name, kebab));
    }
}

static void offer_values(const struct line *line)
{
    unsigned e = line->operation ? edition_with_operation(line->operation, 0, line->edition) : EDITION_NONE;
    const struct tb_parameter *parameter = NULL;
    const struct tb_enum *list;
    unsigned i;

    if (e != EDITION_NONE)
        parameter = parameter_find(editions[e].api, tb_operation_find(editions[e].api, line->operation),
                                   line->pending);
    if (!parameter) {
        if (strcmp(line->pending, "edition") == 0)
            offer_editions(line->current);
        return;
    }
    const tb_api *api = editions[e].api;
    const struct tb_type *type = element_type(api, parameter->type);

    list = type_enum(api, type);
    for (i = 0; list && i < list->value_count; i++)
        offer(line->current, "", table_text(api, api->enum_values[list->first_value + i]));
    if (type->kind == TB_KIND_BOOL) {
        offer(line->current, "", "false");
        offer(line->current, "", "true");
    }
}

static bool takes_value(const struct line *line, const char *name)
{
    const struct own_option *option = own_option_find(line->options, name, strlen(name));

    if (line->operation && is_parameter(line->operation, name, strlen(name)))
        return true;
    return option && option->has_value;
}

/* Bash gives "--name=value" as three words; the "=" says nothing. */
static void parse_line(struct line *line)
{
    int i;

    for (i = 0; i < line->count - 1; i++) {
        char *word = line->words[i];

        if (strcmp(word, "=") == 0)
            continue;
        if (line->pending) {
            if (strcmp(line->pending, "edition") == 0)
                line->edition = edition_find(word);
            line->pending = NULL;
        } else if (strncmp(word, "--", 2) == 0) {
            line->pending = takes_value(line, word + 2) ? word + 2 : NULL;
        } else if (!line->operation) {
            line->operation = word;
        }
    }
    line->current = line->words[line->count - 1];
    if (line->pending && strcmp(line->current, "=") == 0)
        line->current = "";
}

static void complete_call(struct line *line)
{
    if (line->pending)
        offer_values(line);
    else if (line->current[0] == '-')
        offer_options(line);
    else if (!line->operation)
        offer_operations(line->current, line->edition);
}

static void complete_status(const struct line *line)
{
    if (!line->pending && line->current[0] == '-')
        offer_own_options(line);
}

static void offer_schemas(const char *current, unsigned only)
{
    unsigned e, i;

    for (e = 0; e < EDITION_COUNT; e++) {
        const tb_api *api = editions[e].api;

        for (i = 0; i < api->schema_count; i++) {
            const char *name = table_text(api, api->schemas[i].name);

            if (edition_with_schema(name, 0, only) == e)
                offer(current, "", name);
        }
    }
}

static void complete_describe(const struct line *line)
{
    if (line->pending) {
        offer_editions(line->current);
    } else if (line->current[0] == '-') {
        offer(line->current, "--", "edition");
        offer(line->current, "--", "help");
    } else if (!line->operation) {
        offer_operations(line->current, line->edition);
        offer_schemas(line->current, line->edition);
    }
}

static void complete_operations(const struct line *line)
{
    if (line->pending) {
        offer_editions(line->current);
    } else if (line->current[0] == '-') {
        offer(line->current, "--", "edition");
        offer(line->current, "--", "help");
    }
}

static void offer_subcommands(const char *current, bool options)
{
    size_t i;

    for (i = 0; subcommands[i]; i++)
        if (subcommands[i]->summary)
            offer(current, "", subcommands[i]->name);
    if (options && current[0] == '-') {
        offer(current, "--", "help");
        offer(current, "--", "version");
    }
}

static int run(int argc, char **argv)
{
    struct line line = {.edition = EDITION_NONE, .options = call_options};
    bool asks_status;

    if (argc < 2 || strcmp(argv[0], "--") != 0)
        return say_usage(NULL, "complete: -- and the words of the line were expected");
    if (argc == 2) {
        offer_subcommands(argv[1], true);
        return finish(STATUS_GOOD);
    }
    asks_status = strcmp(argv[1], "limits") == 0 || strcmp(argv[1], "queue") == 0;
    if (asks_status)
        line.options = status_options;
    line.words = argv + 2;
    line.count = argc - 2;
    parse_line(&line);
    if (strcmp(argv[1], "call") == 0)
        complete_call(&line);
    else if (asks_status)
        complete_status(&line);
    else if (strcmp(argv[1], "operations") == 0)
        complete_operations(&line);
    else if (strcmp(argv[1], "describe") == 0)
        complete_describe(&line);
    else if (strcmp(argv[1], "help") == 0 && line.count == 1)
        offer_subcommands(line.current, false);
    return finish(STATUS_GOOD);
}

const struct subcommand complete_subcommand = {
    .name = "complete",
    .usage = "Usage: tbproxyctl complete -- WORD...\n"
             "Prints what the last WORD of a command line can become, one a line: for shells.\n",
    .run = run,
};
