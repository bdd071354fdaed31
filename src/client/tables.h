/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups in the tables of an API (tbclient/table.h).
 */
#ifndef TB_CLIENT_TABLES_H
#define TB_CLIENT_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include <tbclient/codec.h>
#include <tbclient/table.h>
#include <tbclient/value.h>

/* The beginning of every structure, and the shape of every list and map. */
struct table_structure {
    tb_object object;
};

struct table_items {
    size_t count;
    void *items; /* NULL: absent */
};

/* The memory that a value of some kind takes on this machine, as a member or element, and in a map. */
struct table_slot {
    size_t size;
    size_t alignment;
    size_t entry_size;  /* of struct {const char *key; T value;} */
    size_t entry_value; /* offset in it */
};

/* KIND is an enum tb_kind. All is 0 for a kind without a value. */
const struct table_slot *table_slot(unsigned kind);

static inline const char *table_text(const tb_api *api, uint32_t offset)
{
    return api->strings + offset;
}

/* The field of SCHEMA called NAME, or NULL. */
const struct tb_field *table_field(const tb_api *api, const struct tb_schema *schema, const char *name);

/* The field of a base or variant that names the variant; NULL if SCHEMA has none. */
const struct tb_field *table_discriminator(const tb_api *api, const struct tb_schema *schema);

/* The schema of the variant of BASE that VALUE names; NULL if VALUE is NULL or names none. */
const struct tb_schema *table_variant(const tb_api *api, const struct tb_schema *base, const char *value);

/* Whether this version of the API knows VALUE. */
bool table_enum_has(const tb_api *api, const struct tb_enum *values, const char *value);

/* The schema, or the enumeration, called NAME; or NULL. */
const struct tb_schema *table_schema(const tb_api *api, const char *name);
const struct tb_enum *table_enum(const tb_api *api, const char *name);

#endif
