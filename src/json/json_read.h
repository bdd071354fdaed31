/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON of others into jansson's values. All that RFC 8259 allows is taken, as deep as jansson goes (2,048
 * levels): what it cannot hold becomes a string that begins with TB_VERBATIM (tbclient/value.h).
 */
#ifndef TB_JSON_JSON_READ_H
#define TB_JSON_JSON_READ_H

#include <jansson.h>

enum json_read {
    /* Numbers and texts are verbatim where json_write() would write others. Without it, numbers keep their
     * value, and strings may have a NUL in them. */
    JSON_READ_EXACT = 1 << 0,
    /* No name twice in an object; without it, the last counts. */
    JSON_READ_UNIQUE = 1 << 1,
};

/* The value that TEXT is, of any kind: a new reference. NULL: it is no JSON, and ERROR, which may be NULL,
 * says why in jansson's words; its column is some characters too large behind a number or string that is
 * verbatim in the same line. */
json_t *json_read(const char *text, size_t length, unsigned flags, json_error_t *error);

/* How many bytes the string has that begins with the quote at TEXT; 0: it is none, or does not end. */
size_t json_read_string(const char *text, const char *end);

#endif
