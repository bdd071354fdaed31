/* SPDX-License-Identifier: Apache-2.0 */
#include "client/multipart.h"

#include <errno.h>

#include "client/check.h"
#include "client/encode.h"
#include "client/error.h"
#include "client/tables.h"
#include "json/json_write.h"
#include "json/number.h"

static int add_text(struct parts *parts, const char *name, const char *text, tb_error *err)
{
    return parts_add(parts, name, &(tb_part){.data = text, .length = strlen(text)}, NULL, err);
}

/* Takes the reference to VALUE. Strings, numbers and booleans are sent as text, others as JSON. */
static int add_json(struct parts *parts, const char *name, json_t *value, tb_error *err)
{
    bool is_text = json_is_string(value) && !number_is(value);
    bool is_plain = is_text || number_is(value) || json_is_boolean(value);
    struct buf text = BUF_INIT(SIZE_MAX / 2);
    int r = is_text ? buf_append_string(&text, json_string_value(value)) : json_write(&text, value);

    json_decref(value);
    if (r < 0) {
        buf_free(&text);
        return r == -EINVAL ? FAIL(err, TB_ERROR_USAGE, r, "%s: cannot be written as JSON", name)
                            : FAIL_MEMORY(err);
    }
    return parts_add(parts, name,
                     &(tb_part){.data = text.data,
                                .length = text.len,
                                .content_type = is_plain ? NULL : "application/json"},
                     text.data, err);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static int add_part(struct parts *parts, const char *name, const tb_part *part, tb_error *err)
{
    tb_part out = *part;

    if (part->file && part->data)
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "%s: give data or a file, not both", name);
    if (!part->name)
        out.name = part->file ? file_name(part->file) : "file";
    if (!part->content_type)
        out.content_type = "application/octet-stream";
    return parts_add(parts, name, &out, NULL, err);
}

/* Takes the reference to VALUE. */
static int add_checked(const tb_api *api, const struct tb_field *field, json_t *value, struct parts *parts,
                       struct warnings *warnings, tb_error *err)
{
    const char *name = table_text(api, field->name);
    int r;

    warnings->where = name;
    r = check_request(api, field->type, field->bounds, value, warnings, err);
    if (r == 0)
        return add_json(parts, name, value, err);
    json_decref(value);
    return err ? tb_error_prefix(err, "%s", name) : r;
}

/* Adds the part in FIELD; -ENODATA if it is not set. */
static int add_field(const tb_api *api, const struct tb_field *field, const void *member, struct parts *parts,
                     struct warnings *warnings, tb_error *err)
{
    const char *name = table_text(api, field->name);
    unsigned kind = api->types[field->type].kind;
    const tb_part *part = member;
    const struct table_items *items = member;
    json_t *json = NULL;
    size_t i;
    int r = 0;

    if (kind == TB_KIND_PART)
        return part->data || part->file ? add_part(parts, name, part, err) : -ENODATA;
    if (kind == TB_KIND_STRING)
        return *(const char *const *)member ? add_text(parts, name, *(const char *const *)member, err)
                                            : -ENODATA;
    if (kind == TB_KIND_LIST && api->types[api->types[field->type].of].kind == TB_KIND_PART) {
        for (i = 0; r == 0 && i < items->count; i++)
            r = add_part(parts, name, (const tb_part *)items->items + i, err);
        return items->count > 0 ? r : -ENODATA;
    }
    if (kind == TB_KIND_OBJECT) {
        if (!*(const void *const *)member)
            return -ENODATA;
        r = encode_value(api, field->type, *(const void *const *)member, &json, err);
    } else {
        r = encode_value(api, field->type, member, &json, err);
    }
    if (r < 0)
        return r;
    return json ? add_checked(api, field, json, parts, warnings, err) : -ENODATA;
}

static void warn_if_required(const tb_api *api, const struct tb_field *field, struct warnings *warnings)
{
    warnings->where = table_text(api, field->name);
    if (field->flags & TB_REQUIRED)
        warn(warnings, NULL, "required, but not set");
}

static const struct tb_schema *schema_of(const tb_api *api, unsigned type, tb_error *err)
{
    if (api->types[type].kind == TB_KIND_OBJECT)
        return &api->schemas[api->types[type].of];
    FAIL(err, TB_ERROR_USAGE, -EINVAL, "the table does not say what the parts are");
    return NULL;
}

int multipart_from_structure(const tb_api *api, unsigned type, const void *structure, struct parts *parts,
                             struct warnings *warnings, tb_error *err)
{
    const struct tb_schema *schema = schema_of(api, type, err);
    unsigned i;
    int r = schema ? parts_begin(parts, err) : -EINVAL;

    for (i = 0; r == 0 && i < schema->field_count; i++) {
        const struct tb_field *field = &api->fields[schema->first_field + i];

        r = structure ? add_field(api, field, (const char *)structure + field->offset, parts, warnings, err)
                      : -ENODATA;
        if (r == -ENODATA) {
            warn_if_required(api, field, warnings);
            r = 0;
        }
    }
    return r;
}

static int add_member(const tb_api *api, const struct tb_field *field, json_t *value, struct parts *parts,
                      struct warnings *warnings, tb_error *err)
{
    const char *file = json_string_value(json_object_get(value, "file"));
    const char *name = table_text(api, field->name);
    unsigned kind = api->types[field->type].kind;

    if (file && json_object_size(value) == 1)
        return add_part(parts, name, &(tb_part){.file = file}, err);
    if (json_is_string(value) && !number_is(value) &&
        (strlen(json_string_value(value)) != json_string_length(value) ||
         tb_verbatim(json_string_value(value))))
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "%s: the text contains a NUL character or is not UTF-8",
                    name);
    if (kind == TB_KIND_PART || kind == TB_KIND_LIST)
        return add_json(parts, name, json_incref(value), err);
    return add_checked(api, field, json_incref(value), parts, warnings, err);
}

int multipart_from_object(const tb_api *api, unsigned type, const json_t *object, struct parts *parts,
                          struct warnings *warnings, tb_error *err)
{
    const struct tb_schema *schema = schema_of(api, type, err);
    const char *name;
    json_t *value;
    unsigned i;
    int r = schema ? parts_begin(parts, err) : -EINVAL;

    if (r == 0 && object && !json_is_object(object))
        r = FAIL(err, TB_ERROR_USAGE, -EINVAL, "a multipart body must be an object of parts");
    json_object_foreach((json_t *)(uintptr_t)object, name,
                        value) if (r == 0 && !table_field(api, schema, name)) r =
        FAIL(err, TB_ERROR_USAGE, -EINVAL, "%.100s: the operation has no such part", name);
    for (i = 0; r == 0 && i < schema->field_count; i++) {
        const struct tb_field *field = &api->fields[schema->first_field + i];

        value = json_object_get(object, table_text(api, field->name));
        if (value && !json_is_null(value))
            r = add_member(api, field, value, parts, warnings, err);
        else
            warn_if_required(api, field, warnings);
    }
    return r;
}
