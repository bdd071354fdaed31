/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/option_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

static char **string_of(const struct option *option, struct config *config)
{
    return (char **)(void *)((char *)config + option->offset);
}

static int64_t *integer_of(const struct option *option, struct config *config)
{
    return (int64_t *)(void *)((char *)config + option->offset);
}

static bool *boolean_of(const struct option *option, struct config *config)
{
    return (bool *)(void *)((char *)config + option->offset);
}

const char *option_allowed(const struct option *option, char *text, size_t size)
{
    size_t used = 0;
    size_t i;

    switch (option->type) {
    case OPTION_STRING:
        return "a string in double quotes";
    case OPTION_BOOLEAN:
        return "true or false";
    case OPTION_INTEGER:
        snprintf(text, size, "an integer from %" PRId64 " to %" PRId64, option->minimum, option->maximum);
        return text;
    case OPTION_CHOICE:
        for (i = 0; option->choices[i] && used < size; i++)
            used += (size_t)snprintf(text + used, size - used, "%s\"%s\"", i ? ", " : "one of ",
                                     option->choices[i]);
        return text;
    }
    return "";
}

static int refuse_value(const struct option *option, struct tb_error *err)
{
    char text[128];

    return tb_error_set(err, -EINVAL, "%s.%s must be %s", option->section, option->name,
                        option_allowed(option, text, sizeof(text)));
}

static int set_string(const struct option *option, struct config *config, const char *value,
                      struct tb_error *err)
{
    char *copy = strdup(value);

    if (!copy)
        return tb_error_set(err, -ENOMEM, "out of memory");
    free(*string_of(option, config));
    *string_of(option, config) = copy;
    return 0;
}

static int set_integer(const struct option *option, struct config *config, int64_t value,
                       struct tb_error *err)
{
    if (option->type != OPTION_INTEGER || value < option->minimum || value > option->maximum)
        return refuse_value(option, err);
    *integer_of(option, config) = value;
    return 0;
}

static int set_choice(const struct option *option, struct config *config, const char *value,
                      struct tb_error *err)
{
    int64_t i;

    for (i = 0; option->choices[i]; i++)
        if (strcmp(option->choices[i], value) == 0) {
            *integer_of(option, config) = i;
            return 0;
        }
    return refuse_value(option, err);
}

int option_set_text(const struct option *option, struct config *config, const char *value,
                    struct tb_error *err)
{
    long long number;
    char *end;

    switch (option->type) {
    case OPTION_STRING:
        return set_string(option, config, value, err);
    case OPTION_CHOICE:
        return set_choice(option, config, value, err);
    case OPTION_BOOLEAN:
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return refuse_value(option, err);
        *boolean_of(option, config) = *value == 't';
        return 0;
    case OPTION_INTEGER:
        errno = 0;
        number = strtoll(value, &end, 10);
        if (errno || end == value || *end || isspace((unsigned char)*value))
            return refuse_value(option, err);
        return set_integer(option, config, number, err);
    }
    return -EINVAL;
}

int option_set_setting(const struct option *option, struct config *config, config_setting_t *setting,
                       struct tb_error *err)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return set_integer(option, config, config_setting_get_int64(setting), err);
    case CONFIG_TYPE_BOOL:
        if (option->type != OPTION_BOOLEAN)
            return refuse_value(option, err);
        *boolean_of(option, config) = config_setting_get_bool(setting);
        return 0;
    case CONFIG_TYPE_STRING:
        if (option->type == OPTION_STRING)
            return set_string(option, config, config_setting_get_string(setting), err);
        if (option->type == OPTION_CHOICE)
            return set_choice(option, config, config_setting_get_string(setting), err);
        return refuse_value(option, err);
    default:
        return refuse_value(option, err);
    }
}

int option_put(const struct option *option, struct config *config, struct buf *out)
{
    switch (option->type) {
    case OPTION_STRING:
        return record_put_text(out, *string_of(option, config));
    case OPTION_CHOICE:
        return record_put_text(out, option->choices[*integer_of(option, config)]);
    case OPTION_BOOLEAN:
        return record_put_text(out, *boolean_of(option, config) ? "true" : "false");
    case OPTION_INTEGER:
        return record_put_number(out, *integer_of(option, config));
    }
    return -EINVAL;
}

bool option_differs(const struct option *option, struct config *a, struct config *b)
{
    if (option->type == OPTION_STRING)
        return strcmp(*string_of(option, a), *string_of(option, b)) != 0;
    if (option->type == OPTION_BOOLEAN)
        return *boolean_of(option, a) != *boolean_of(option, b);
    return *integer_of(option, a) != *integer_of(option, b);
}

bool option_is_default(const struct option *option, struct config *config)
{
    struct config initial = {0};
    bool same = option_set_text(option, &initial, option->initial, NULL) == 0 &&
                !option_differs(option, config, &initial);

    option_free(option, &initial);
    return same;
}

bool option_copy(const struct option *option, struct config *to, struct config *from)
{
    char *text;

    switch (option->type) {
    case OPTION_STRING:
        text = strdup(*string_of(option, from));
        if (!text)
            return false;
        free(*string_of(option, to));
        *string_of(option, to) = text;
        return true;
    case OPTION_BOOLEAN:
        *boolean_of(option, to) = *boolean_of(option, from);
        return true;
    case OPTION_INTEGER:
    case OPTION_CHOICE:
        *integer_of(option, to) = *integer_of(option, from);
        return true;
    }
    return false;
}

void option_free(const struct option *option, struct config *config)
{
    if (option->type == OPTION_STRING)
        free(*string_of(option, config));
}
