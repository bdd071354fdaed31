/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validates JSON by the schemas of the specification, as a server does. Shares no code with
 * src/client/check.h, which is tested against it.
 */
#ifndef TB_SIM_SCHEMA_VALIDATOR_H
#define TB_SIM_SCHEMA_VALIDATOR_H

#include <jansson.h>
#include <stdbool.h>
#include <tbclient/table.h>

#include "sim/base/memory.h"

enum {
    SCHEMA_STRICT = 1 << 0, /* unknown members are errors */
    SCHEMA_ANSWER = 1 << 1, /* required members may be null or missing, as in answers of servers */
};

/* The first error of a value. Begins as SCHEMA_ERROR_INIT. */
struct schema_error {
    struct buf text; /* "id.entityType: ..." */
    bool is_type;    /* the type is wrong, so that a server cannot parse the value */
};

#define SCHEMA_ERROR_INIT                                                                                    \
    {                                                                                                        \
        .text = XBUF_INIT                                                                                    \
    }

static inline void schema_error_free(struct schema_error *error)
{
    buf_free(&error->text);
}

static inline const char *api_text(const struct tb_api *api, uint32_t offset)
{
    return api->strings + offset;
}

/* -EINVAL; RET says why. */
int schema_check(const struct tb_api *api, unsigned type, unsigned bounds, const json_t *value,
                 unsigned flags, struct schema_error *ret);
/* The same for the text of a parameter of a scalar type. */
int schema_check_text(const struct tb_api *api, unsigned type, unsigned bounds, const char *text,
                      struct schema_error *ret);
/* The field of that name, or NULL. */
const struct tb_field *schema_field(const struct tb_api *api, const struct tb_schema *schema,
                                    const char *name);

#endif
