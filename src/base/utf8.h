/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
 */
#ifndef TB_BASE_UTF8_H
#define TB_BASE_UTF8_H

#include <stddef.h>
#include <sys/types.h>

/* How many characters the LENGTH bytes at TEXT are, or -EILSEQ where they are no UTF-8. */
ssize_t utf8_count(const char *text, size_t length);

/* Bytes of the byte order mark that some editors put before UTF-8: 3, or 0 if TEXT does not begin with one.
 */
size_t utf8_mark_length(const char *text, size_t length);

#endif
