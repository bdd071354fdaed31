/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "http/proxy_status.h"
#include "transport/http1_private.h"
#include "transport/http1_request.h"
#include "transport/transfer_answer.h"

#define CHUNK_HEAD_BYTES 10 /* the size, up to 8 hexadecimal digits, and CRLF */
#define CHUNK_TAIL_BYTES 2

#define BLOCKS_MAX 16 /* sent before others have their turn */

/* Passes over SENT bytes. Returns how many of the COUNT parts are left. */
static int advance(struct iovec **parts, int count, size_t sent)
{
    for (; count > 0 && sent >= (*parts)->iov_len; count--)
        sent -= (*parts)++->iov_len;
    if (count > 0) {
        (*parts)->iov_base = (char *)(*parts)->iov_base + sent;
        (*parts)->iov_len -= sent;
    }
    return count;
}

/* Sends what the connection takes of PARTS; over TLS that is a record at a time, and no event comes in
 * between. 0: all of it; -EAGAIN. What is lost is noticed by receiving. */
static int send_parts(struct http_connection *connection, struct iovec *parts, int count, size_t *sent)
{
    struct http1 *http1 = connection->state;
    int r = 0;

    *sent = 0;
    while (count > 0 && !http1->cannot_send) {
        size_t length = 0;

        r = connection_send(connection->stream, parts, count, &length);
        if (r == -EAGAIN)
            return r;
        http1->cannot_send = r < 0;
        http1->has_sent |= length > 0;
        *sent += length;
        count = advance(&parts, count, length);
    }
    return count == 0 ? 0 : -EAGAIN;
}

/* The head, together with a body that is in memory. */
static int send_head(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;
    const struct transfer *transfer = http1->transfer;
    size_t head_left = http1->head.len - http1->head_sent, sent;
    size_t body_left =
        transfer->read || !transfer_has_body(transfer) ? 0 : transfer->body_length - http1->body_sent;
    struct iovec parts[] = {
        {http1->head.data + http1->head_sent, head_left},
        {body_left > 0 ? (char *)(uintptr_t)transfer->body + http1->body_sent : NULL, body_left}};
    int skip = head_left == 0, r;

    if (head_left + body_left == 0)
        return 0;
    r = send_parts(connection, parts + skip, body_left > 0 ? 2 - skip : 1, &sent);
    head_left = sent < head_left ? sent : head_left;
    http1->head_sent += head_left;
    http1->body_sent += sent - head_left;
    return r;
}

/* Frames LENGTH bytes at block + CHUNK_HEAD_BYTES as a chunk; no byte: the last one. */
static void frame_chunk(struct http1 *http1, size_t length)
{
    char head[CHUNK_HEAD_BYTES + 1];
    int size = snprintf(head, sizeof(head), "%zx\r\n", length);

    http1->block_sent = CHUNK_HEAD_BYTES - (size_t)size;
    memcpy(http1->block + http1->block_sent, head, (size_t)size);
    memcpy(http1->block + CHUNK_HEAD_BYTES + length, "\r\n", CHUNK_TAIL_BYTES);
    http1->block_length = CHUNK_HEAD_BYTES + length + CHUNK_TAIL_BYTES;
}

/* Gets the next block from read(). 0, -EAGAIN, or another negative errno. */
static int read_block(struct http1 *http1)
{
    struct transfer *transfer = http1->transfer;
    size_t max = HTTP1_BLOCK_BYTES, length = 0;
    int r;

    if (http1->read_left >= 0 && http1->read_left < (int64_t)max)
        max = (size_t)http1->read_left;
    r = max == 0 ? 0 : transfer_read_body(transfer, http1->block + CHUNK_HEAD_BYTES, max, &length);
    if (r < 0)
        return r;
    if (http1->transfer != transfer) /* read() has cancelled it */
        return -EAGAIN;
    http1->body_ended = length == 0;
    if (http1->read_left < 0) {
        frame_chunk(http1, length);
        return 0;
    }
    if (length == 0 && http1->read_left > 0)
        return -EIO; /* shorter than was announced */
    http1->read_left -= (int64_t)length;
    http1->body_ended = http1->read_left == 0;
    http1->block_sent = CHUNK_HEAD_BYTES;
    http1->block_length = CHUNK_HEAD_BYTES + length;
    return 0;
}

static int send_block(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;
    struct iovec part;
    size_t sent;
    int r;

    if (http1->block_sent == http1->block_length)
        return 0;
    part = (struct iovec){http1->block + http1->block_sent, http1->block_length - http1->block_sent};
    r = send_parts(connection, &part, 1, &sent);
    http1->block_sent += sent;
    return r;
}

/* 0: all of it is sent; -EAGAIN; another negative errno of read(). */
static int send_body(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;
    int r = 0, i;

    if (!http1->transfer->read || http1->body_ended)
        return send_block(connection);
    if (!http1->block)
        http1->block = malloc(CHUNK_HEAD_BYTES + HTTP1_BLOCK_BYTES + CHUNK_TAIL_BYTES);
    if (!http1->block)
        return -ENOMEM;
    for (i = 0; i < BLOCKS_MAX && r == 0; i++) {
        r = send_block(connection);
        if (r == 0 && http1->body_ended)
            return 0;
        if (r == 0)
            r = read_block(http1);
    }
    if (r == 0)
        http_connection_wants_flush(connection);
    return r == 0 ? -EAGAIN : r;
}

/* Sends what can be sent now. */
void http1_go_on_sending(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;
    struct transfer *transfer = http1->transfer;
    int r;

    if (!transfer || http1->is_sent || http1->cannot_send || transfer_is_refused_early(transfer))
        return;
    r = send_head(connection);
    if (r == 0 && http1->expect_until)
        return;
    if (r == 0)
        r = send_body(connection);
    if (r == 0) {
        http1->is_sent = true;
        if (transfer->is_answered)
            http1_answered(connection, "", 0);
    } else if (r != -EAGAIN && http1->transfer == transfer)
        http1_fail(connection, TRANSFER_MAY_HAVE_RUN, r == -ECANCELED ? NULL : PROXY_STATUS_INTERNAL_ERROR,
                   "the request's body could not be read to its end");
}

static bool is_to_expect(const struct transfer *transfer)
{
    return transfer->read && transfer_has_body(transfer) && !transfer->no_expect &&
           (transfer->read_length < 0 || transfer->read_length > HTTP1_EXPECT_BYTES);
}

/* Without the token of an error it is not sent again, which would be in vain. */
static int too_large(struct http_connection *connection, struct transfer *transfer)
{
    transfer->error = (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR};
    transfer_explain(transfer, "the request's header is larger than %d bytes", HTTP1_HEAD_BYTES);
    http_transfer_failed(connection, transfer, TRANSFER_NOT_SENT, (struct transfer_error){0}, "%s", "");
    return 0;
}

int http1_send(struct http_connection *connection, struct transfer *transfer)
{
    struct http1 *http1 = connection->state;
    int r;

    buf_clear(&http1->head);
    http1->expects = is_to_expect(transfer);
    r = http1_write_head(connection->transport, transfer, http1->expects, &http1->head);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return too_large(connection, transfer);
    response_reader_begin(&http1->reader, strcmp(transfer->method, "HEAD") == 0, &transfer->response);
    http1->transfer = transfer;
    http1->head_sent = http1->body_sent = http1->block_sent = http1->block_length = 0;
    http1->read_left = transfer->read_length;
    http1->body_ended = !transfer_has_body(transfer);
    http1->has_sent = http1->is_sent = http1->cannot_send = false;
    http1->expect_until =
        http1->expects ? transport_loop(connection->transport)->now_ms + HTTP1_EXPECT_MS : 0;
    http1_go_on_sending(connection);
    return 0;
}
