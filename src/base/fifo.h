/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue of bytes: appended at the end, consumed at the front. Sizes are in bytes. Zeroed memory
 * with a maximum is an empty fifo. It owns its memory, and has some only while bytes wait; so an emptied fifo
 * need not be freed. Memory is overwritten before it is freed (with the exception that buf_free_secret()
 * names), because it may hold a token. Queueing n bytes costs O(n), and twice the maximum is in use at most.
 */
#ifndef TB_BASE_FIFO_H
#define TB_BASE_FIFO_H

#include <stdbool.h>

#include "base/buf.h"

struct fifo {
    struct buf bytes; /* those before BEGIN are consumed */
    size_t begin;
    size_t max; /* most bytes that may wait */
};

#define FIFO_INIT(maximum)                                                                                   \
    {                                                                                                        \
        .max = (maximum)                                                                                     \
    }

/* How many bytes wait. */
static inline size_t fifo_length(const struct fifo *fifo)
{
    return fifo->bytes.len - fifo->begin;
}

static inline bool fifo_is_empty(const struct fifo *fifo)
{
    return fifo_length(fifo) == 0;
}

/* The bytes that wait, in one piece; valid until the next call that changes the fifo, and not NULL. */
const char *fifo_data(const struct fifo *fifo);

/* Removes the first LENGTH bytes, of fifo_length() at most. */
void fifo_consume(struct fifo *fifo, size_t length);

/* Copies the first bytes, MAX at most, to DATA and removes them. Returns their number. */
size_t fifo_read(struct fifo *fifo, void *data, size_t max);

/* 0, -EMSGSIZE if more than the maximum would wait, or -ENOMEM; unchanged on error. */
int fifo_append(struct fifo *fifo, const void *data, size_t length);

/* The buffer to append to for functions that write into one: bounded as fifo_append() is, and valid until the
 * next call for this fifo. It holds other bytes, too, so its data and length say nothing. */
struct buf *fifo_tail(struct fifo *fifo);

/* Removes all bytes; the fifo is empty and usable again. */
void fifo_free(struct fifo *fifo);

#endif
