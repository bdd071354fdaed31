/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A multipart/form-data body (RFC 7578). Only the header of each part is kept in memory; the contents stay
 * where they are, and are read while the body is sent.
 */
#ifndef TB_CLIENT_PARTS_H
#define TB_CLIENT_PARTS_H

#include <stdint.h>

#include <tbclient/error.h>
#include <tbclient/value.h>

#include "base/buf.h"

#define PARTS_MAX                64
#define PARTS_BOUNDARY_MAX       32
#define PARTS_CONTENT_LENGTH_MAX (INT64_MAX / (2 * PARTS_MAX)) /* bytes of one part; so their sum fits */

struct part {
    const char *name;
    const char *path; /* for messages; NULL: not a file */
    struct buf head;  /* the delimiter, the header lines and the empty line */
    const void *data;
    char *owned; /* what DATA points to, if it was made for the part; NULL: DATA is borrowed */
    int fd;      /* read instead of DATA; -1: none */
    int64_t length;
};

struct parts {
    size_t count;
    struct part items[PARTS_MAX];
    char boundary[PARTS_BOUNDARY_MAX + 1]; /* for the Content-Type header */
    char end[PARTS_BOUNDARY_MAX + 8 + 1];  /* the delimiter after the last part */
    int64_t length;                        /* of the whole body */
    size_t index;                          /* of the item to send next; COUNT: the end */
    int64_t sent;                          /* bytes of that item that were read */
    tb_error failure;                      /* why the body could not be read to its end; code 0: none */
};

/* Begins a body without parts, with a random boundary. Free it with parts_free(), after an error, too. */
int parts_begin(struct parts *parts, tb_error *err);

/* Adds a part of the form's field NAME. A file is opened here; it must be a regular file, because only that
 * can be sent again and never blocks. Without a file name or content type the part has none. The name and the
 * file name are escaped as browsers do. Borrows NAME, PART's file and PART's data. OWNED, which may be NULL,
 * is freed with the parts, and after an error. TB_ERROR_USAGE or TB_ERROR_SYSTEM. */
int parts_add(struct parts *parts, const char *name, const tb_part *part, char *owned, tb_error *err);

/* Supplies the body, at most MAX bytes at a time; *RET is 0 at its end. It has the promised length or none:
 * if a file cannot be read or has another size by now, a negative errno is returned, also from then on, and
 * FAILURE is set. */
int parts_read(struct parts *parts, void *data, size_t max, size_t *ret);

/* How many bytes of the body were read. */
int64_t parts_sent(const struct parts *parts);

/* Returns to the first byte: 0, or the error of parts_read(). */
int parts_rewind(struct parts *parts);

/* Closes the files. PARTS need not have been begun if its count is 0. */
void parts_free(struct parts *parts);

#endif
