/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads JSON into jansson's values: all that RFC 8259 allows, to jansson's depth of 2,048 levels. What
 * jansson cannot hold becomes a string that begins with TB_VERBATIM (tbclient/value.h). Of members of the
 * same name the last one counts: the server itself sends some twice.
 */
#ifndef TB_JSON_JSON_READ_H
#define TB_JSON_JSON_READ_H

#include <jansson.h>

enum json_read {
    /* Numbers and strings that json_write() would write differently are verbatim. Without it, numbers keep
     * their value, and strings may contain a NUL. */
    JSON_READ_EXACT = 1 << 0,
};

/* Returns the value in TEXT, of any type, as a new reference. NULL: TEXT is not JSON, or there is no memory;
 * ERROR, which may be NULL, has jansson's reason. Its column is too large after a verbatim number or string
 * on the same line. */
json_t *json_read(const char *text, size_t length, unsigned flags, json_error_t *error);

/* Returns NULL, with json_error_out_of_memory in ERROR, which may be NULL. */
json_t *json_read_failed(json_error_t *error);

/* TEXT as a string, as if it had been read: verbatim if it begins with TB_VERBATIM itself. A new reference;
 * NULL: it is not UTF-8, or there is no memory. */
json_t *json_read_text(const char *text);

/* The length of the string at TEXT, with its quotes; 0 if there is none, or it does not end before END. */
size_t json_read_string(const char *text, const char *end);

#endif
