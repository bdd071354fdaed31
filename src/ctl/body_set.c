/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/body_set.h"

#include <errno.h>

#include "ctl/dotted_path.h"
#include "ctl/message.h"
#include "ctl/spelling.h"
#include "ctl/types.h"
#include "json/json_read.h"

/* The variant of SCHEMA that OBJECT says it is, or SCHEMA. */
static const struct tb_schema *variant_of(const tb_api *api, const struct tb_schema *schema,
                                          const json_t *object)
{
    const char *name = table_text(api, schema->discriminator);
    const struct tb_schema *variant = NULL;

    if (schema->variant_count > 0)
        variant = table_variant(api, schema, json_string_value(json_object_get(object, name)));
    return variant ? variant : schema;
}

/* The member NAME of SCHEMA, or of any of its variants: the one that says which may be set later. */
static const struct tb_field *find_field(const tb_api *api, const struct tb_schema *schema, const char *name)
{
    const struct tb_field *field = table_field(api, schema, name);
    unsigned i;

    for (i = 0; !field && i < schema->variant_count; i++)
        field = table_field(api, &api->schemas[api->variants[schema->first_variant + i].schema], name);
    return field;
}

static void warn_unknown(const tb_api *api, const struct tb_schema *schema, const char *name,
                         const char *path)
{
    struct nearest nearest = nearest_to(name);
    char hint[NAME_MAX_BYTES + 32];
    unsigned i;

    for (i = 0; i < schema->field_count; i++)
        nearest_try(&nearest, table_text(api, api->fields[schema->first_field + i].name));
    say("--set %s: warning: %s has no member %s%s", path, table_text(api, schema->name), name,
        nearest_hint(&nearest, "", hint, sizeof(hint)));
}

/* The type of the member or element NAME of VALUE, which has TYPE. */
static unsigned type_inside(const tb_api *api, unsigned type, const json_t *value, const char *name,
                            const char *path)
{
    const struct tb_type *row = &api->types[type];
    const struct tb_schema *schema;
    const struct tb_field *field;

    if (row->kind == TB_KIND_LIST || row->kind == TB_KIND_MAP)
        return row->of;
    if (row->kind != TB_KIND_OBJECT)
        return BODY_TYPE_ANY;
    schema = variant_of(api, &api->schemas[row->of], value);
    field = find_field(api, schema, name);
    if (!field)
        warn_unknown(api, schema, name, path);
    return field ? field->type : BODY_TYPE_ANY;
}

static json_t *get(const json_t *container, const char *name)
{
    size_t index;

    if (json_is_array(container))
        return dotted_index(name, &index) ? json_array_get(container, index) : NULL;
    return json_object_get(container, name);
}

/* Takes the reference to VALUE. */
static int put(json_t *container, const char *name, json_t *value, const char *path, struct tb_error *err)
{
    size_t count = json_array_size(container), index;
    int r;

    if (tb_verbatim(name)) {
        json_decref(value);
        return tb_error_set(err, -EINVAL, "--set %s: a name cannot begin with U+FDD0", path);
    }
    if (json_is_array(container) && (!dotted_index(name, &index) || index > count)) {
        json_decref(value);
        return tb_error_set(err, -EINVAL,
                            "--set %s: expected the index of one of %zu elements, or %zu for a new one", path,
                            count, count);
    }
    if (!json_is_array(container))
        r = json_object_set_new(container, name, value);
    else if (index == count)
        r = json_array_append_new(container, value);
    else
        r = json_array_set_new(container, index, value);
    return r < 0 ? tb_error_set(err, -EINVAL, "--set %s: the name is not UTF-8, or there is no memory", path)
                 : 0;
}

static json_t *new_container(const tb_api *api, unsigned type)
{
    return api->types[type].kind == TB_KIND_LIST ? json_array() : json_object();
}

/* What is called NAME in CONTAINER and has TYPE: an object or array, made if necessary. Borrowed. */
static json_t *enter(const tb_api *api, unsigned type, json_t *container, const char *name, const char *path,
                     struct tb_error *err)
{
    json_t *inside = get(container, name);

    if (inside && !json_is_null(inside) && !json_is_object(inside) && !json_is_array(inside)) {
        tb_error_set(err, -EINVAL, "--set %s: %s is neither an object nor an array", path, name);
        return NULL;
    }
    if (!inside || json_is_null(inside)) {
        if (put(container, name, new_container(api, type), path, err) < 0)
            return NULL;
        inside = get(container, name);
    }
    return inside;
}

static json_t *read_value(const tb_api *api, unsigned type, const char *path, const char *text,
                          struct tb_error *err)
{
    unsigned kind = api->types[type].kind;
    bool is_any = kind == TB_KIND_NONE || kind == TB_KIND_JSON;
    char words[NAME_MAX_BYTES];
    json_t *value = NULL;

    if (kind != TB_KIND_STRING)
        value = json_read(text, strlen(text), JSON_READ_EXACT, NULL);
    if (kind == TB_KIND_STRING || (is_any && !value))
        value = json_read_text(text);
    if (!value)
        tb_error_set(err, -EINVAL, "--set %s: expected %s%s", path,
                     kind == TB_KIND_STRING || is_any ? "text in UTF-8"
                                                      : type_words(api, (uint16_t)type, words, sizeof(words)),
                     kind == TB_KIND_OBJECT || kind == TB_KIND_LIST || kind == TB_KIND_MAP ? ", as JSON"
                                                                                           : "");
    return value;
}

int body_set(const tb_api *api, unsigned type, json_t **body, const char *path, const char *text,
             struct tb_error *err)
{
    char name[DOTTED_NAME_MAX];
    const char *at = path;
    json_t *container, *value;

    if (!dotted_is_valid(path))
        return tb_error_set(err, -EINVAL,
                            "--set %s: expected names and indexes, such as additionalInfo.gateway", path);
    if (!*body)
        *body = new_container(api, type);
    if (!json_is_object(*body) && !json_is_array(*body))
        return tb_error_set(err, -EINVAL, "--set %s: the body is neither an object nor an array", path);
    for (container = *body; dotted_next(&at, name) && *at;) {
        type = type_inside(api, type, container, name, path);
        container = enter(api, type, container, name, path, err);
        if (!container)
            return -EINVAL;
    }
    value = read_value(api, type_inside(api, type, container, name, path), path, text, err);
    return value ? put(container, name, value, path, err) : -EINVAL;
}
