/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a JSON value is what the specification says: the server's own judgement, apart from the client's.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <tbclient/table.h>

#include "sim/base/memory.h"

enum {
    SCHEMA_STRICT = 1 << 0, /* no unknown members */
    SCHEMA_ANSWER = 1 << 1, /* what is required may be null: servers send it */
};

/* What is wrong with a value. */
struct fault_text {
    struct buf text; /* "id.entityType: ..." */
    bool type;       /* not even the right type, so that a server cannot parse it */
};

static inline const char *api_text(const struct tb_api *api, uint32_t offset)
{
    return api->strings + offset;
}

/* False: ret says why. */
bool schema_check(const struct tb_api *api, unsigned type, unsigned bounds, const json_t *value,
                  unsigned flags, struct fault_text *ret);
/* The same for the text of a parameter, of a scalar type. */
bool schema_check_text(const struct tb_api *api, unsigned type, unsigned bounds, const char *text,
                       struct fault_text *ret);
/* The field of a schema, NULL if it has none of that name. */
const struct tb_field *schema_field(const struct tb_api *api, const struct tb_schema *schema,
                                    const char *name);
