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

const tb_operation *tb_operation_find(const tb_api *api, const char *id)
{
    size_t low = 0, high = id ? api->operation_count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(id, table_text(api, api->operations[middle].id));

        if (order == 0)
            return &api->operations[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct tb_schema *schema_find(const tb_api *api, const char *name)
{
    size_t low = 0, high = name ? api->schema_count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, table_text(api, api->schemas[middle].name));

        if (order == 0)
            return &api->schemas[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

unsigned tb_type_find(const tb_api *api, const char *name)
{
    const struct tb_schema *schema = schema_find(api, name);
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
    const struct tb_field *fields = &api->fields[schema->first_field];
    size_t low = 0, high = schema->field_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, table_text(api, fields[middle].name));

        if (order == 0)
            return &fields[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct tb_field *table_discriminator(const tb_api *api, const struct tb_schema *schema)
{
    const struct tb_field *field =
        schema->discriminator ? table_field(api, schema, table_text(api, schema->discriminator)) : NULL;

    return field && api->types[field->type].kind == TB_KIND_STRING ? field : NULL;
}

const struct tb_schema *table_variant(const tb_api *api, const struct tb_schema *base, const char *value)
{
    const struct tb_variant *variants = &api->variants[base->first_variant];
    size_t low = 0, high = value ? base->variant_count : 0;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(value, table_text(api, variants[middle].value));

        if (order == 0)
            return &api->schemas[variants[middle].schema];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool table_enum_has(const tb_api *api, const struct tb_enum *values, const char *value)
{
    unsigned i;

    for (i = 0; i < values->value_count; i++)
        if (strcmp(table_text(api, api->enum_values[values->first_value + i]), value) == 0)
            return true;
    return false;
}
