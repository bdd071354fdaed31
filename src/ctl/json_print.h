/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as people read it: doubles as short as they can be without loss, nothing that moves a terminal's
 * cursor.
 */
#ifndef TB_CTL_JSON_PRINT_H
#define TB_CTL_JSON_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints VALUE without a line end. Not COMPACT: indented by 2 blanks, for a value that itself stands LEVEL
 * deep (its first line is not indented). Errors of FILE stay in FILE. */
void json_print(FILE *file, const json_t *value, bool compact, unsigned level);

#endif
