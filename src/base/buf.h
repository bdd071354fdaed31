/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable buffer of bytes with a maximum size. Zeroed memory with a maximum is an empty buffer. After any
 * append the bytes are followed by a NUL, which is not counted, so text can be used as a string.
 */
#ifndef TB_BASE_BUF_H
#define TB_BASE_BUF_H

#include <stddef.h>

#include "base/util.h"

struct buf {
    char *data; /* NULL until something is appended */
    size_t len;
    size_t capacity;
    size_t max; /* the largest LEN */
};

#define BUF_INIT(maximum)                                                                                    \
    {                                                                                                        \
        NULL, 0, 0, (maximum)                                                                                \
    }

/* 0, -EMSGSIZE if LEN would exceed the maximum, or -ENOMEM; the buffer is unchanged on error. */
int buf_append(struct buf *buf, const void *data, size_t len);
int buf_append_string(struct buf *buf, const char *text);
int buf_append_format(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Keeps only the first LEN bytes, and the memory. */
void buf_truncate(struct buf *buf, size_t len);

/* Empties the buffer, but keeps the memory. */
void buf_clear(struct buf *buf);

/* Frees the memory; the buffer is then empty and can be used again. */
void buf_free(struct buf *buf);

/* The same for secrets: the memory is overwritten first. (What a buffer left behind when it grew is not
 * overwritten; so fill one that holds a secret by a single append.) */
void buf_free_secret(struct buf *buf);

#endif
