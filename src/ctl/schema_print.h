/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What "describe" prints of types: values, members, variants; all to standard output.
 */
#ifndef TB_CTL_SCHEMA_PRINT_H
#define TB_CTL_SCHEMA_PRINT_H

#include "ctl/types.h"

/* "values: A, B, C", in lines with INDENT blanks in front. */
void print_values(const tb_api *api, const struct tb_enum *list, int indent);

/* What FLAGS (TB_REQUIRED, ...) and a row of bounds say, as words. *SEPARATOR goes in front of the first, and
 * is a comma afterwards. */
void print_flags(unsigned flags, const char **separator);
void print_bounds(const tb_api *api, uint16_t type, uint16_t bounds, const char **separator);

/* One line for each member of SCHEMA. */
void print_fields(const tb_api *api, const struct tb_schema *schema);

/* One line for each variant; nothing where SCHEMA has none. */
void print_variants(const tb_api *api, const struct tb_schema *schema);

/* The members of the object that TYPE is, or that its elements are; the values of an enumeration. */
void print_members(const tb_api *api, uint16_t type);

#endif
