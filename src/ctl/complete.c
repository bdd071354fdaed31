/* SPDX-License-Identifier: Apache-2.0 */
/* "complete -- WORDS...": prints candidates for the last word, one per line; for the shells. */
#include "client/tables.h"
#include "ctl/arguments.h"
#include "ctl/complete_daemon.h"
#include "ctl/complete_word.h"
#include "ctl/entity_name.h"
#include "ctl/message.h"
#include "ctl/parameter.h"
#include "ctl/spelling.h"
#include "ctl/types.h"

#define NAMES_TIMEOUT_MS 2000

struct line {
    const struct subcommand *subcommand;
    char **words; /* after the subcommand, up to the word under the cursor */
    unsigned count;
    struct word current;
    const char *word;             /* the first that is not an option, before the cursor; NULL: none yet */
    char pending[NAME_MAX_BYTES]; /* the option, without "--", whose value is under the cursor; "": none */
    unsigned edition;
};

static void offer_editions(const struct word *current)
{
    unsigned i;

    for (i = 0; i < EDITION_COUNT; i++)
        word_offer(current, "", editions[i].name);
}

static void offer_operations(const struct word *current, unsigned only)
{
    unsigned e, i;

    for (e = 0; e < EDITION_COUNT; e++) {
        const tb_api *api = editions[e].api;

        for (i = 0; i < api->operation_count; i++) {
            const char *id = table_text(api, api->operations[i].id);

            if (edition_with_operation(id, 0, only) == e)
                word_offer(current, "", id);
        }
    }
}

static void offer_schemas(const struct word *current, unsigned only)
{
    unsigned e, i;

    for (e = 0; e < EDITION_COUNT; e++) {
        const tb_api *api = editions[e].api;

        for (i = 0; i < api->schema_count; i++) {
            const char *name = table_text(api, api->schemas[i].name);

            if (edition_with_schema(name, 0, only) == e)
                word_offer(current, "", name);
        }
    }
}

static void offer_subcommands(const struct word *current)
{
    size_t i;

    for (i = 0; subcommands[i]; i++)
        if (subcommands[i]->summary)
            word_offer(current, "", subcommands[i]->name);
}

/* The value of the option --NAME before the cursor, "" if it is given without one; NULL: it is not given. */
static const char *find_value(const struct line *line, const char *name)
{
    char word[NAME_MAX_BYTES];
    unsigned i;

    for (i = 0; i < line->count - 1; i++) {
        const char *given = line->words[i];

        if (strncmp(given, "--", 2) != 0)
            continue;
        snprintf(word, sizeof(word), "%.*s", (int)strcspn(given + 2, "="), given + 2);
        if (is_named(name, word))
            return strchr(given, '=')    ? strchr(given, '=') + 1
                   : i + 2 < line->count ? line->words[i + 1]
                                         : "";
    }
    return NULL;
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

        if (!find_value(line, name) || api->types[parameter->type].kind == TB_KIND_LIST)
            word_offer(&line->current, "--", kebab_case(name, kebab));
    }
}

static void offer_options(const struct line *line)
{
    const char *const *option;

    for (option = line->subcommand->options; *option; option++)
        if (!find_value(line, *option) || strcmp(*option, "part") == 0)
            word_offer(&line->current, "--", *option);
    offer_parameters(line);
}

/* The names of entities, from the server. */
static void offer_names(const struct line *line, const tb_api *api, const struct entity_kind *kind)
{
    struct word current = line->current;
    struct arguments arguments;
    tb_client *client = NULL;
    json_t *names = NULL;
    json_t *name;
    size_t i;

    if (!word_keep(&current, ENTITY_NAME_MARK)) {
        word_offer(&current, "", ENTITY_NAME_MARK);
        return;
    }
    /* The line is not complete yet; what is before the mistake says where to ask. */
    arguments_parse(line->subcommand, (int)line->count - 1, line->words, &arguments, NULL);
    arguments.connection.timeout_ms = NAMES_TIMEOUT_MS;
    if (connection_open_client(&arguments.connection, &client, NULL) == 0)
        entity_names_list(client, api, kind, word_text(&current), &names, NULL);
    json_array_foreach(names, i, name) if (json_is_string(name))
        word_offer(&current, "", json_string_value(name));
    json_decref(names);
    tb_client_close(client);
    arguments_free(&arguments);
}

static void offer_parameter_values(const struct line *line, const tb_api *api,
                                   const struct tb_parameter *parameter)
{
    const struct tb_type *type = element_type(api, parameter->type);
    const struct tb_enum *list = type_enum(api, type);
    const char *name = table_text(api, parameter->name);
    char other[NAME_MAX_BYTES];
    const struct entity_kind *kind =
        entity_kind_find(name, find_value(line, entity_type_parameter(name, other, sizeof(other))));
    unsigned i;

    for (i = 0; list && i < list->value_count; i++)
        word_offer(&line->current, "", table_text(api, api->enum_values[list->first_value + i]));
    if (type->kind == TB_KIND_BOOL) {
        word_offer(&line->current, "", "false");
        word_offer(&line->current, "", "true");
    }
    if (kind && type->kind == TB_KIND_STRING)
        offer_names(line, api, kind);
}

static bool is_file_option(const char *name)
{
    static const char *const files[] = {"admin",  "api-key-file",  "ca-file",    "config",
                                        "output", "password-file", "token-file", "unix-socket"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(files); i++)
        if (strcmp(files[i], name) == 0)
            return true;
    return false;
}

/* --body @FILE, --part NAME=@FILE */
static void offer_file_after_mark(struct word current)
{
    const char *equal = strchr(word_text(&current), '=');

    if (equal)
        current.kept = (size_t)(equal + 1 - current.whole);
    if (word_keep(&current, "@"))
        word_offer_files(&current);
    else
        word_offer(&current, "", "@");
}

static void offer_values(const struct line *line)
{
    const tb_api *api;
    const tb_operation *operation = find_operation(line, &api);
    const struct tb_parameter *parameter = operation ? parameter_find(api, operation, line->pending) : NULL;

    if (parameter)
        offer_parameter_values(line, api, parameter);
    else if (strcmp(line->pending, "edition") == 0)
        offer_editions(&line->current);
    else if (strcmp(line->pending, "body") == 0 || strcmp(line->pending, "part") == 0)
        offer_file_after_mark(line->current);
    else if (is_file_option(line->pending))
        word_offer_files(&line->current);
}

static void offer_words(const struct line *line)
{
    if (line->word)
        return;
    if (line->subcommand == &call_subcommand || line->subcommand == &describe_subcommand)
        offer_operations(&line->current, line->edition);
    if (line->subcommand == &describe_subcommand)
        offer_schemas(&line->current, line->edition);
    if (line->subcommand == &help_subcommand)
        offer_subcommands(&line->current);
}

/* Keeps the option in WORD as the pending one, if it takes a value. */
static bool begin_option(struct line *line, const char *word)
{
    size_t length = strcspn(word + 2, "=");

    snprintf(line->pending, sizeof(line->pending), "%.*s", (int)length, word + 2);
    if (!argument_takes_value(line->subcommand, line->word, line->pending))
        line->pending[0] = '\0';
    return word[2 + length] == '=';
}

static void end_option(struct line *line, const char *value)
{
    if (strcmp(line->pending, "edition") == 0)
        line->edition = edition_find(value);
    line->pending[0] = '\0';
}

static void parse_line(struct line *line)
{
    const char *last = line->words[line->count - 1];
    unsigned i;

    for (i = 0; i < line->count - 1; i++) {
        const char *word = line->words[i];

        if (line->pending[0])
            end_option(line, word);
        else if (strncmp(word, "--", 2) != 0)
            line->word = line->word ? line->word : word;
        else if (begin_option(line, word))
            end_option(line, strchr(word, '=') + 1);
    }
    line->current.whole = last;
    if (!line->pending[0] && strncmp(last, "--", 2) == 0 && strchr(last, '=') && begin_option(line, last))
        line->current.kept = (size_t)(strchr(last, '=') + 1 - last);
}

static void complete_line(struct line *line)
{
    parse_line(line);
    if (line->pending[0])
        offer_values(line);
    else if (line->current.whole[0] == '-')
        offer_options(line);
    else
        offer_words(line);
}

/* The first word is a subcommand, or an option without one. */
static void offer_first(const struct word *word)
{
    offer_subcommands(word);
    if (word->whole[0] != '-')
        return;
    word_offer(word, "--", "help");
    word_offer(word, "--", "version");
}

static int run(const struct arguments *arguments)
{
    struct line line = {.edition = EDITION_NONE};
    char **words = arguments->words;
    unsigned count = arguments->word_count;
    bool daemon = count > 0 && strcmp(words[0], "tbproxyd") == 0;

    words += daemon;
    count -= daemon;
    if (count < 2 || strcmp(words[0], "--") != 0)
        return say_usage(NULL, "complete: expected -- and the words of a command line");
    line.subcommand = count > 2 && !daemon ? subcommand_find(words[1]) : NULL;
    line.words = words + 2;
    line.count = count - 2;
    if (daemon)
        complete_daemon(words + 1, count - 1);
    else if (count == 2)
        offer_first(&(struct word){words[1], 0});
    else if (line.subcommand && line.subcommand->options)
        complete_line(&line);
    return finish(STATUS_GOOD);
}

const struct subcommand complete_subcommand = {
    .name = "complete",
    .usage = "Usage: tbproxyctl complete [tbproxyd] -- WORD...\n"
             "Prints what the last WORD of a command line of tbproxyctl, or of tbproxyd, can become, one\n"
             "candidate per line; used by shells.\n",
    .max_words = WORDS_ANY,
    .run = run,
};
