/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/arguments.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "ctl/names.h"

#define TIMEOUT_MAX_S 86400

const struct own_option call_options[] = {
    {"all", false},        {"api-key-file", true},  {"body", true},     {"ca-file", true},
    {"compact", false},    {"edition", true},       {"help", false},    {"output", true},
    {"part", true},        {"password-file", true}, {"timeout", true},  {"token-file", true},
    {"unix-socket", true}, {"url", true},           {"username", true}, {NULL, false},
};

const struct own_option status_options[] = {
    {"ca-file", true}, {"help", false}, {"json", false}, {"unix-socket", true}, {"url", true}, {NULL, false},
};

/* Options that are a string somewhere in struct arguments. */
static const struct {
    const char *name;
    size_t offset;
} strings[] = {
    {"api-key-file", offsetof(struct arguments, where.api_key_file)},
    {"body", offsetof(struct arguments, body)},
    {"ca-file", offsetof(struct arguments, where.ca_file)},
    {"output", offsetof(struct arguments, output)},
    {"password-file", offsetof(struct arguments, where.password_file)},
    {"token-file", offsetof(struct arguments, where.token_file)},
    {"unix-socket", offsetof(struct arguments, where.unix_socket)},
    {"url", offsetof(struct arguments, where.url)},
    {"username", offsetof(struct arguments, where.username)},
};

static bool equals(const char *name, const char *word, size_t length)
{
    return strncmp(name, word, length) == 0 && name[length] == '\0';
}

const struct own_option *own_option_find(const struct own_option *options, const char *name, size_t length)
{
    for (; options->name; options++)
        if (equals(options->name, name, length))
            return options;
    return NULL;
}

bool is_parameter(const char *id, const char *word, size_t length)
{
    char name[NAME_MAX_BYTES];
    unsigned i;

    if (length >= sizeof(name))
        return false;
    memcpy(name, word, length);
    name[length] = '\0';
    for (i = 0; i < EDITION_COUNT; i++) {
        const tb_operation *operation = tb_operation_find(editions[i].api, id);

        if (operation && parameter_find(editions[i].api, operation, name))
            return true;
    }
    return false;
}

static int add(struct arguments *arguments, bool is_part, const char *name, size_t length, const char *value,
               struct tb_error *err)
{
    struct argument *list;

    if (arguments->count == PARAMETERS_MAX)
        return tb_error_set(err, -E2BIG, "at most %d parameters and parts can be given", PARAMETERS_MAX);
    if (length >= sizeof(list->name))
        return tb_error_set(err, -EINVAL, "the name of a part may have %zu bytes", sizeof(list->name) - 1);
    list = reallocarray(arguments->list, arguments->count + 1, sizeof(*list));
    if (!list)
        return tb_error_set(err, -ENOMEM, "out of memory");
    arguments->list = list;
    list += arguments->count++;
    list->is_part = is_part;
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
        return tb_error_set(err, -EINVAL, "--timeout: seconds from 0.001 to %d were expected", TIMEOUT_MAX_S);
    arguments->where.timeout_ms = (int64_t)(seconds * 1000);
    return 0;
}

static int set_edition(struct arguments *arguments, const char *value, struct tb_error *err)
{
    arguments->edition = edition_find(value);
    if (arguments->edition == EDITION_NONE)
        return tb_error_set(err, -EINVAL, "--edition: one of ce, pe, paas was expected");
    return 0;
}

static int set_string(struct arguments *arguments, const char *name, const char *value, struct tb_error *err)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(strings); i++) {
        const char **place = (const char **)(void *)((char *)arguments + strings[i].offset);

        if (strcmp(strings[i].name, name) != 0)
            continue;
        if (*place)
            return tb_error_set(err, -EEXIST, "--%s is given twice", name);
        /* "-" is standard input, and nothing else is meant by an empty word but a mistake in a script. */
        if (!*value)
            return tb_error_set(err, -EINVAL, "--%s: the value is empty", name);
        *place = value;
        return 0;
    }
    return tb_error_set(err, -EINVAL, "unknown option --%s", name);
}

static int set_own(struct arguments *arguments, const struct own_option *option, const char *value,
                   struct tb_error *err)
{
    if (strcmp(option->name, "all") == 0) {
        arguments->all = true;
        return 0;
    }
    if (strcmp(option->name, "compact") == 0) {
        arguments->compact = true;
        return 0;
    }
    if (strcmp(option->name, "json") == 0) {
        arguments->json = true;
        return 0;
    }
    if (strcmp(option->name, "timeout") == 0)
        return set_timeout(arguments, value, err);
    if (strcmp(option->name, "edition") == 0)
        return set_edition(arguments, value, err);
    if (strcmp(option->name, "part") == 0) {
        const char *equal = strchr(value, '=');

        if (!equal || equal == value)
            return tb_error_set(err, -EINVAL, "--part: NAME=TEXT or NAME=@FILE was expected");
        return add(arguments, true, value, (size_t)(equal - value), equal + 1, err);
    }
    return set_string(arguments, option->name, value, err);
}

/* What a person gave for a secret would be in the list of processes, for all to read. */
static bool names_secret(const char *name, size_t length)
{
    return equals("password", name, length) || equals("api-key", name, length) ||
           equals("token", name, length);
}

static int refuse_option(const struct arguments *arguments, const char *name, size_t length,
                         struct tb_error *err)
{
    char word[NAME_MAX_BYTES], kebab[64][NAME_MAX_BYTES], hint[NAME_MAX_BYTES + 32];
    struct nearest nearest;
    unsigned edition, i;
    const struct own_option *option;

    if (arguments->options == call_options && names_secret(name, length))
        return tb_error_set(err, -EINVAL, "--%.*s: secrets come from files only: --%.*s-file FILE",
                            (int)length, name, (int)length, name);
    snprintf(word, sizeof(word), "%.*s", (int)length, name);
    nearest = nearest_to(word);
    for (option = arguments->options; option->name; option++)
        nearest_try(&nearest, option->name);
    edition = arguments->operation ? edition_with_operation(arguments->operation, 0, arguments->edition)
                                   : EDITION_NONE;
    if (edition != EDITION_NONE) {
        const tb_api *api = editions[edition].api;
        const tb_operation *operation = tb_operation_find(api, arguments->operation);

        for (i = 0; i < operation->parameter_count && i < ARRAY_SIZE(kebab); i++)
            nearest_try(
                &nearest,
                kebab_case(table_text(api, api->parameters[operation->first_parameter + i].name), kebab[i]));
    }
    nearest_hint(&nearest, "--", hint, sizeof(hint));
    if (arguments->operation)
        return tb_error_set(err, -EINVAL, "%s has no parameter --%s%s", arguments->operation, word, hint);
    return tb_error_set(err, -EINVAL, "unknown option --%s%s%s", word, hint,
                        arguments->options == call_options ? " (parameters stand behind the operation)" : "");
}

/* The option in ARGV[*INDEX], with its value, which may be the next word. */
static int parse_option(int argc, char **argv, int *index, struct arguments *arguments, struct tb_error *err)
{
    const char *name = argv[*index] + 2;
    size_t length = strcspn(name, "=");
    const char *value = name[length] ? name + length + 1 : NULL;
    /* Behind the operation its parameters win: one of them is called timeout. */
    bool parameter = arguments->operation && is_parameter(arguments->operation, name, length);
    const struct own_option *option = parameter ? NULL : own_option_find(arguments->options, name, length);

    if (!parameter && !option)
        return refuse_option(arguments, name, length, err);
    if (option && !option->has_value && value)
        return tb_error_set(err, -EINVAL, "--%s takes no value", option->name);
    if (!value && (parameter || option->has_value)) {
        if (*index + 1 >= argc)
            return tb_error_set(err, -EINVAL, "--%.*s: the value is missing", (int)length, name);
        value = argv[++*index];
    }
    return parameter ? add(arguments, false, name, length, value, err)
                     : set_own(arguments, option, value, err);
}

int arguments_parse(int argc, char **argv, const struct own_option *options, struct arguments *ret,
                    struct tb_error *err)
{
    bool calls = options == call_options;
    int r = 0;
    int i;

    *ret = (struct arguments){.options = options, .edition = EDITION_NONE};
    for (i = 0; i < argc && r == 0; i++) {
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2])
            r = parse_option(argc, argv, &i, ret, err);
        else if (calls && !ret->operation && argv[i][0] != '-')
            ret->operation = argv[i];
        else
            r = tb_error_set(err, -EINVAL, "unexpected argument %s%s", argv[i],
                             calls ? " (parameters are given as --NAME VALUE)" : "");
    }
    if (r == 0 && calls && !ret->operation)
        r = tb_error_set(err, -EINVAL, "the operation is missing");
    return r < 0 ? r : where_check(&ret->where, err);
}

void arguments_free(struct arguments *arguments)
{
    free(arguments->list);
}
