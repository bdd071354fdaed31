/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a value is in JSON: names and indexes with dots between them, such as "id.id" or "data.0.name". A
 * backslash takes away the meaning of the dot after it.
 */
#ifndef TB_CTL_DOTTED_PATH_H
#define TB_CTL_DOTTED_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define DOTTED_NAME_MAX 128 /* of a name, with its NUL */

/* Writes the next name of the path *AT to NAME, and moves *AT behind it: to the next name, or to the end of
 * the text. False if there is none, or it is empty or too long. */
bool dotted_next(const char **at, char name[DOTTED_NAME_MAX]);

/* Whether every name of PATH is in order. */
bool dotted_is_valid(const char *path);

/* NAME as the index of an element; false if it is not a number below 1,000,000. */
bool dotted_index(const char *name, size_t *ret);

#endif
