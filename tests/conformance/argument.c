/* SPDX-License-Identifier: Apache-2.0 */
#include "argument.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(tb_error *err, const char *what, const char *name)
{
    err->code = -EINVAL;
    err->kind = TB_ERROR_USAGE;
    snprintf(err->message, sizeof(err->message), "the test cannot make %s: %s", name, what);
    return err->code;
}

static void *block(struct call *call, size_t size)
{
    void *made = call->block_count < CALL_BLOCKS_MAX ? calloc(1, size > 0 ? size : 1) : NULL;

    if (!made)
        abort(); /* out of memory */
    call->blocks[call->block_count++] = made;
    return made;
}

static bool is_true(const json_t *value)
{
    return json_is_true(value);
}

/* Stores a scalar of KIND as it is in a structure. Returns false if KIND is not a scalar. */
static bool put_scalar(unsigned kind, json_t *value, void *at)
{
    switch (kind) {
    case TB_KIND_STRING:
        *(const char **)at = json_string_value(value);
        return json_is_string(value);
    case TB_KIND_BOOL:
        *(tb_bool *)at = (tb_bool)TB_SET(is_true(value));
        return json_is_boolean(value);
    case TB_KIND_INT32:
        *(tb_int32 *)at = (tb_int32)TB_SET((int32_t)json_integer_value(value));
        return json_is_integer(value);
    case TB_KIND_INT64:
        *(tb_int64 *)at = (tb_int64)TB_SET(json_integer_value(value));
        return json_is_integer(value);
    case TB_KIND_DOUBLE:
        *(tb_double *)at = (tb_double)TB_SET(json_number_value(value));
        return json_is_number(value);
    case TB_KIND_JSON:
        *(json_t **)at = value;
        return true;
    default:
        return false;
    }
}

static size_t scalar_size(unsigned kind)
{
    static const size_t sizes[] = {
        [TB_KIND_STRING] = sizeof(char *),    [TB_KIND_BOOL] = sizeof(tb_bool),
        [TB_KIND_INT32] = sizeof(tb_int32),   [TB_KIND_INT64] = sizeof(tb_int64),
        [TB_KIND_DOUBLE] = sizeof(tb_double), [TB_KIND_JSON] = sizeof(json_t *),
    };

    return kind < sizeof(sizes) / sizeof(sizes[0]) ? sizes[kind] : 0;
}

/* Parameters are scalars or lists of scalars. */
static bool put_list(struct call *call, const struct tb_type *type, json_t *value, tb_string_list *at)
{
    unsigned kind = call->api->types[type->of].kind;
    size_t size = scalar_size(kind), i;
    char *items = block(call, size * json_array_size(value));

    if (!json_is_array(value) || size == 0)
        return false;
    for (i = 0; i < json_array_size(value); i++)
        if (!put_scalar(kind, json_array_get(value, i), items + i * size))
            return false;
    at->count = i; /* all lists have this layout */
    at->items = (const char **)(void *)items;
    return true;
}

/* Stores a value as it is in a structure, that of a multipart body or of optional parameters. */
static bool put(struct call *call, unsigned index, json_t *value, void *at)
{
    const struct tb_type *type = &call->api->types[index];

    if (type->kind == TB_KIND_LIST)
        return put_list(call, type, value, at);
    if (type->kind != TB_KIND_PART)
        return put_scalar(type->kind, value, at);
    *(tb_part *)at = (tb_part){.data = "the content", .length = 11, .name = "file.bin"};
    return true;
}

/* Stores a plain number or boolean; the argument is its address. */
static const void *plain(struct call *call, unsigned kind, const json_t *value)
{
    void *at = block(call, sizeof(int64_t));

    if (kind == TB_KIND_BOOL)
        *(bool *)at = is_true(value);
    else if (kind == TB_KIND_INT32)
        *(int32_t *)at = (int32_t)json_integer_value(value);
    else if (kind == TB_KIND_INT64)
        *(int64_t *)at = json_integer_value(value);
    else
        *(double *)at = json_number_value(value);
    return at;
}

static void keep(struct call *call, json_t *value)
{
    if (!call->values)
        call->values = json_array();
    json_array_append(call->values, value);
}

int call_set_parameter(struct call *call, const struct tb_parameter *parameter, json_t *value, tb_error *err)
{
    const char *name = call->api->strings + parameter->name;
    const struct tb_type *type = &call->api->types[parameter->type];
    bool required = parameter->flags & TB_REQUIRED;

    if (parameter->slot >= (required ? ARGUMENTS_MAX : PARAMS_MAX - sizeof(tb_string_list)))
        return refuse(err, "its place is out of bounds", name);
    keep(call, value);
    if (!required)
        return put(call, parameter->type, value, call->params + parameter->slot)
                   ? 0
                   : refuse(err, "the value does not fit", name);
    if (type->kind == TB_KIND_STRING) {
        call->arguments[parameter->slot] = json_string_value(value);
    } else if (type->kind == TB_KIND_LIST) {
        tb_string_list *list = block(call, sizeof(*list));

        if (!put_list(call, type, value, list))
            return refuse(err, "the value does not fit", name);
        call->arguments[parameter->slot] = list;
    } else {
        call->arguments[parameter->slot] = plain(call, type->kind, value);
    }
    return call->arguments[parameter->slot] ? 0 : refuse(err, "the value does not fit", name);
}

/* A multipart body is not JSON, so the members of its structure are set one by one. */
static int set_parts(struct call *call, const struct tb_schema *schema, json_t *value, tb_error *err)
{
    char *parts = block(call, schema->size);
    size_t i;

    for (i = 0; i < schema->field_count; i++) {
        const struct tb_field *field = &call->api->fields[schema->first_field + i];
        const char *name = call->api->strings + field->name;
        json_t *member = json_object_get(value, name);
        bool is_part = call->api->types[field->type].kind == TB_KIND_PART;

        if ((member || is_part) && !put(call, field->type, member, parts + field->offset))
            return refuse(err, "the part does not fit", name);
    }
    call->arguments[call->operation->body_slot] = parts;
    return 0;
}

int call_set_body(struct call *call, json_t *value, tb_error *err)
{
    const tb_operation *operation = call->operation;
    const struct tb_type *type = &call->api->types[operation->body_type];
    char *text;
    int r;

    keep(call, value);
    if (operation->body == TB_BODY_MULTIPART)
        return set_parts(call, &call->api->schemas[type->of], value, err);
    if (type->kind == TB_KIND_JSON || operation->body == TB_BODY_TEXT || type->kind == TB_KIND_STRING) {
        const void *given = type->kind == TB_KIND_JSON ? (const void *)value : json_string_value(value);

        call->arguments[operation->body_slot] = given;
        return given ? 0 : refuse(err, "the value does not fit", "the body");
    }
    text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    r = tb_decode(call->api, operation->body_type, text, strlen(text), &call->body, err);
    free(text);
    call->arguments[operation->body_slot] = call->body;
    return r;
}

void call_free(struct call *call)
{
    while (call->block_count > 0)
        free(call->blocks[--call->block_count]);
    json_decref(call->values);
    tb_free(call->body);
}
