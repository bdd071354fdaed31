/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

const struct tb_type *element_type(const tb_api *api, uint16_t type)
{
    const struct tb_type *row = &api->types[type];

    return row->kind == TB_KIND_LIST ? &api->types[row->of] : row;
}

const struct tb_enum *type_enum(const tb_api *api, const struct tb_type *type)
{
    bool may_have = type->kind == TB_KIND_STRING || type->kind == TB_KIND_INT32;

    return may_have && type->of ? &api->enums[type->of - 1] : NULL;
}

static const char *scalar_words(const tb_api *api, const struct tb_type *type)
{
    static const char *const kinds[] = {
        [TB_KIND_NONE] = "nothing",  [TB_KIND_STRING] = "text",   [TB_KIND_BOOL] = "true or false",
        [TB_KIND_INT32] = "integer", [TB_KIND_INT64] = "integer", [TB_KIND_DOUBLE] = "number",
        [TB_KIND_JSON] = "any JSON", [TB_KIND_OBJECT] = "",       [TB_KIND_LIST] = "",
        [TB_KIND_MAP] = "",          [TB_KIND_PART] = "file",
    };

    if (type->kind == TB_KIND_OBJECT)
        return table_text(api, api->schemas[type->of].name);
    if (type_enum(api, type))
        return table_text(api, type_enum(api, type)->name);
    if (type->kind == TB_KIND_STRING && type->format != TB_FORMAT_NONE)
        return type->format == TB_FORMAT_UUID ? "UUID" : "base64 text";
    return type->kind < ARRAY_SIZE(kinds) ? kinds[type->kind] : "unknown";
}

const char *type_words(const tb_api *api, uint16_t type, char *ret, size_t size)
{
    const struct tb_type *row = &api->types[type];
    size_t used = 0;

    while ((row->kind == TB_KIND_LIST || row->kind == TB_KIND_MAP) && used < size) {
        used += (size_t)snprintf(ret + used, size - used, row->kind == TB_KIND_LIST ? "list of " : "map of ");
        row = &api->types[row->of];
    }
    if (used < size)
        snprintf(ret + used, size - used, "%s", scalar_words(api, row));
    return ret;
}

static void range_words(int64_t low, int64_t high, int64_t lowest, int64_t highest, const char *unit,
                        char *ret, size_t size)
{
    if (low > lowest && high < highest)
        snprintf(ret, size, "%" PRId64 " to %" PRId64 "%s", low, high, unit);
    else if (low > lowest)
        snprintf(ret, size, "at least %" PRId64 "%s", low, unit);
    else if (high < highest)
        snprintf(ret, size, "at most %" PRId64 "%s", high, unit);
}

const char *bounds_words(const tb_api *api, uint16_t type, uint16_t bounds, char *ret, size_t size)
{
    const struct tb_bounds *row = &api->bounds[bounds];
    uint8_t kind = api->types[type].kind;
    const char *unit = kind == TB_KIND_STRING ? " characters"
                       : kind == TB_KIND_LIST ? " elements"
                                              : " members";

    ret[0] = '\0';
    if (bounds == 0)
        return ret;
    if (kind == TB_KIND_INT32 || kind == TB_KIND_INT64 || kind == TB_KIND_DOUBLE)
        range_words(row->minimum, row->maximum, INT64_MIN, INT64_MAX, "", ret, size);
    else
        range_words(row->min_length, row->max_length, 0, UINT32_MAX, unit, ret, size);
    return ret;
}

const char *enum_words(const tb_api *api, const struct tb_enum *list, char *ret, size_t size)
{
    size_t used = 0;
    unsigned i;

    ret[0] = '\0';
    for (i = 0; i < list->value_count; i++) {
        const char *value = table_text(api, api->enum_values[list->first_value + i]);

        if (used + strlen(value) + sizeof(", ...") + 2 > size) {
            snprintf(ret + used, size - used, ", ...");
            break;
        }
        used += (size_t)snprintf(ret + used, size - used, "%s%s", i ? ", " : "", value);
    }
    return ret;
}
