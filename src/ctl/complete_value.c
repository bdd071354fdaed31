/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/complete_value.h"

#include "client/tables.h"
#include "ctl/arguments.h"
#include "ctl/entity_name.h"
#include "ctl/parameter.h"
#include "ctl/types.h"

#define NAMES_TIMEOUT_MS 2000

const char *complete_find_value(const struct complete_line *line, const char *name)
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

const tb_operation *complete_find_operation(const struct complete_line *line, const tb_api **ret_api)
{
    unsigned e = EDITION_NONE;

    if (line->subcommand->takes_parameters && line->word)
        e = edition_with_operation(line->word, 0, line->edition);
    if (e == EDITION_NONE)
        return NULL;
    *ret_api = editions[e].api;
    return tb_operation_find(editions[e].api, line->word);
}

void complete_offer_operations(const struct word *current, unsigned only)
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

static void offer_editions(const struct word *current)
{
    unsigned i;

    for (i = 0; i < EDITION_COUNT; i++)
        word_offer(current, "", editions[i].name);
}

/* The names of entities, from the server. */
static void offer_names(const struct complete_line *line, const tb_api *api, const struct entity_kind *kind)
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

static void offer_parameter_values(const struct complete_line *line, const tb_api *api,
                                   const struct tb_parameter *parameter)
{
    const struct tb_type *type = element_type(api, parameter->type);
    const struct tb_enum *list = type_enum(api, type);
    const char *name = table_text(api, parameter->name);
    char other[NAME_MAX_BYTES];
    const struct entity_kind *kind =
        entity_kind_find(name, complete_find_value(line, entity_type_parameter(name, other, sizeof(other))));
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

static void offer_states(const struct word *current)
{
    word_offer(current, "", "aside");
    word_offer(current, "", "waiting");
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

void complete_offer_value(const struct complete_line *line)
{
    const tb_api *api;
    const tb_operation *operation = complete_find_operation(line, &api);
    const struct tb_parameter *parameter = operation ? parameter_find(api, operation, line->pending) : NULL;

    if (parameter)
        offer_parameter_values(line, api, parameter);
    else if (strcmp(line->pending, "edition") == 0)
        offer_editions(&line->current);
    else if (strcmp(line->pending, "body") == 0 || strcmp(line->pending, "part") == 0)
        offer_file_after_mark(line->current);
    else if (strcmp(line->pending, "operation") == 0)
        complete_offer_operations(&line->current, EDITION_NONE);
    else if (strcmp(line->pending, "state") == 0)
        offer_states(&line->current);
    else if (is_file_option(line->pending))
        word_offer_files(&line->current);
}
