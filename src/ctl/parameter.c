/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/parameter.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "client/check.h"
#include "ctl/spelling.h"
#include "ctl/types.h"
#include "json/json_read.h"

#define VALUES_MAX_BYTES 384 /* of an enumeration's values in a message */

const char *parameter_name(const tb_api *api, const tb_operation *operation, unsigned i)
{
    return table_text(api, api->parameters[operation->first_parameter + i].name);
}

const struct tb_parameter *parameter_find(const tb_api *api, const tb_operation *operation, const char *word)
{
    unsigned i;

    for (i = 0; i < operation->parameter_count; i++)
        if (is_named(parameter_name(api, operation, i), word))
            return &api->parameters[operation->first_parameter + i];
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

/* -EINVAL with the option and what it takes. */
static int refuse(const tb_api *api, const struct tb_parameter *parameter, const char *expected,
                  struct tb_error *err)
{
    char option[NAME_MAX_BYTES];

    return tb_error_set(err, -EINVAL, "--%s: expected %s",
                        kebab_case(table_text(api, parameter->name), option), expected);
}

static int refuse_enum(const tb_api *api, const struct tb_parameter *parameter, const struct tb_enum *list,
                       const char *text, struct tb_error *err)
{
    char values[VALUES_MAX_BYTES], hint[NAME_MAX_BYTES + 32], option[NAME_MAX_BYTES];
    struct nearest nearest = nearest_to(text);
    unsigned i;

    for (i = 0; i < list->value_count; i++)
        nearest_try(&nearest, table_text(api, api->enum_values[list->first_value + i]));
    nearest_hint(&nearest, "", hint, sizeof(hint));
    return tb_error_set(err, -EINVAL, "--%s: expected one of %s%s",
                        kebab_case(table_text(api, parameter->name), option),
                        enum_words(api, list, values, sizeof(values)), hint);
}

static int parse_string(const tb_api *api, const struct tb_parameter *parameter, const struct tb_type *type,
                        const char *text, json_t **ret, struct tb_error *err)
{
    const struct tb_enum *list = type_enum(api, type);
    json_t *value;
    unsigned i;

    if (type->format == TB_FORMAT_UUID && !check_is_uuid(text))
        return refuse(api, parameter, "a UUID, such as 784f394c-42b6-435a-983c-b7beff2784f9", err);
    for (i = 0; list && i < list->value_count; i++)
        if (strcmp(text, table_text(api, api->enum_values[list->first_value + i])) == 0)
            break;
    if (list && i == list->value_count)
        return refuse_enum(api, parameter, list, text, err);
    value = json_read_text(text);
    if (!value)
        return refuse(api, parameter, "text in UTF-8", err);
    *ret = value;
    return 0;
}

static int refuse_number(const tb_api *api, const struct tb_parameter *parameter, uint16_t type,
                         const char *what, struct tb_error *err)
{
    char bounds[64], expected[128];

    bounds_words(api, type, parameter->bounds, bounds, sizeof(bounds));
    snprintf(expected, sizeof(expected), "%s%s%s", what, *bounds ? ", " : "", bounds);
    return refuse(api, parameter, expected, err);
}

/* strtoll() would skip blanks in front. */
static bool begins_number(const char *text)
{
    return isdigit((unsigned char)*text) || *text == '-' || *text == '.';
}

static int parse_integer(const tb_api *api, const struct tb_parameter *parameter, uint16_t type,
                         const char *text, json_t **ret, struct tb_error *err)
{
    const struct tb_bounds *bounds = &api->bounds[parameter->bounds];
    bool small = api->types[type].kind == TB_KIND_INT32;
    long long value;
    char *end;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (!begins_number(text) || end == text || *end || errno || (small && value != (int32_t)value) ||
        (parameter->bounds && (value < bounds->minimum || value > bounds->maximum)))
        return refuse_number(api, parameter, type, small ? "a 32-bit integer" : "an integer", err);
    *ret = json_integer(value);
    return 0;
}

static int parse_double(const tb_api *api, const struct tb_parameter *parameter, uint16_t type,
                        const char *text, json_t **ret, struct tb_error *err)
{
    const struct tb_bounds *bounds = &api->bounds[parameter->bounds];
    double value;
    char *end;

    value = strtod(text, &end);
    if (!begins_number(text) || end == text || *end || !isfinite(value) ||
        (parameter->bounds && ((bounds->minimum != INT64_MIN && value < (double)bounds->minimum) ||
                               (bounds->maximum != INT64_MAX && value > (double)bounds->maximum))))
        return refuse_number(api, parameter, type, "a number", err);
    *ret = json_real(value);
    return 0;
}

int parameter_parse(const tb_api *api, const struct tb_parameter *parameter, const char *text, json_t **ret,
                    struct tb_error *err)
{
    const struct tb_type *type = element_type(api, parameter->type);
    uint16_t index = (uint16_t)(type - api->types);

    switch (type->kind) {
    case TB_KIND_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return refuse(api, parameter, "true or false", err);
        *ret = json_boolean(strcmp(text, "true") == 0);
        return 0;
    case TB_KIND_INT32:
    case TB_KIND_INT64:
        return parse_integer(api, parameter, index, text, ret, err);
    case TB_KIND_DOUBLE:
        return parse_double(api, parameter, index, text, ret, err);
    default:
        return parse_string(api, parameter, type, text, ret, err);
    }
}

/* Whether a text is a comma-separated list: "keys", "scopes", "actionTypes". */
static bool is_text_list(const tb_api *api, const struct tb_parameter *parameter)
{
    const struct tb_type *type = &api->types[parameter->type];
    const char *name = table_text(api, parameter->name);

    return type->kind == TB_KIND_STRING && !type->of && parameter->location == TB_IN_QUERY && *name &&
           name[strlen(name) - 1] == 's';
}

/* PARAMETER is a text, and the member NAME of PARAMETERS has one already. */
static int append_text(json_t *parameters, const char *name, const char *text)
{
    const char *before = json_string_value(json_object_get(parameters, name));
    json_t *joined = json_sprintf("%s,%s", before, text);

    return json_object_set_new(parameters, name, joined);
}

int parameter_add(const tb_api *api, const struct tb_parameter *parameter, const char *text, bool checked,
                  json_t *parameters, struct tb_error *err)
{
    const char *name = table_text(api, parameter->name);
    json_t *list = json_object_get(parameters, name);
    char option[NAME_MAX_BYTES];
    json_t *value;
    int r = 0;

    if (checked)
        r = parameter_parse(api, parameter, text, &value, err);
    else if (!(value = json_read_text(text)))
        r = refuse(api, parameter, "text in UTF-8", err);
    if (r < 0)
        return r;
    if (api->types[parameter->type].kind != TB_KIND_LIST) {
        if (list && is_text_list(api, parameter))
            r = append_text(parameters, name, text);
        else if (list)
            r = tb_error_set(err, -EEXIST, "--%s is given twice", kebab_case(name, option));
        else
            r = json_object_set(parameters, name, value);
    } else if (list) {
        r = json_array_append(list, value);
    } else {
        r = json_object_set_new(parameters, name, json_pack("[O]", value));
    }
    json_decref(value);
    return r == -1 ? tb_error_set(err, -ENOMEM, "out of memory") : r;
}
