/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as people read it: its own characters, with other blanks, and nothing that moves a terminal's cursor.
 */
#ifndef TB_CTL_JSON_PRINT_H
#define TB_CTL_JSON_PRINT_H

#include <stdbool.h>
#include <stdio.h>

/* Prints the JSON from TEXT to END, which json_read() has taken, without a line end. Not COMPACT: indented by
 * 2 blanks, for a value that itself stands LEVEL deep (its first line is not indented). Errors of FILE stay
 * in FILE. */
void json_print(FILE *file, const char *text, const char *end, bool compact, unsigned level);

#endif
