/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of a header line (RFC 9112, section 5), strictly.
 */
#ifndef TB_HTTP_FIELD_LINE_H
#define TB_HTTP_FIELD_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct field_line {
    const char *name, *value; /* pieces of the line */
    size_t name_length, value_length;
};

/* Divides LINE, without its CRLF and not empty, into name and value; blanks around the value are not part of
 * it. Returns NULL, or what is wrong with "a header of the answer": static. */
const char *field_line_split(const char *line, size_t length, struct field_line *ret);

/* How many bytes from TEXT on may be in a name. */
size_t field_token_length(const char *text);

/* Whether the bytes from TEXT to END may be in a value: no control character but HTAB. */
bool field_text_is_valid(const char *text, const char *end);

#endif
