/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints JSON for people: formatted, with the characters of the original, but none that control a terminal.
 */
#ifndef TB_CTL_JSON_PRINT_H
#define TB_CTL_JSON_PRINT_H

#include <stdbool.h>
#include <stdio.h>

/* Prints the JSON from TEXT to END, which must be valid, without a line end: on one line if COMPACT, else
 * indented by 2 blanks per level. LEVEL is that of the value itself; its first line is not indented. Check
 * FILE for errors. */
void json_print(FILE *file, const char *text, const char *end, bool compact, unsigned level);

#endif
