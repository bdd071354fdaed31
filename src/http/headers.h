/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of HTTP header lines, "Name: value", in one block of memory; a NUL ends each.
 */
#ifndef TB_HTTP_HEADERS_H
#define TB_HTTP_HEADERS_H

#include <stdbool.h>
#include <stdint.h>
#include <strings.h>

#include "base/buf.h"

#define HEADERS_MAX_BYTES 65536 /* of one message */
#define HEADERS_MAX_COUNT 128

struct headers {
    struct buf text;
    size_t count;
};

#define HEADERS_INIT                                                                                         \
    {                                                                                                        \
        BUF_INIT(HEADERS_MAX_BYTES), 0                                                                       \
    }

/* Appends a line. 0, -EMSGSIZE at the limits above, or -ENOMEM; the list is unchanged on error. */
int headers_add(struct headers *headers, const char *name, size_t name_length, const char *value,
                size_t value_length);

/* Replaces all lines called NAME, in any case, by this one, which comes last. Errors as above. */
int headers_replace(struct headers *headers, const char *name, const char *value);

/* The line after LINE, or the first one if LINE is NULL; NULL at the end. Valid until the list changes. */
const char *headers_next(const struct headers *headers, const char *line);

/* The value in a line of the list. */
const char *header_value(const char *line);

/* A date (RFC 9110, section 5.6.7: years have four digits) in seconds since the epoch; -1 if VALUE is not
 * one. */
int64_t header_date_s(const char *value);

/* Whether the LENGTH bytes of TEXT are NAME, in any case. Most names differ in the first letter. */
static inline bool header_name_is(const char *text, size_t length, const char *name)
{
    return ((*text ^ *name) & ~0x20) == 0 && strncasecmp(text, name, length) == 0 && name[length] == '\0';
}

/* Whether LINE is a header called NAME, in any case. */
static inline bool header_is(const char *line, const char *name)
{
    size_t length = strlen(name);

    return ((*line ^ *name) & ~0x20) == 0 && strncasecmp(line, name, length) == 0 && line[length] == ':';
}

/* Whether the comma-separated LIST, a header's value, has an entry ENTRY, of LENGTH bytes and in any case. */
bool header_list_has(const char *list, const char *entry, size_t length);

static inline bool header_list_contains(const char *list, const char *entry)
{
    return header_list_has(list, entry, strlen(entry));
}

/* The value of the first header called NAME, in any case; or NULL. */
const char *headers_find(const struct headers *headers, const char *name);

void headers_clear(struct headers *headers);
void headers_free(struct headers *headers);

#endif
