/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types in the tables, and words for them.
 */
#ifndef TB_CTL_TYPES_H
#define TB_CTL_TYPES_H

#include <stddef.h>

#include <tbclient/table.h>

#include "client/tables.h"

/* The type of a list's elements; for any other TYPE, TYPE itself. */
const struct tb_type *element_type(const tb_api *api, uint16_t type);

/* The enumeration of TYPE, or NULL. */
const struct tb_enum *type_enum(const tb_api *api, const struct tb_type *type);

/* The following write to RET, cut what does not fit, and return RET. */

/* "text", "integer", "list of Device", ... */
const char *type_words(const tb_api *api, uint16_t type, char *ret, size_t size);

/* "", "at least 1", "1 to 100", "at most 255 characters", ... */
const char *bounds_words(const tb_api *api, uint16_t type, uint16_t bounds, char *ret, size_t size);

/* "A, B, C" */
const char *enum_words(const tb_api *api, const struct tb_enum *list, char *ret, size_t size);

#endif
