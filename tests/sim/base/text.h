/* SPDX-License-Identifier: Apache-2.0 */
/* Small questions about strings, and their conversion between UTF-8 and ISO-8859-1. */
#ifndef TB_SIM_TEXT_H
#define TB_SIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* False if either is NULL. */
static inline bool streq(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

bool starts_with(const char *text, const char *prefix);
bool ends_with(const char *text, const char *suffix);

/* A whole decimal number with nothing around it. -EINVAL if TEXT is something else, or NULL; -ERANGE. */
int parse_int64(const char *text, int64_t *ret);

/* Rewrites UTF-8 as ISO-8859-1; characters that it lacks become '?'. Returns the new length. */
size_t utf8_to_latin1(char *text);

/* The bytes as they are if they are UTF-8 without NUL, otherwise read as ISO-8859-1, with spaces for NULs.
 * Freed with free(). */
char *bytes_to_utf8(const char *data, size_t length);

#endif
