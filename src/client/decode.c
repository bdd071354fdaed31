/* SPDX-License-Identifier: Apache-2.0 */
#include "client/decode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/util.h"
#include "client/arena.h"
#include "client/tables.h"
#include "json/json_path.h"
#include "json/json_source.h"
#include "json/number.h"

struct decoder {
    const tb_api *api;
    struct arena *arena;
    tb_error *err;
    struct warnings *warnings; /* NULL: nobody listens */
    int depth;                 /* of nested structures, lists and maps */
};

static int decode_slot(struct decoder *decoder, unsigned type, json_t *value, void *slot,
                       const struct json_path *path);

const char *decode_kind_name(const json_t *value)
{
    if (number_is(value))
        return "a number";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    default:
        return "null";
    }
}

static int unexpected(struct decoder *decoder, const struct json_path *path, const char *expected,
                      const json_t *value)
{
    return json_path_error(path, decoder->err, TB_ERROR_DECODE, -EBADMSG, "%s was expected, not %s", expected,
                           decode_kind_name(value));
}

static int no_memory(tb_error *err, const struct json_path *path, int code)
{
    if (code == -EMSGSIZE)
        return json_path_error(path, err, TB_ERROR_DECODE, code, "the value takes too much memory");
    return json_path_error(path, err, TB_ERROR_SYSTEM, code, "out of memory");
}

static int allocate(struct decoder *decoder, size_t count, size_t size, const struct json_path *path,
                    void **ret)
{
    size_t total;
    int r = __builtin_mul_overflow(count, size, &total) ? -EMSGSIZE : arena_alloc(decoder->arena, total, ret);

    return r < 0 ? no_memory(decoder->err, path, r) : 0;
}

/* A value of an enumeration that a newer server has is kept like any other text or number. */
static void check_known(struct decoder *decoder, unsigned number, const char *value,
                        const struct json_path *path)
{
    const struct tb_enum *values = number ? &decoder->api->enums[number - 1] : NULL;
    char shown[64];

    if (!values || !decoder->warnings || table_enum_has(decoder->api, values, value))
        return;
    snprintf(shown, sizeof(shown), "%s", value);
    make_printable(shown);
    warn(decoder->warnings, path, "%s is not a value of %s that this version knows", shown,
         table_text(decoder->api, values->name));
}

static int decode_string(struct decoder *decoder, const struct tb_type *type, json_t *value, const char **ret,
                         const struct json_path *path)
{
    if (!json_is_string(value) || number_is(value))
        return unexpected(decoder, path, "a string", value);
    *ret = json_string_value(value);
    check_known(decoder, type->of, *ret, path);
    return 0;
}

static int decode_integer(struct decoder *decoder, json_t *value, int64_t min, int64_t max, int64_t *ret,
                          const struct json_path *path)
{
    int r = number_integer(value, min, max, ret);

    if (r == -ERANGE)
        return json_path_error(path, decoder->err, TB_ERROR_DECODE, -EBADMSG, NUMBER_OUT_OF_RANGE, min, max);
    if (r < 0)
        return unexpected(decoder, path, "a whole number", value);
    return 0;
}

static int decode_int32(struct decoder *decoder, const struct tb_type *type, json_t *value, tb_int32 *slot,
                        const struct json_path *path)
{
    int64_t number = 0;
    int r = decode_integer(decoder, value, INT32_MIN, INT32_MAX, &number, path);
    char text[16];

    slot->set = r == 0;
    slot->value = (int32_t)number;
    snprintf(text, sizeof(text), "%" PRId64, number);
    check_known(decoder, type->of, text, path);
    return r;
}

static int decode_int64(struct decoder *decoder, json_t *value, tb_int64 *slot, const struct json_path *path)
{
    int r = decode_integer(decoder, value, INT64_MIN, INT64_MAX, &slot->value, path);

    slot->set = r == 0;
    return r;
}

static int decode_double(struct decoder *decoder, json_t *value, tb_double *slot,
                         const struct json_path *path)
{
    if (!number_is(value))
        return unexpected(decoder, path, "a number", value);
    *slot = (tb_double)TB_SET(number_of(value));
    return 0;
}

/* Free JSON, in the form for programs (json_source_show()). */
static int decode_json(struct decoder *decoder, json_t *value, json_t **slot, const struct json_path *path)
{
    json_t *shown;
    int r = json_source_show(value, &shown);

    if (r == 0 && shown == value)
        json_decref(shown); /* the tree owns it */
    else if (r == 0)
        r = arena_own(decoder->arena, shown);
    if (r < 0)
        return no_memory(decoder->err, path, r);
    *slot = shown;
    return 0;
}

static int decode_bool(struct decoder *decoder, json_t *value, tb_bool *slot, const struct json_path *path)
{
    if (!json_is_boolean(value))
        return unexpected(decoder, path, "true or false", value);
    *slot = (tb_bool)TB_SET(json_is_true(value));
    return 0;
}

static int decode_list(struct decoder *decoder, unsigned of, json_t *value, struct table_items *list,
                       const struct json_path *path)
{
    size_t size = table_slot(decoder->api->types[of].kind)->size;
    struct json_path element = {.parent = path};
    json_t *item;
    int r;

    if (!json_is_array(value))
        return unexpected(decoder, path, "an array", value);
    r = allocate(decoder, json_array_size(value), size, path, &list->items);
    if (r < 0)
        return r;
    list->count = json_array_size(value);
    json_array_foreach(value, element.index, item)
    {
        r = decode_slot(decoder, of, item, (char *)list->items + element.index * size, &element);
        if (r < 0)
            return r;
    }
    return 0;
}

static int decode_map(struct decoder *decoder, unsigned of, json_t *value, struct table_items *map,
                      const struct json_path *path)
{
    const struct table_slot *slot = table_slot(decoder->api->types[of].kind);
    struct json_path member = {.parent = path, .is_key = true};
    json_t *item;
    char *entry;
    int r;

    if (!json_is_object(value))
        return unexpected(decoder, path, "an object", value);
    r = allocate(decoder, json_object_size(value), slot->entry_size, path, &map->items);
    if (r < 0)
        return r;
    map->count = json_object_size(value);
    entry = map->items;
    json_object_foreach(value, member.name, item)
    {
        memcpy(entry, &member.name, sizeof(member.name));
        r = decode_slot(decoder, of, item, entry + slot->entry_value, &member);
        if (r < 0)
            return r;
        entry += slot->entry_size;
    }
    return 0;
}

/* Appends a member that the structure does not have to its list. */
static int keep(struct decoder *decoder, const struct json_path *path, json_t *value, const tb_member ***tail)
{
    tb_member *member;
    void *memory;
    int r = allocate(decoder, 1, sizeof(*member), path, &memory);

    if (r < 0)
        return r;
    member = memory;
    member->name = path->name;
    **tail = member;
    *tail = (const tb_member **)&member->next;
    return decode_json(decoder, value, &member->value, path);
}

static int decode_members(struct decoder *decoder, const struct tb_schema *schema, json_t *value,
                          struct table_structure *structure, const struct json_path *path)
{
    const tb_member **tail = &structure->object.kept;
    struct json_path member = {.parent = path};
    json_t *item;
    int r;

    structure->object.source = value;
    json_object_foreach(value, member.name, item)
    {
        const struct tb_field *field =
            json_is_null(item) ? NULL : table_field(decoder->api, schema, member.name);

        if (field)
            r = decode_slot(decoder, field->type, item, (char *)structure + field->offset, &member);
        else
            r = keep(decoder, &member, item, &tail);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Sets *SCHEMA, the declared schema, to the one whose structure VALUE becomes. If a variant is declared, its
 * C type is fixed, and another variant fits only if it has no members of its own: the generated cast of the
 * base goes by the discriminator, and would read beyond the structure. */
static int choose_schema(struct decoder *decoder, const json_t *value, const struct json_path *path,
                         const struct tb_schema **schema)
{
    const tb_api *api = decoder->api;
    const struct tb_schema *declared = *schema, *base, *named;
    const char *text;

    if (!json_is_object(value))
        return unexpected(decoder, path, "an object", value);
    if (!declared->discriminator)
        return 0;
    base = declared->base ? &api->schemas[declared->base - 1] : declared;
    text = json_string_value(json_object_get(value, table_text(api, declared->discriminator)));
    named = table_variant(api, base, text);
    if (!named)
        return 0;
    if (declared->base && named != declared && named->size > base->size)
        return json_path_error(path, decoder->err, TB_ERROR_DECODE, -EBADMSG, "%s was expected, not %s",
                               table_text(api, declared->name), table_text(api, named->name));
    *schema = declared->base ? declared : named;
    return 0;
}

static int decode_object(struct decoder *decoder, const struct tb_schema *schema, json_t *value, void **slot,
                         const struct json_path *path)
{
    int r = choose_schema(decoder, value, path, &schema);

    if (r == 0)
        r = allocate(decoder, 1, schema->size, path, slot);
    return r < 0 ? r : decode_members(decoder, schema, value, *slot, path);
}

static int decode_nested(struct decoder *decoder, const struct tb_type *type, json_t *value, void *slot,
                         const struct json_path *path)
{
    int r;

    if (decoder->depth == TB_CODEC_DEPTH_MAX)
        return json_path_error(path, decoder->err, TB_ERROR_DECODE, -EBADMSG,
                               "nested more than %d levels deep", TB_CODEC_DEPTH_MAX);
    decoder->depth++;
    if (type->kind == TB_KIND_OBJECT)
        r = decode_object(decoder, &decoder->api->schemas[type->of], value, slot, path);
    else if (type->kind == TB_KIND_LIST)
        r = decode_list(decoder, type->of, value, slot, path);
    else
        r = decode_map(decoder, type->of, value, slot, path);
    decoder->depth--;
    return r;
}

/* SLOT must be zeroed; null leaves it so. */
static int decode_slot(struct decoder *decoder, unsigned type, json_t *value, void *slot,
                       const struct json_path *path)
{
    const struct tb_type *row = &decoder->api->types[type];

    if (json_is_null(value))
        return 0;
    switch ((enum tb_kind)row->kind) {
    case TB_KIND_STRING:
        return decode_string(decoder, row, value, slot, path);
    case TB_KIND_BOOL:
        return decode_bool(decoder, value, slot, path);
    case TB_KIND_INT32:
        return decode_int32(decoder, row, value, slot, path);
    case TB_KIND_INT64:
        return decode_int64(decoder, value, slot, path);
    case TB_KIND_DOUBLE:
        return decode_double(decoder, value, slot, path);
    case TB_KIND_JSON:
        return decode_json(decoder, value, slot, path);
    case TB_KIND_OBJECT:
    case TB_KIND_LIST:
    case TB_KIND_MAP:
        return decode_nested(decoder, row, value, slot, path);
    case TB_KIND_NONE:
    case TB_KIND_PART:
        break;
    }
    return json_path_error(path, decoder->err, TB_ERROR_USAGE, -EINVAL, "this type has no JSON form");
}

/* The arena's first allocation is the result: the structure of an object, or the slot of another value. */
static int decode_root(struct decoder *decoder, unsigned type, json_t *root, size_t max,
                       const struct json_path *path)
{
    const struct tb_type *row = &decoder->api->types[type];
    const struct tb_schema *schema = NULL;
    int r = 0;

    if (row->kind == TB_KIND_OBJECT) {
        schema = &decoder->api->schemas[row->of];
        r = choose_schema(decoder, root, path, &schema);
    }
    if (r < 0)
        return r;
    r = arena_create(schema ? schema->size : table_slot(row->kind)->size, max, root, &decoder->arena);
    if (r < 0)
        return no_memory(decoder->err, path, r);
    decoder->depth = schema ? 1 : 0;
    return schema ? decode_members(decoder, schema, root, arena_value(decoder->arena), path)
                  : decode_slot(decoder, type, root, arena_value(decoder->arena), path);
}

int decode_bounded(const tb_api *api, unsigned type, json_t *root, size_t max, void **ret,
                   struct warnings *warnings, tb_error *err)
{
    struct decoder decoder = {.api = api, .err = err, .warnings = warnings};
    const struct json_path path = {.parent = NULL};
    int r;

    if (json_is_null(root)) {
        json_decref(root);
        *ret = NULL;
        return 0;
    }
    r = decode_root(&decoder, type, root, max, &path);
    if (r == 0)
        *ret = arena_value(decoder.arena);
    else if (decoder.arena)
        tb_free(arena_value(decoder.arena));
    else
        json_decref(root);
    return r;
}

int decode_value(const tb_api *api, unsigned type, json_t *root, void **ret, struct warnings *warnings,
                 tb_error *err)
{
    return decode_bounded(api, type, root, DECODE_MEMORY_MAX, ret, warnings, err);
}

json_t *tb_kept(const tb_object *object, const char *name)
{
    const tb_member *member;

    for (member = object ? object->kept : NULL; member; member = member->next)
        if (tb_is(member->name, name))
            return member->value;
    return NULL;
}
