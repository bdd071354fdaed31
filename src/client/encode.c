/* SPDX-License-Identifier: Apache-2.0 */
#include "client/encode.h"

#include <errno.h>
#include <math.h>

#include "base/utf8.h"
#include "client/tables.h"
#include "json/json_path.h"
#include "json/json_source.h"
#include "json/number.h"

/* Refuses only what JSON cannot express. Whether the JSON fits the schema is checked before it is sent, by
 * the same code that checks the JSON of programs.
 *
 * SOURCE is the JSON that the value was decoded from, or NULL. If a number has not changed, its source is
 * used, which has its text. */

struct encoder {
    const tb_api *api;
    tb_error *err;
    int depth;
};

static int encode_slot(struct encoder *encoder, unsigned type, const void *slot, const json_t *source,
                       json_t **ret, const struct json_path *path);

#define REFUSE(encoder, path, ...) json_path_error(path, (encoder)->err, TB_ERROR_USAGE, -EINVAL, __VA_ARGS__)

static void free_json(json_t **value)
{
    json_decref(*value);
}

/* Returns VALUE, a new reference, in *RET. NULL: there was no memory for it. */
static int give(struct encoder *encoder, json_t *value, json_t **ret, const struct json_path *path)
{
    if (!value)
        return json_path_error(path, encoder->err, TB_ERROR_SYSTEM, -ENOMEM, "out of memory");
    *ret = value;
    return 0;
}

static int added(struct encoder *encoder, int result, const struct json_path *path)
{
    return result == 0 ? 0 : json_path_error(path, encoder->err, TB_ERROR_SYSTEM, -ENOMEM, "out of memory");
}

static int encode_string(struct encoder *encoder, const char *text, json_t **ret,
                         const struct json_path *path)
{
    size_t length = strlen(text);
    json_t *value;

    if (utf8_count(text, length) < 0)
        return REFUSE(encoder, path, "the text is not UTF-8");
    value = json_stringn_nocheck(text, length);
    if (value && number_is(value)) { /* TB_VERBATIM */
        json_decref(value);
        return REFUSE(encoder, path, "a string was expected, not a number");
    }
    return give(encoder, value, ret, path);
}

static int encode_integer(struct encoder *encoder, int64_t number, const json_t *source, json_t **ret,
                          const struct json_path *path)
{
    int64_t before;

    if (number_integer(source, INT64_MIN, INT64_MAX, &before) == 0 && before == number)
        return give(encoder, json_incref((json_t *)(uintptr_t)source), ret, path);
    return give(encoder, json_integer(number), ret, path);
}

static int encode_double(struct encoder *encoder, double number, const json_t *source, json_t **ret,
                         const struct json_path *path)
{
    double before = number_of(source);

    if (number_is(source) && memcmp(&before, &number, sizeof(number)) == 0)
        return give(encoder, json_incref((json_t *)(uintptr_t)source), ret, path);
    if (!isfinite(number))
        return REFUSE(encoder, path, "not a finite number");
    return give(encoder, json_real(number), ret, path);
}

static int encode_json(struct encoder *encoder, json_t *value, const json_t *source, json_t **ret,
                       const struct json_path *path)
{
    json_t *restored = NULL;

    if (!value)
        return 0;
    json_source_restore(value, source, &restored);
    return give(encoder, restored, ret, path);
}

/* Adds VALUE, whose reference is taken, to OBJECT as the last member of PATH. */
static int add(struct encoder *encoder, json_t *object, json_t *value, const struct json_path *path)
{
    if (utf8_count(path->name, strlen(path->name)) < 0) {
        json_decref(value);
        return REFUSE(encoder, path, "the name is not UTF-8");
    }
    return added(encoder, json_object_set_new_nocheck(object, path->name, value), path);
}

/* An element of a list or map that is not set becomes null. */
static int encode_element(struct encoder *encoder, unsigned type, const void *slot, const json_t *source,
                          json_t **ret, const struct json_path *path)
{
    json_t *value = NULL;
    int r = encode_slot(encoder, type, slot, source, &value, path);

    if (r == 0)
        *ret = value ? value : json_null();
    return r;
}

static int encode_list(struct encoder *encoder, unsigned of, const struct table_items *list,
                       const json_t *source, json_t **ret, const struct json_path *path)
{
    CLEANUP(free_json) json_t *array = json_array();
    size_t size = table_slot(encoder->api->types[of].kind)->size;
    struct json_path element = {.parent = path};
    json_t *value = NULL;
    int r = 0;

    for (; element.index < list->count && r == 0; element.index++) {
        r = encode_element(encoder, of, (const char *)list->items + element.index * size,
                           json_array_get(source, element.index), &value, &element);
        if (r == 0)
            r = added(encoder, json_array_append_new(array, value), &element);
    }
    return r < 0 ? r : give(encoder, TAKE_PTR(array), ret, path);
}

static int encode_entry(struct encoder *encoder, unsigned of, const char *entry, const json_t *source,
                        json_t *object, struct json_path *path)
{
    json_t *value = NULL;
    int r;

    memcpy(&path->name, entry, sizeof(path->name));
    if (!path->name) {
        path->name = "";
        return REFUSE(encoder, path, "the key is NULL");
    }
    if (json_object_get(object, path->name))
        return REFUSE(encoder, path, "duplicate key");
    entry += table_slot(encoder->api->types[of].kind)->entry_value;
    r = encode_element(encoder, of, entry, json_object_get(source, path->name), &value, path);
    return r < 0 ? r : add(encoder, object, value, path);
}

static int encode_map(struct encoder *encoder, unsigned of, const struct table_items *map,
                      const json_t *source, json_t **ret, const struct json_path *path)
{
    CLEANUP(free_json) json_t *object = json_object();
    size_t i, size = table_slot(encoder->api->types[of].kind)->entry_size;
    struct json_path member = {.parent = path, .is_key = true};
    int r = 0;

    for (i = 0; i < map->count && r == 0; i++)
        r = encode_entry(encoder, of, (const char *)map->items + i * size, source, object, &member);
    return r < 0 ? r : give(encoder, TAKE_PTR(object), ret, path);
}

static int encode_items(struct encoder *encoder, const struct tb_type *type, const struct table_items *items,
                        const json_t *source, json_t **ret, const struct json_path *path)
{
    if (!items->items && items->count > 0)
        return REFUSE(encoder, path, "%zu elements, but no items", items->count);
    return type->kind == TB_KIND_LIST ? encode_list(encoder, type->of, items, source, ret, path)
                                      : encode_map(encoder, type->of, items, source, ret, path);
}

static const tb_object *object_of(const char *structure)
{
    return &((const struct table_structure *)(const void *)structure)->object;
}

static int encode_members(struct encoder *encoder, const struct tb_schema *schema, const char *structure,
                          json_t *object, const struct json_path *path)
{
    const json_t *source = object_of(structure)->source;
    unsigned i;

    for (i = 0; i < schema->field_count; i++) {
        const struct tb_field *field = &encoder->api->fields[schema->first_field + i];
        const struct json_path member = {.parent = path, .name = table_text(encoder->api, field->name)};
        json_t *value = NULL;
        int r = encode_slot(encoder, field->type, structure + field->offset,
                            json_object_get(source, member.name), &value, &member);

        if (r == 0 && value)
            r = add(encoder, object, value, &member);
        if (r < 0)
            return r;
    }
    return 0;
}

static int encode_kept(struct encoder *encoder, const char *structure, json_t *object,
                       const struct json_path *path)
{
    const json_t *source = object_of(structure)->source;
    const tb_member *kept;

    for (kept = object_of(structure)->kept; kept; kept = kept->next) {
        const struct json_path member = {.parent = path, .name = kept->name ? kept->name : ""};
        json_t *value = NULL;
        int r = 0;

        if (!kept->name || !kept->value)
            return REFUSE(encoder, &member, "a kept member without a name or value");
        if (json_object_get(object, kept->name))
            continue;
        r = encode_json(encoder, kept->value, json_object_get(source, kept->name), &value, &member);
        if (r == 0)
            r = add(encoder, object, value, &member);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Adds the discriminator of a declared variant, if the program did not set it. */
static int add_discriminator(struct encoder *encoder, const struct tb_schema *schema, json_t *object,
                             const struct json_path *path)
{
    const struct json_path member = {.parent = path, .name = table_text(encoder->api, schema->discriminator)};
    json_t *value = NULL;
    int r;

    if (!schema->base || !schema->discriminator || json_object_get(object, member.name))
        return 0;
    r = encode_string(encoder, table_text(encoder->api, schema->value), &value, &member);
    return r < 0 ? r : add(encoder, object, value, &member);
}

/* Sets *SCHEMA, as which STRUCTURE is declared, to its own: for a base, the discriminator says which. Without
 * it, the members of a program's variant would be lost. The server may leave it out. */
static int choose_schema(struct encoder *encoder, const char *structure, const struct json_path *path,
                         const struct tb_schema **schema)
{
    const tb_api *api = encoder->api;
    const struct tb_field *field = (*schema)->variant_count > 0 ? table_discriminator(api, *schema) : NULL;
    const struct json_path member = {.parent = path, .name = table_text(api, (*schema)->discriminator)};
    const struct tb_schema *variant;
    const char *value;

    if (!field)
        return 0;
    memcpy(&value, structure + field->offset, sizeof(value));
    if (!value && !object_of(structure)->source)
        return REFUSE(encoder, &member, "not set; it must say which %s this is",
                      table_text(api, (*schema)->name));
    variant = table_variant(api, *schema, value);
    *schema = variant ? variant : *schema;
    return 0;
}

static int encode_object(struct encoder *encoder, const struct tb_schema *schema, const char *structure,
                         json_t **ret, const struct json_path *path)
{
    CLEANUP(free_json) json_t *object = json_object();
    int r = choose_schema(encoder, structure, path, &schema);

    if (r == 0)
        r = encode_members(encoder, schema, structure, object, path);
    if (r == 0)
        r = add_discriminator(encoder, schema, object, path);
    if (r == 0)
        r = encode_kept(encoder, structure, object, path);
    return r < 0 ? r : give(encoder, TAKE_PTR(object), ret, path);
}

/* VALUE is the structure of an object, which knows its own source, or a list or map. */
static int encode_nested(struct encoder *encoder, const struct tb_type *type, const void *value,
                         const json_t *source, json_t **ret, const struct json_path *path)
{
    int r;

    if (encoder->depth == TB_CODEC_DEPTH_MAX)
        return REFUSE(encoder, path, "nested more than %d levels deep", TB_CODEC_DEPTH_MAX);
    encoder->depth++;
    if (type->kind == TB_KIND_OBJECT)
        r = encode_object(encoder, &encoder->api->schemas[type->of], value, ret, path);
    else
        r = encode_items(encoder, type, value, source, ret, path);
    encoder->depth--;
    return r;
}

/* Leaves *RET unchanged if the value is not set. */
static int encode_slot(struct encoder *encoder, unsigned type, const void *slot, const json_t *source,
                       json_t **ret, const struct json_path *path)
{
    const struct tb_type *row = &encoder->api->types[type];
    const void *pointer = NULL;

    switch ((enum tb_kind)row->kind) {
    case TB_KIND_STRING:
        memcpy(&pointer, slot, sizeof(pointer));
        return pointer ? encode_string(encoder, pointer, ret, path) : 0;
    case TB_KIND_BOOL: {
        const tb_bool *value = slot;

        return value->set ? give(encoder, json_boolean(value->value), ret, path) : 0;
    }
    case TB_KIND_INT32: {
        const tb_int32 *value = slot;

        return value->set ? encode_integer(encoder, value->value, source, ret, path) : 0;
    }
    case TB_KIND_INT64: {
        const tb_int64 *value = slot;

        return value->set ? encode_integer(encoder, value->value, source, ret, path) : 0;
    }
    case TB_KIND_DOUBLE: {
        const tb_double *value = slot;

        return value->set ? encode_double(encoder, value->value, source, ret, path) : 0;
    }
    case TB_KIND_JSON:
        return encode_json(encoder, *(json_t *const *)slot, source, ret, path);
    case TB_KIND_OBJECT:
        memcpy(&pointer, slot, sizeof(pointer));
        return pointer ? encode_nested(encoder, row, pointer, NULL, ret, path) : 0;
    case TB_KIND_LIST:
    case TB_KIND_MAP: {
        const struct table_items *items = slot;

        return items->items || items->count > 0 ? encode_nested(encoder, row, items, source, ret, path) : 0;
    }
    case TB_KIND_NONE:
    case TB_KIND_PART:
        break;
    }
    return REFUSE(encoder, path, "this type has no JSON form");
}

int encode_value(const tb_api *api, unsigned type, const void *value, json_t **ret, tb_error *err)
{
    CLEANUP(free_json) json_t *encoded = NULL;
    struct encoder encoder = {.api = api, .err = err};
    const struct json_path path = {.parent = NULL};
    int r;

    if (!value || type >= api->type_count)
        return REFUSE(&encoder, &path, "no value, or no such type");
    r = encode_slot(&encoder, type, api->types[type].kind == TB_KIND_OBJECT ? (const void *)&value : value,
                    NULL, &encoded, &path);
    if (r == 0 && !encoded)
        return REFUSE(&encoder, &path, "the value is not set");
    if (r == 0)
        *ret = TAKE_PTR(encoded);
    return r;
}
