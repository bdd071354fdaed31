/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tables.h"

#include <string.h>

#include "base/util.h"

#define SLOT(T)                                                                                              \
    {                                                                                                        \
        sizeof(T), _Alignof(T), sizeof(struct {                                                              \
            const char *key;                                                                                 \
            T value;                                                                                         \
        }),                                                                                                  \
            offsetof(                                                                                        \
                struct {                                                                                     \
                    const char *key;                                                                         \
                    T value;                                                                                 \
                },                                                                                           \
                value)                                                                                       \
    }

const struct table_slot *table_slot(unsigned kind)
{
    static const struct table_slot slots[] = {
        [TB_KIND_STRING] = SLOT(const char *),    [TB_KIND_BOOL] = SLOT(tb_bool),
        [TB_KIND_INT32] = SLOT(tb_int32),         [TB_KIND_INT64] = SLOT(tb_int64),
        [TB_KIND_DOUBLE] = SLOT(tb_double),       [TB_KIND_JSON] = SLOT(json_t *),
        [TB_KIND_OBJECT] = SLOT(void *),          [TB_KIND_LIST] = SLOT(struct table_items),
        [TB_KIND_MAP] = SLOT(struct table_items), [TB_KIND_PART] = SLOT(tb_part),
    };

    return &slots[kind < ARRAY_SIZE(slots) ? kind : TB_KIND_NONE];
}

/* Finds NAME among COUNT rows of SIZE bytes, which begin with their name and are sorted by it; or returns
 * NULL. */
static const void *find_row(const tb_api *api, const void *rows, size_t count, size_t size, const char *name)
{
    size_t low = 0, high = name ? count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const void *row = (const char *)rows + middle * size;
        int order = strcmp(name, table_text(api, *(const uint32_t *)row));

        if (order == 0)
            return row;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

_Static_assert(offsetof(struct tb_operation, id) == 0 && offsetof(struct tb_schema, name) == 0 &&
                   offsetof(struct tb_field, name) == 0 && offsetof(struct tb_variant, value) == 0 &&
                   offsetof(struct tb_enum, name) == 0,
               "find_row() takes the name from the beginning of a row");

const tb_operation *tb_operation_find(const tb_api *api, const char *id)
{
    return find_row(api, api->operations, api->operation_count, sizeof(*api->operations), id);
}

const struct tb_schema *table_schema(const tb_api *api, const char *name)
{
    return find_row(api, api->schemas, api->schema_count, sizeof(*api->schemas), name);
}

const struct tb_enum *table_enum(const tb_api *api, const char *name)
{
    return find_row(api, api->enums, api->enum_count, sizeof(*api->enums), name);
}

unsigned tb_type_find(const tb_api *api, const char *name)
{
    const struct tb_schema *schema = table_schema(api, name);
    unsigned i;

    for (i = 1; schema && i < api->type_count; i++)
        if (api->types[i].kind == TB_KIND_OBJECT && &api->schemas[api->types[i].of] == schema)
            return i;
    return 0;
}

const char *tb_method_name(enum tb_method method)
{
    static const char *const names[] = {
        [TB_GET] = "GET",       [TB_POST] = "POST", [TB_PUT] = "PUT",         [TB_PATCH] = "PATCH",
        [TB_DELETE] = "DELETE", [TB_HEAD] = "HEAD", [TB_OPTIONS] = "OPTIONS",
    };

    return (size_t)method < ARRAY_SIZE(names) ? names[method] : "";
}

const struct tb_field *table_field(const tb_api *api, const struct tb_schema *schema, const char *name)
{
    return find_row(api, &api->fields[schema->first_field], schema->field_count, sizeof(*api->fields), name);
}

const struct tb_field *table_discriminator(const tb_api *api, const struct tb_schema *schema)
{
    const struct tb_field *field =
        schema->discriminator ? table_field(api, schema, table_text(api, schema->discriminator)) : NULL;

    return field && api->types[field->type].kind == TB_KIND_STRING ? field : NULL;
}

const struct tb_schema *table_variant(const tb_api *api, const struct tb_schema *base, const char *value)
{
    const struct tb_variant *variant = find_row(api, &api->variants[base->first_variant], base->variant_count,
                                                sizeof(*api->variants), value);

    return variant ? &api->schemas[variant->schema] : NULL;
}

bool table_enum_has(const tb_api *api, const struct tb_enum *values, const char *value)
{
    unsigned i;

    for (i = 0; i < values->value_count; i++)
        if (strcmp(table_text(api, api->enum_values[values->first_value + i]), value) == 0)
            return true;
    return false;
}
