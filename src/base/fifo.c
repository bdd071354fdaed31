/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fifo.h"

const char *fifo_data(const struct fifo *fifo)
{
    return fifo->bytes.data ? fifo->bytes.data + fifo->begin : "";
}

void fifo_consume(struct fifo *fifo, size_t length)
{
    fifo->begin += length;
    if (fifo_is_empty(fifo))
        fifo_free(fifo);
}

size_t fifo_read(struct fifo *fifo, void *data, size_t max)
{
    size_t length = fifo_length(fifo) < max ? fifo_length(fifo) : max;

    memcpy(data, fifo_data(fifo), length);
    fifo_consume(fifo, length);
    return length;
}

int fifo_append(struct fifo *fifo, const void *data, size_t length)
{
    return buf_append(fifo_tail(fifo), data, length);
}

/* The bytes that wait are moved only after at least as many were consumed: each is moved once on average. */
struct buf *fifo_tail(struct fifo *fifo)
{
    size_t waiting = fifo_length(fifo);

    if (fifo->begin > 0 && fifo->begin >= waiting) {
        memcpy(fifo->bytes.data, fifo->bytes.data + fifo->begin, waiting);
        buf_truncate(&fifo->bytes, waiting);
        fifo->begin = 0;
    }
    fifo->bytes.max = fifo->begin + fifo->max;
    return &fifo->bytes;
}

void fifo_free(struct fifo *fifo)
{
    buf_free_secret(&fifo->bytes);
    fifo->begin = 0;
}
