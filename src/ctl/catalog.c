/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "ctl/names.h"

unsigned edition_find(const char *name)
{
    unsigned i;

    for (i = 0; i < EDITION_COUNT; i++)
        if (strcasecmp(editions[i].name, name) == 0)
            return i;
    return EDITION_NONE;
}

unsigned edition_with_operation(const char *id, unsigned first, unsigned only)
{
    unsigned i;

    for (i = first; i < EDITION_COUNT; i++)
        if ((only == EDITION_NONE || only == i) && tb_operation_find(editions[i].api, id))
            return i;
    return EDITION_NONE;
}

unsigned edition_with_schema(const char *name, unsigned first, unsigned only)
{
    unsigned i;

    for (i = first; i < EDITION_COUNT; i++)
        if ((only == EDITION_NONE || only == i) && table_schema(editions[i].api, name))
            return i;
    return EDITION_NONE;
}

bool is_edition_option(const char *word)
{
    return strcmp(word, "--edition") == 0 || strncmp(word, "--edition=", strlen("--edition=")) == 0;
}

unsigned edition_of_option(int argc, char **argv, int *index)
{
    const char *equal = strchr(argv[*index], '=');

    if (equal)
        return edition_find(equal + 1);
    return *index + 1 < argc ? edition_find(argv[++*index]) : EDITION_NONE;
}

const struct tb_parameter *parameter_find(const tb_api *api, const tb_operation *operation, const char *word)
{
    unsigned i;

    for (i = 0; i < operation->parameter_count; i++) {
        const struct tb_parameter *parameter = &api->parameters[operation->first_parameter + i];

        if (is_named(table_text(api, parameter->name), word))
            return parameter;
    }
    return NULL;
}

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
