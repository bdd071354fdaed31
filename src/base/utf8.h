/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 as defined by RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
 */
#ifndef TB_BASE_UTF8_H
#define TB_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Checks a text byte by byte. Zeroed memory begins one. */
struct utf8 {
    int pending;             /* bytes of the character that are still to come; not 0 at the end: incomplete */
    unsigned char low, high; /* bounds of the next of them */
};

/* Whether BYTE may be the next one; after false nothing more can be checked. */
bool utf8_next(struct utf8 *state, unsigned char byte);

/* The number of characters in LENGTH bytes at TEXT, or -EILSEQ if they are not UTF-8. */
ssize_t utf8_count(const char *text, size_t length);

/* The length of the character at TEXT (not at its end) if it controls a terminal: below U+0020, U+007F to
 * U+009F, or the order of writing: U+2028 to U+202E, U+2066 to U+2069. 0: it does not. */
size_t utf8_control_length(const char *text);

/* Makes each of these a question mark, and each byte of what is not UTF-8: of ISO-8859-1, or of a character
 * that was cut off. */
void utf8_mask(char *text);

/* The length of the byte order mark that some editors put at the beginning: 3, or 0 if TEXT has none. */
size_t utf8_mark_length(const char *text, size_t length);

#endif
