/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints values, members and variants of types for "describe", to standard output.
 */
#ifndef TB_CTL_SCHEMA_PRINT_H
#define TB_CTL_SCHEMA_PRINT_H

#include "ctl/types.h"

/* "values: A, B, C", on lines indented by INDENT blanks. */
void print_values(const tb_api *api, const struct tb_enum *list, int indent);

/* FLAGS (TB_REQUIRED, ...) and a row of bounds in words, each with *SEPARATOR in front, which becomes ", ".
 */
void print_flags(unsigned flags, const char **separator);
void print_bounds(const tb_api *api, uint16_t type, uint16_t bounds, const char **separator);

/* One line for each member of SCHEMA. */
void print_fields(const tb_api *api, const struct tb_schema *schema);

/* One line for each variant, if SCHEMA has any. */
void print_variants(const tb_api *api, const struct tb_schema *schema);

/* The members of an object, or of the elements of a list or map of objects; the values of an enumeration. */
void print_members(const tb_api *api, uint16_t type);

#endif
