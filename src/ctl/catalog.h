/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the three editions of the configured version, and words for what stands in them.
 */
#ifndef TB_CTL_CATALOG_H
#define TB_CTL_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <tbclient/table.h>

#include "client/tables.h"

#define EDITION_COUNT 3
#define EDITION_NONE  EDITION_COUNT /* of an index: not known, or not given */

struct edition {
    const char *name;  /* "ce", as in --edition */
    const char *title; /* "CE" */
    const tb_api *api;
};

/* CE, PE, PaaS. */
extern const struct edition editions[EDITION_COUNT];

/* The index of the edition called NAME (without case), or EDITION_NONE. */
unsigned edition_find(const char *name);

/* "--edition" or "--edition=NAME"; and the edition that such an option at ARGV[*INDEX] names, with its value,
 * which may be the next word, or EDITION_NONE. */
bool is_edition_option(const char *word);
unsigned edition_of_option(int argc, char **argv, int *index);

/* The first edition from FIRST on that has the operation ID, or the schema NAME; or EDITION_NONE. ONLY: an
 * edition that is the only one to look at, or EDITION_NONE. */
unsigned edition_with_operation(const char *id, unsigned first, unsigned only);
unsigned edition_with_schema(const char *name, unsigned first, unsigned only);

/* The parameter of OPERATION that WORD names, on the wire or in kebab case; or NULL. */
const struct tb_parameter *parameter_find(const tb_api *api, const tb_operation *operation, const char *word);

/* The element's type of a list, else TYPE itself. */
const struct tb_type *element_type(const tb_api *api, uint16_t type);

/* The enumeration of TYPE, or NULL. */
const struct tb_enum *type_enum(const tb_api *api, const struct tb_type *type);

/* "text", "integer", "list of Device", ...: appended by pieces, cut where it does not fit. Returns RET. */
const char *type_words(const tb_api *api, uint16_t type, char *ret, size_t size);

/* "", "at least 1", "1 to 100", "at most 255 characters", ... Returns RET. */
const char *bounds_words(const tb_api *api, uint16_t type, uint16_t bounds, char *ret, size_t size);

#endif
