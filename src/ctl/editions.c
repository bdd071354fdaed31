/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/editions.h"

#include <strings.h>

#include "client/tables.h"

/* The headers of the three editions cannot be included together, and only the tables are needed. */
extern const tb_api TB_API_CE, TB_API_PE, TB_API_PAAS;

const struct edition editions[EDITION_COUNT] = {
    {"ce", "CE", &TB_API_CE},
    {"pe", "PE", &TB_API_PE},
    {"paas", "PaaS", &TB_API_PAAS},
};

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
