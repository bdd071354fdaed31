/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the three editions of the configured version.
 */
#ifndef TB_CTL_EDITIONS_H
#define TB_CTL_EDITIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <tbclient/table.h>

#define EDITION_COUNT 3
#define EDITION_NONE  EDITION_COUNT /* an index: unknown, or not given */

struct edition {
    const char *name;  /* "ce", as in --edition */
    const char *title; /* "CE" */
    const tb_api *api;
};

/* CE, PE, PaaS. */
extern const struct edition editions[EDITION_COUNT];

/* The index of the edition called NAME (in any case), or EDITION_NONE. */
unsigned edition_find(const char *name);

/* The first edition from FIRST on that has the operation ID, or the schema NAME; or EDITION_NONE. ONLY: the
 * only edition to look at, or EDITION_NONE for all. */
unsigned edition_with_operation(const char *id, unsigned first, unsigned only);
unsigned edition_with_schema(const char *name, unsigned first, unsigned only);

#endif
