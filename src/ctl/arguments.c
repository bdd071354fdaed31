/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/arguments.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "client/tables.h"
#include "ctl/parameter.h"
#include "ctl/spelling.h"

#define TIMEOUT_MAX_S 86400
#define BLOCKS_MAX    1000000

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_EDITION,
    OPTION_PART,
    OPTION_MEMBER,
    OPTION_TIMEOUT,
    OPTION_BLOCKS
};

struct own_option {
    const char *name;
    enum option_kind kind;
    size_t offset; /* of a flag or text in struct arguments */
};

/* The options of all subcommands. */
static const struct own_option own_options[] = {
    {"admin", OPTION_TEXT, offsetof(struct arguments, connection.admin)},
    {"all", OPTION_FLAG, offsetof(struct arguments, all)},
    {"api-key-file", OPTION_TEXT, offsetof(struct arguments, connection.api_key_file)},
    {"as", OPTION_TEXT, offsetof(struct arguments, as)},
    {"body", OPTION_TEXT, offsetof(struct arguments, body)},
    {"ca-file", OPTION_TEXT, offsetof(struct arguments, connection.ca_file)},
    {"client", OPTION_TEXT, offsetof(struct arguments, only.client)},
    {"compact", OPTION_FLAG, offsetof(struct arguments, compact)},
    {"config", OPTION_TEXT, offsetof(struct arguments, config)},
    {"count", OPTION_BLOCKS, 0},
    {"dry-run", OPTION_FLAG, offsetof(struct arguments, dry_run)},
    {"edition", OPTION_EDITION, 0},
    {"entity", OPTION_TEXT, offsetof(struct arguments, only.entity)},
    {"field", OPTION_TEXT, offsetof(struct arguments, field)},
    {"help", OPTION_FLAG, offsetof(struct arguments, help)},
    {"jq", OPTION_TEXT, offsetof(struct arguments, jq)},
    {"json", OPTION_FLAG, offsetof(struct arguments, json)},
    {"long", OPTION_FLAG, offsetof(struct arguments, long_lines)},
    {"method", OPTION_TEXT, offsetof(struct arguments, only.method)},
    {"no-check", OPTION_FLAG, offsetof(struct arguments, no_check)},
    {"operation", OPTION_TEXT, offsetof(struct arguments, only.operation)},
    {"output", OPTION_TEXT, offsetof(struct arguments, output)},
    {"part", OPTION_PART, 0},
    {"password-file", OPTION_TEXT, offsetof(struct arguments, connection.password_file)},
    {"ready", OPTION_FLAG, offsetof(struct arguments, ready)},
    {"set", OPTION_MEMBER, 0},
    {"server-text", OPTION_FLAG, offsetof(struct arguments, server_text)},
    {"state", OPTION_TEXT, offsetof(struct arguments, only.state)},
    {"status", OPTION_TEXT, offsetof(struct arguments, only.status)},
    {"timeout", OPTION_TIMEOUT, 0},
    {"token-file", OPTION_TEXT, offsetof(struct arguments, connection.token_file)},
    {"unix-socket", OPTION_TEXT, offsetof(struct arguments, connection.unix_socket)},
    {"url", OPTION_TEXT, offsetof(struct arguments, connection.url)},
    {"username", OPTION_TEXT, offsetof(struct arguments, connection.username)},
    {"verbose", OPTION_FLAG, offsetof(struct arguments, verbose)},
};

static bool equals(const char *name, const char *word, size_t length)
{
    return strncmp(name, word, length) == 0 && name[length] == '\0';
}

/* SUBCOMMAND's option that the LENGTH bytes of NAME are, or NULL. */
static const struct own_option *find_option(const struct subcommand *subcommand, const char *name,
                                            size_t length)
{
    const char *const *taken = subcommand->options;
    size_t i;

    while (taken && *taken && !equals(*taken, name, length))
        taken++;
    for (i = 0; taken && *taken && i < ARRAY_SIZE(own_options); i++)
        if (strcmp(own_options[i].name, *taken) == 0)
            return &own_options[i];
    return NULL;
}

bool argument_takes_value(const struct subcommand *subcommand, const char *operation, const char *name)
{
    const struct own_option *option = find_option(subcommand, name, strlen(name));

    if (subcommand->takes_parameters && operation && is_parameter(operation, name, strlen(name)))
        return true;
    return option && option->kind != OPTION_FLAG;
}

static int add(struct arguments *arguments, enum argument_kind kind, const char *name, size_t length,
               const char *value, struct tb_error *err)
{
    struct argument *list;

    if (arguments->count == PARAMETERS_MAX)
        return tb_error_set(err, -E2BIG, "more than %d parameters, parts and members", PARAMETERS_MAX);
    if (length >= sizeof(list->name))
        return tb_error_set(err, -EINVAL, "the name of a part or member is longer than %zu bytes",
                            sizeof(list->name) - 1);
    list = reallocarray(arguments->list, arguments->count + 1, sizeof(*list));
    if (!list)
        return tb_error_set(err, -ENOMEM, "out of memory");
    arguments->list = list;
    list += arguments->count++;
    list->kind = kind;
    list->value = value;
    memcpy(list->name, name, length);
    list->name[length] = '\0';
    return 0;
}

static int set_timeout(struct arguments *arguments, const char *value, struct tb_error *err)
{
    char *end;
    double seconds = strtod(value, &end);

    if (end == value || *end || !(seconds >= 0.001) || !(seconds <= TIMEOUT_MAX_S))
        return tb_error_set(err, -EINVAL, "--timeout: expected 0.001 to %d seconds", TIMEOUT_MAX_S);
    arguments->connection.timeout_ms = (int64_t)(seconds * 1000);
    return 0;
}

static int set_blocks(struct arguments *arguments, const char *value, struct tb_error *err)
{
    char *end;
    unsigned long count = strtoul(value, &end, 10);

    if (*value < '0' || *value > '9' || *end || count < 1 || count > BLOCKS_MAX)
        return tb_error_set(err, -EINVAL, "--count: expected 1 to %d", BLOCKS_MAX);
    arguments->blocks = (unsigned)count;
    return 0;
}

static int set_edition(struct arguments *arguments, const char *value, struct tb_error *err)
{
    arguments->edition = edition_find(value);
    if (arguments->edition == EDITION_NONE)
        return tb_error_set(err, -EINVAL, "--edition: expected ce, pe or paas");
    return 0;
}

/* NAME=TEXT */
static int add_pair(struct arguments *arguments, const struct own_option *option, const char *value,
                    struct tb_error *err)
{
    bool is_part = option->kind == OPTION_PART;
    const char *equal = strchr(value, '=');

    if (!equal || equal == value)
        return tb_error_set(err, -EINVAL, "--%s: expected NAME=%s", option->name,
                            is_part ? "TEXT or NAME=@FILE" : "VALUE");
    return add(arguments, is_part ? ARGUMENT_PART : ARGUMENT_MEMBER, value, (size_t)(equal - value),
               equal + 1, err);
}

static int set_text(const char **place, const char *name, const char *value, struct tb_error *err)
{
    if (*place)
        return tb_error_set(err, -EEXIST, "--%s is given twice", name);
    /* "-" is standard input; an empty value can only be a mistake in a script. */
    if (!*value)
        return tb_error_set(err, -EINVAL, "--%s: the value is empty", name);
    *place = value;
    return 0;
}

static int set_option(struct arguments *arguments, const struct own_option *option, const char *value,
                      struct tb_error *err)
{
    void *place = (char *)arguments + option->offset;

    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)place = true;
        return 0;
    case OPTION_TEXT:
        return set_text(place, option->name, value, err);
    case OPTION_EDITION:
        return set_edition(arguments, value, err);
    case OPTION_PART:
    case OPTION_MEMBER:
        return add_pair(arguments, option, value, err);
    case OPTION_TIMEOUT:
        return set_timeout(arguments, value, err);
    case OPTION_BLOCKS:
        return set_blocks(arguments, value, err);
    }
    return -EINVAL;
}

/* A secret on the command line could be read by everyone in the list of processes. */
static bool names_secret(const char *name, size_t length)
{
    return equals("password", name, length) || equals("api-key", name, length) ||
           equals("token", name, length);
}

/* Offers NEAREST the parameters of the operation in the first edition that has it; KEBAB must live as long.
 */
static void try_parameters(const struct arguments *arguments, struct nearest *nearest,
                           char kebab[][NAME_MAX_BYTES], unsigned size)
{
    unsigned edition = edition_with_operation(arguments->operation, 0, arguments->edition);
    const tb_api *api = edition == EDITION_NONE ? NULL : editions[edition].api;
    const tb_operation *operation = api ? tb_operation_find(api, arguments->operation) : NULL;
    unsigned i;

    for (i = 0; operation && i < operation->parameter_count && i < size; i++)
        nearest_try(nearest, kebab_case(parameter_name(api, operation, i), kebab[i]));
}

int refuse_operation(const char *id, struct tb_error *err)
{
    struct nearest nearest = nearest_to(id);
    char hint[NAME_MAX_BYTES + 32];
    unsigned e, i;

    for (e = 0; e < EDITION_COUNT; e++)
        for (i = 0; i < editions[e].api->operation_count; i++)
            nearest_try(&nearest, table_text(editions[e].api, editions[e].api->operations[i].id));
    return tb_error_set(err, -EINVAL, "unknown operation %s%s", id,
                        nearest.best ? nearest_hint(&nearest, "", hint, sizeof(hint))
                                     : "; tbproxyctl operations WORD finds those with WORD");
}

static int refuse_option(const struct subcommand *subcommand, const struct arguments *arguments,
                         const char *name, size_t length, struct tb_error *err)
{
    char word[NAME_MAX_BYTES], kebab[64][NAME_MAX_BYTES], hint[NAME_MAX_BYTES + 32];
    struct nearest nearest;
    const char *const *option;

    if (subcommand->takes_parameters && names_secret(name, length))
        return tb_error_set(err, -EINVAL, "--%.*s: secrets come from files only; use --%.*s-file FILE",
                            (int)length, name, (int)length, name);
    snprintf(word, sizeof(word), "%.*s", (int)length, name);
    nearest = nearest_to(word);
    for (option = subcommand->options; *option; option++)
        nearest_try(&nearest, *option);
    if (arguments->operation && edition_with_operation(arguments->operation, 0, EDITION_NONE) == EDITION_NONE)
        return refuse_operation(arguments->operation, err);
    if (arguments->operation)
        try_parameters(arguments, &nearest, kebab, ARRAY_SIZE(kebab));
    nearest_hint(&nearest, "--", hint, sizeof(hint));
    if (arguments->operation)
        return tb_error_set(err, -EINVAL, "%s has no parameter --%s%s%s%s", arguments->operation, word, hint,
                            *hint ? "" : "; see tbproxyctl describe ", *hint ? "" : arguments->operation);
    return tb_error_set(err, -EINVAL, "unknown option --%s%s%s", word, hint,
                        subcommand->takes_parameters ? " (parameters come after the operation)" : "");
}

/* The option in ARGV[*INDEX], with its value, which may be the next argument. */
static int parse_option(const struct subcommand *subcommand, int argc, char **argv, int *index,
                        struct arguments *arguments, struct tb_error *err)
{
    const char *name = argv[*index] + 2;
    size_t length = strcspn(name, "=");
    const char *value = name[length] ? name + length + 1 : NULL;
    /* After the operation, its parameters come first: one of them is called timeout. */
    bool parameter = arguments->operation && is_parameter(arguments->operation, name, length);
    const struct own_option *option = parameter ? NULL : find_option(subcommand, name, length);
    bool takes_value = parameter || (option && option->kind != OPTION_FLAG);

    if (!parameter && !option)
        return refuse_option(subcommand, arguments, name, length, err);
    if (!takes_value && value)
        return tb_error_set(err, -EINVAL, "--%s takes no value", option->name);
    if (takes_value && !value) {
        if (*index + 1 >= argc)
            return tb_error_set(err, -EINVAL, "--%.*s: the value is missing", (int)length, name);
        value = argv[++*index];
    }
    return parameter ? add(arguments, ARGUMENT_PARAMETER, name, length, value, err)
                     : set_option(arguments, option, value, err);
}

static int parse_word(const struct subcommand *subcommand, char *word, struct arguments *arguments,
                      struct tb_error *err)
{
    if (arguments->word_count == subcommand->max_words || (subcommand->options && *word == '-'))
        return tb_error_set(err, -EINVAL, "unexpected argument %s%s", word,
                            subcommand->takes_parameters ? " (give parameters as --NAME VALUE)" : "");
    arguments->words[arguments->word_count++] = word;
    if (subcommand->takes_parameters)
        arguments->operation = word;
    return 0;
}

int arguments_parse(const struct subcommand *subcommand, int argc, char **argv, struct arguments *ret,
                    struct tb_error *err)
{
    int r = 0;
    int i;

    *ret = (struct arguments){.subcommand = subcommand, .words = argv, .edition = EDITION_NONE};
    for (i = 0; i < argc && r == 0; i++)
        if (strcmp(argv[i], "-v") == 0 && find_option(subcommand, "verbose", strlen("verbose")))
            ret->verbose = true;
        else if (subcommand->options && strncmp(argv[i], "--", 2) == 0 && argv[i][2])
            r = parse_option(subcommand, argc, argv, &i, ret, err);
        else
            r = parse_word(subcommand, argv[i], ret, err);
    if (r == 0 && subcommand->takes_parameters && !ret->operation)
        r = tb_error_set(err, -EINVAL, "the operation is missing");
    if (r == 0 && ret->field && ret->jq)
        r = tb_error_set(err, -EINVAL, "--field and --jq exclude each other");
    return r < 0 ? r : connection_check(&ret->connection, err);
}

void arguments_free(struct arguments *arguments)
{
    free(arguments->list);
}
