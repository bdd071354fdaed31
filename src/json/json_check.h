/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a text is JSON, without memory for its values: for text that is passed on or cut, not used.
 */
#ifndef TB_JSON_JSON_CHECK_H
#define TB_JSON_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Levels of a value: one for itself, and one for each object and array around it. The same as jansson's. */
#define JSON_CHECK_DEPTH 2048

/* Whether TEXT is one value as RFC 8259 defines it, of any type, in UTF-8, and of at most so many levels:
 * what json_read() accepts, but for a NUL after a number or a word. Takes time in proportion to LENGTH. */
bool json_check(const char *text, size_t length);

#endif
