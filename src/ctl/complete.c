/* SPDX-License-Identifier: Apache-2.0 */
/* "complete -- WORDS...": prints candidates for the last word, one per line; for tbproxyctl.bash. */
#include "client/tables.h"
#include "ctl/arguments.h"
#include "ctl/message.h"
#include "ctl/parameter.h"
#include "ctl/spelling.h"
#include "ctl/types.h"

struct line {
    const struct subcommand *subcommand;
    char **words; /* after the subcommand, up to the word under the cursor */
    unsigned count;
    const char *current;
    const char *word;    /* the first that is not an option, before the cursor; NULL: none yet */
    const char *pending; /* the option, without "--", whose value is under the cursor */
    unsigned edition;
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

static void offer_subcommands(const char *current)
{
    size_t i;

    for (i = 0; subcommands[i]; i++)
        if (subcommands[i]->summary)
            offer(current, "", subcommands[i]->name);
}

/* Whether LINE has the option --NAME before the cursor. */
static bool is_given(const struct line *line, const char *name)
{
    unsigned i;

    for (i = 0; i < line->count - 1; i++)
        if (strncmp(line->words[i], "--", 2) == 0 && is_named(name, line->words[i] + 2))
            return true;
    return false;
}

/* The operation in the line, in the first edition that has it; NULL if there is none. */
static const tb_operation *find_operation(const struct line *line, const tb_api **ret_api)
{
    unsigned e = EDITION_NONE;

    if (line->subcommand->takes_parameters && line->word)
        e = edition_with_operation(line->word, 0, line->edition);
    if (e == EDITION_NONE)
        return NULL;
    *ret_api = editions[e].api;
    return tb_operation_find(editions[e].api, line->word);
}

static void offer_parameters(const struct line *line)
{
    const tb_api *api;
    const tb_operation *operation = find_operation(line, &api);
    char kebab[NAME_MAX_BYTES];
    unsigned i;

    for (i = 0; operation && i < operation->parameter_count; i++) {
        const struct tb_parameter *parameter = &api->parameters[operation->first_parameter + i];
        const char *name = table_text(api, parameter->name);

        if (!is_given(line, name) || api->types[parameter->type].kind == TB_KIND_LIST)
            offer(line->current, "--", kebab_case(name, kebab));
    }
}

static void offer_options(const struct line *line)
{
    const char *const *option;

    for (option = line->subcommand->options; *option; option++)
        if (!is_given(line, *option) || strcmp(*option, "part") == 0)
            offer(line->current, "--", *option);
    offer_parameters(line);
}

static void offer_values(const struct line *line)
{
    const tb_api *api;
    const tb_operation *operation = find_operation(line, &api);
    const struct tb_parameter *parameter = operation ? parameter_find(api, operation, line->pending) : NULL;
    const struct tb_type *type = parameter ? element_type(api, parameter->type) : NULL;
    const struct tb_enum *list = type ? type_enum(api, type) : NULL;
    unsigned i;

    for (i = 0; list && i < list->value_count; i++)
        offer(line->current, "", table_text(api, api->enum_values[list->first_value + i]));
    if (type && type->kind == TB_KIND_BOOL) {
        offer(line->current, "", "false");
        offer(line->current, "", "true");
    }
    if (!parameter && strcmp(line->pending, "edition") == 0)
        offer_editions(line->current);
}

static void offer_words(const struct line *line)
{
    if (line->word)
        return;
    if (line->subcommand == &call_subcommand || line->subcommand == &describe_subcommand)
        offer_operations(line->current, line->edition);
    if (line->subcommand == &describe_subcommand)
        offer_schemas(line->current, line->edition);
    if (line->subcommand == &help_subcommand)
        offer_subcommands(line->current);
}

/* Bash splits "--name=value" into three words; the "=" is skipped. */
static void parse_line(struct line *line)
{
    unsigned i;

    for (i = 0; i < line->count - 1; i++) {
        const char *word = line->words[i];

        if (strcmp(word, "=") == 0)
            continue;
        if (line->pending) {
            if (strcmp(line->pending, "edition") == 0)
                line->edition = edition_find(word);
            line->pending = NULL;
        } else if (strncmp(word, "--", 2) == 0) {
            if (argument_takes_value(line->subcommand, line->word, word + 2))
                line->pending = word + 2;
        } else if (!line->word) {
            line->word = word;
        }
    }
    line->current = line->words[line->count - 1];
    if (line->pending && strcmp(line->current, "=") == 0)
        line->current = "";
}

static void complete_line(struct line *line)
{
    parse_line(line);
    if (line->pending)
        offer_values(line);
    else if (line->current[0] == '-')
        offer_options(line);
    else
        offer_words(line);
}

static int run(const struct arguments *arguments)
{
    struct line line = {.edition = EDITION_NONE};
    char **words = arguments->words;

    if (arguments->word_count < 2 || strcmp(words[0], "--") != 0)
        return say_usage(NULL, "complete: expected -- and the words of a command line");
    if (arguments->word_count == 2) {
        offer_subcommands(words[1]);
        if (words[1][0] == '-') {
            offer(words[1], "--", "help");
            offer(words[1], "--", "version");
        }
        return finish(STATUS_GOOD);
    }
    line.subcommand = subcommand_find(words[1]);
    line.words = words + 2;
    line.count = arguments->word_count - 2;
    if (line.subcommand && line.subcommand->options)
        complete_line(&line);
    return finish(STATUS_GOOD);
}

const struct subcommand complete_subcommand = {
    .name = "complete",
    .usage =
        "Usage: tbproxyctl complete -- WORD...\n"
        "Prints what the last WORD of a command line can become, one candidate per line; used by shells.\n",
    .max_words = WORDS_ANY,
    .run = run,
};
