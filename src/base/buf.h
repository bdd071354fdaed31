/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable run of bytes with a maximum. Zeroed memory with a maximum is an empty buffer; after any append
 * the bytes are followed by a NUL that is not counted, so that text can be used as a string.
 */
#ifndef TB_BASE_BUF_H
#define TB_BASE_BUF_H

#include <stddef.h>

#include "base/util.h"

struct buf {
    char *data; /* NULL while nothing was appended */
    size_t len;
    size_t capacity;
    size_t max; /* most bytes that LEN may reach */
};

#define BUF_INIT(maximum)                                                                                    \
    {                                                                                                        \
        NULL, 0, 0, (maximum)                                                                                \
    }

/* 0, -EMSGSIZE where the maximum would be passed, or -ENOMEM; the buffer is unchanged on error. */
int buf_append(struct buf *buf, const void *data, size_t len);
int buf_append_string(struct buf *buf, const char *text);
int buf_append_format(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Forgets all but the first LEN bytes, keeps the memory. */
void buf_truncate(struct buf *buf, size_t len);

/* Forgets the bytes, keeps the memory. */
void buf_clear(struct buf *buf);

/* Frees the memory; the buffer is empty and usable again. */
void buf_free(struct buf *buf);

/* The same for bytes that were secret: overwritten first. (Memory that a growing buffer left behind is
 * overwritten as well only in buffers filled by one append.) */
void buf_free_secret(struct buf *buf);

#endif
