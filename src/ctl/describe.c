/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/arguments.h"
#include "ctl/call_example.h"
#include "ctl/descriptions.h"
#include "ctl/message.h"
#include "ctl/parameter.h"
#include "ctl/schema_print.h"
#include "ctl/server_document.h"
#include "ctl/server_text.h"
#include "ctl/spelling.h"
#include "ctl/types.h"

/* What a name means in one edition: one of these. */
struct subject {
    const tb_operation *operation;
    const struct tb_schema *schema;
    const struct tb_enum *list;
};

static bool find(const tb_api *api, const char *name, struct subject *ret)
{
    *ret = (struct subject){tb_operation_find(api, name), NULL, NULL};
    if (!ret->operation)
        ret->schema = table_schema(api, name);
    if (!ret->operation && !ret->schema)
        ret->list = table_enum(api, name);
    return ret->operation || ret->schema || ret->list;
}

/* TEXT on a line of its own; NULL: nothing. */
static void print_text(int indent, const char *text)
{
    if (text)
        printf("%*s%s\n", indent, "", text);
}

/* "CE, PaaS": the editions that know NAME. */
static void print_editions(const char *name)
{
    const char *separator = "";
    struct subject subject;
    unsigned i;

    for (i = 0; i < EDITION_COUNT; i++)
        if (find(editions[i].api, name, &subject)) {
            printf("%s%s", separator, editions[i].title);
            separator = ", ";
        }
}

static void print_parameter(const tb_api *api, const tb_operation *operation,
                            const struct tb_parameter *parameter, int width)
{
    static const char *const locations[] = {
        [TB_IN_PATH] = "path", [TB_IN_QUERY] = "query", [TB_IN_HEADER] = "header"};
    const struct tb_enum *list = type_enum(api, element_type(api, parameter->type));
    char option[NAME_MAX_BYTES], type[NAME_MAX_BYTES];
    const char *name = table_text(api, parameter->name);
    const char *separator = ", ";

    printf("  --%-*s  %s; %s", width, kebab_case(name, option),
           type_words(api, parameter->type, type, sizeof(type)), locations[parameter->location]);
    print_flags(parameter->flags, &separator);
    print_bounds(api, parameter->type, parameter->bounds, &separator);
    if (parameter->default_value)
        printf("%sdefault %s", separator, table_text(api, parameter->default_value));
    if (api->types[parameter->type].kind == TB_KIND_LIST)
        printf("%srepeat it for more", separator);
    putchar('\n');
    print_text(6, description_of_parameter(table_text(api, operation->id), name));
    if (list)
        print_values(api, list, 6);
}

static void print_parameters(const tb_api *api, const tb_operation *operation)
{
    int width = 0;
    unsigned i;

    if (operation->parameter_count > 0)
        puts("\nParameters:");
    for (i = 0; i < operation->parameter_count; i++) {
        char option[NAME_MAX_BYTES];
        int length = (int)strlen(kebab_case(parameter_name(api, operation, i), option));

        width = length > width ? length : width;
    }
    for (i = 0; i < operation->parameter_count; i++)
        print_parameter(api, operation, &api->parameters[operation->first_parameter + i], width);
}

static void print_body(const tb_api *api, const tb_operation *operation)
{
    static const char *const forms[] = {
        [TB_BODY_JSON] = "JSON: ", [TB_BODY_TEXT] = "", [TB_BODY_MULTIPART] = "parts: "};
    char type[NAME_MAX_BYTES];

    if (operation->body == TB_BODY_NONE)
        return;
    printf("\nBody, %s%s%s:\n", forms[operation->body],
           type_words(api, operation->body_type, type, sizeof(type)),
           operation->flags & TB_BODY_REQUIRED ? " (required)" : "");
    print_members(api, operation->body_type);
}

static void print_answer(const tb_api *api, const tb_operation *operation)
{
    static const char *const forms[] = {
        [TB_ANSWER_NONE] = "nothing",
        [TB_ANSWER_JSON] = "JSON",
        [TB_ANSWER_BYTES] = "text",
        [TB_ANSWER_BINARY] = "bytes; write them to a file with --output",
        [TB_ANSWER_EVENTS] = "a stream of events",
    };
    char type[NAME_MAX_BYTES];

    if (operation->answer != TB_ANSWER_JSON) {
        printf("\nAnswer: %s\n", forms[operation->answer]);
        return;
    }
    printf("\nAnswer, JSON: %s\n", type_words(api, operation->answer_type, type, sizeof(type)));
    print_members(api, operation->answer_type);
}

static void print_notes(const tb_operation *operation)
{
    static const char *const retries[] = {
        [TB_RETRY_FREE] = "after a 429: safe to send again; tbproxyd does (retry class free)",
        [TB_RETRY_STAMPED] =
            "after a 429: safe to send again if every value has a timestamp; tbproxyd adds it, "
            "and sends again (retry class stamped)",
        [TB_RETRY_NEVER] =
            "after a 429: may be executed twice if it is sent again; tbproxyd does not, unless "
            "retry.retry_unsafe is set (retry class never)",
    };
    static const struct {
        unsigned flag;
        const char *text;
    } notes[] = {
        {TB_OPERATION_DEPRECATED, "deprecated"},
        {TB_ANONYMOUS, "anonymous: needs no authentication"},
        {TB_PAGED | TB_PAGED_IN_BODY, "paged: --all gets all pages"},
        {TB_ASYNCHRONOUS, "asynchronous: takes two tokens of the server's rate limit"},
        {TB_CREDENTIAL,
         "credential: returns one, or changes the session's own; tbproxyd's policy may refuse it"},
    };
    size_t i;

    puts("\nNotes:");
    for (i = 0; i < ARRAY_SIZE(notes); i++)
        if (operation->flags & notes[i].flag)
            printf("  %s\n", notes[i].text);
    printf("  %s\n", retries[operation->retry]);
}

static void describe_operation(unsigned edition, const tb_operation *operation)
{
    const tb_api *api = editions[edition].api;
    const char *id = table_text(api, operation->id);
    bool is_first = edition_with_operation(id, 0, EDITION_NONE) == edition;

    printf("%s: %s %s\n", id, tb_method_name((enum tb_method)operation->method),
           table_text(api, operation->path));
    print_text(2, description_of_operation(id));
    printf("  %s; in ", table_text(api, operation->tag));
    print_editions(id);
    printf("; as in %s %s\n", editions[edition].title, api->version);
    print_parameters(api, operation);
    print_body(api, operation);
    print_answer(api, operation);
    print_notes(operation);
    fputs("\nExample:\n  ", stdout);
    example_print(stdout, api, operation, is_first ? NULL : editions[edition].name);
}

static void describe_schema(unsigned edition, const struct tb_schema *schema)
{
    const tb_api *api = editions[edition].api;
    const char *name = table_text(api, schema->name);

    printf("%s: object\n  in ", name);
    print_editions(name);
    printf("; as in %s %s\n", editions[edition].title, api->version);
    if (schema->base)
        printf("  the variant of %s with %s %s\n", table_text(api, api->schemas[schema->base - 1].name),
               table_text(api, schema->discriminator), table_text(api, schema->value));
    puts("\nMembers:");
    print_fields(api, schema);
    print_variants(api, schema);
}

static void describe_enum(unsigned edition, const struct tb_enum *list)
{
    const tb_api *api = editions[edition].api;
    const char *name = table_text(api, list->name);

    printf("%s: enumeration\n  in ", name);
    print_editions(name);
    printf("; as in %s %s\n", editions[edition].title, api->version);
    print_values(api, list, 2);
}

/* Suggests an operation, a schema or an enumeration. */
static int refuse_name(const char *name)
{
    struct nearest nearest = nearest_to(name);
    char hint[NAME_MAX_BYTES + 32];
    unsigned e, i;

    for (e = 0; e < EDITION_COUNT; e++) {
        const tb_api *api = editions[e].api;

        for (i = 0; i < api->operation_count; i++)
            nearest_try(&nearest, table_text(api, api->operations[i].id));
        for (i = 0; i < api->schema_count; i++)
            nearest_try(&nearest, table_text(api, api->schemas[i].name));
        for (i = 0; i < api->enum_count; i++)
            nearest_try(&nearest, table_text(api, api->enums[i].name));
    }
    return say_usage("describe", "unknown operation or schema %s%s", name,
                     nearest_hint(&nearest, "", hint, sizeof(hint)));
}

static int print_server_text(const struct connection_options *server, const tb_api *api,
                             const tb_operation *operation)
{
    struct tb_error err = TB_ERROR_INIT;
    json_t *document = NULL;
    int status = STATUS_GOOD;

    fflush(stdout); /* what is known is shown while the server is asked */
    if (server_document_get(server, &document, &err) == 0) {
        server_text_print(document, api, operation);
    } else {
        say("describe: the server's description: %s%s", err.message, connection_hint(server, &err));
        status = exit_status(&err);
    }
    json_decref(document);
    tb_error_clear(&err);
    return status;
}

static int describe(const char *name, unsigned only, const struct connection_options *server)
{
    unsigned edition = 0;
    struct subject subject;

    while (edition < EDITION_COUNT && !find(editions[edition].api, name, &subject))
        edition++;
    if (edition == EDITION_COUNT)
        return refuse_name(name);
    if (only != EDITION_NONE && !find(editions[only].api, name, &subject))
        return say_usage("describe", "%s is not in %s; it is in %s (--edition %s)", name,
                         editions[only].title, editions[edition].title, editions[edition].name);
    if (only != EDITION_NONE)
        edition = only;
    if (server && !subject.operation)
        return say_usage("describe", "--server-text: %s is not an operation", name);
    if (subject.operation)
        describe_operation(edition, subject.operation);
    else if (subject.schema)
        describe_schema(edition, subject.schema);
    else
        describe_enum(edition, subject.list);
    return finish(server ? print_server_text(server, editions[edition].api, subject.operation) : STATUS_GOOD);
}

static int run(const struct arguments *arguments)
{
    if (arguments->word_count != 1)
        return say_usage("describe", "expected one operation or schema");
    return describe(arguments->words[0], arguments->edition,
                    arguments->server_text ? &arguments->connection : NULL);
}

static const char *const options[] = {"ca-file",     "edition", "help", "server-text",
                                      "unix-socket", "url",     NULL};

const struct subcommand describe_subcommand = {
    .name = "describe",
    .summary = "describe an operation or a schema",
    .usage = "Usage: tbproxyctl describe [OPTION]... OPERATION|SCHEMA\n"
             "Describes the parameters, body and answer of OPERATION, with an example of\n"
             "\"call\"; or the members of SCHEMA; or the values of an enumeration.\n"
             "\n"
             "  --edition EDITION      as in ce, pe or paas (default: the first that has it)\n"
             "  --server-text          add what the server's own document says; it is asked\n"
             "                         for once, which can take half a minute, and kept in\n"
             "                         $XDG_CACHE_HOME/tbproxyctl\n"
             "  --url URL              URL of tbproxyd or a server (default: $TBPROXY_URL, or\n"
             "                         " URL_DEFAULT ")\n"
             "  --unix-socket PATH     connect to tbproxyd's Unix socket instead\n"
             "  --ca-file FILE         trust the certificates in FILE instead of the system's\n"
             "\n"
             "Exit status: 0 on success, 2 for a wrong command line or an unknown name; with\n"
             "--server-text as of \"call\".\n",
    .options = options,
    .max_words = WORDS_ANY,
    .run = run,
};
