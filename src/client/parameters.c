/* SPDX-License-Identifier: Apache-2.0 */
#include "client/parameters.h"

#include <errno.h>
#include <inttypes.h>

#include "client/encode.h"
#include "client/error.h"
#include "client/tables.h"

void parameters_free(struct parameters *parameters)
{
    unsigned i;

    for (i = 0; i < parameters->count; i++)
        json_decref(parameters->values[i]);
    parameters->count = 0;
}

static int encode_list(const tb_api *api, unsigned type, const void *list, json_t **ret, tb_error *err)
{
    const struct table_items *items = list;

    if (!items || (!items->items && items->count == 0))
        return 0;
    return encode_value(api, type, list, ret, err);
}

static int string_value(const char *text, json_t **ret, tb_error *err)
{
    if (!text)
        return 0;
    *ret = json_string(text);
    return *ret ? 0 : FAIL(err, TB_ERROR_USAGE, -EILSEQ, "the text is not UTF-8");
}

/* A required parameter: a string as it is, a list by address, a number by the address of a plain one. */
static int from_argument(const tb_api *api, unsigned type, const void *argument, json_t **ret, tb_error *err)
{
    if (!argument)
        return 0;
    switch ((enum tb_kind)api->types[type].kind) {
    case TB_KIND_STRING:
        return string_value(argument, ret, err);
    case TB_KIND_BOOL:
        *ret = json_boolean(*(const bool *)argument);
        return 0;
    case TB_KIND_INT32:
        *ret = json_integer(*(const int32_t *)argument);
        break;
    case TB_KIND_INT64:
        *ret = json_integer(*(const int64_t *)argument);
        break;
    case TB_KIND_DOUBLE:
        *ret = json_real(*(const double *)argument);
        return *ret ? 0 : FAIL(err, TB_ERROR_USAGE, -EINVAL, "the number is not finite");
    case TB_KIND_LIST:
        return encode_list(api, type, argument, ret, err);
    default:
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "the table has a type that no parameter can have");
    }
    return *ret ? 0 : FAIL_MEMORY(err);
}

/* An optional parameter: a member of the structure. */
static int from_member(const tb_api *api, unsigned type, const void *member, json_t **ret, tb_error *err)
{
    unsigned kind = api->types[type].kind;

    if (kind == TB_KIND_STRING)
        return string_value(*(const char *const *)member, ret, err);
    if (kind == TB_KIND_LIST)
        return encode_list(api, type, member, ret, err);
    if ((kind == TB_KIND_BOOL && !((const tb_bool *)member)->set) ||
        (kind == TB_KIND_INT32 && !((const tb_int32 *)member)->set) ||
        (kind == TB_KIND_INT64 && !((const tb_int64 *)member)->set) ||
        (kind == TB_KIND_DOUBLE && !((const tb_double *)member)->set))
        return 0;
    return encode_value(api, type, member, ret, err);
}

int parameters_from_arguments(const tb_api *api, const tb_operation *operation, const void *const *arguments,
                              const void *params, const char *skip, struct parameters *ret, tb_error *err)
{
    const struct tb_parameter *rows = api->parameters + operation->first_parameter;
    struct parameters found = {.count = operation->parameter_count};
    unsigned i;
    int r = 0;

    for (i = 0; r == 0 && i < found.count; i++) {
        const char *name = table_text(api, rows[i].name);

        if (skip && strcmp(name, skip) == 0)
            continue;
        if (rows[i].flags & TB_REQUIRED)
            r = from_argument(api, rows[i].type, arguments[rows[i].slot], &found.values[i], err);
        else if (params)
            r = from_member(api, rows[i].type, (const char *)params + rows[i].slot, &found.values[i], err);
        if (r < 0 && err)
            tb_error_prefix(err, "%s", name);
    }
    if (r < 0)
        parameters_free(&found);
    else
        *ret = found;
    return r;
}

int parameters_from_object(const tb_api *api, const tb_operation *operation, const json_t *object,
                           struct parameters *ret, tb_error *err)
{
    const struct tb_parameter *rows = api->parameters + operation->first_parameter;
    size_t members = json_object_size(object);
    unsigned i;
    const char *name;
    json_t *value;

    if (object && !json_is_object(object))
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "the parameters are not a JSON object");
    *ret = (struct parameters){.count = operation->parameter_count};
    for (i = 0; i < ret->count; i++) {
        ret->values[i] = json_incref(json_object_get(object, table_text(api, rows[i].name)));
        members -= ret->values[i] != NULL;
    }
    if (members == 0)
        return 0;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        for (i = 0; i < ret->count && strcmp(table_text(api, rows[i].name), name) != 0; i++)
            ;
        if (i == ret->count)
            break;
    }
    parameters_free(ret);
    return FAIL(err, TB_ERROR_USAGE, -EINVAL, "%.100s: the operation has no such parameter", name);
}
