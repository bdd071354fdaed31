/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a silent connection is alive, and the requests that wait to know that.
 */
#include <errno.h>
#include <stdio.h>

#include "http/proxy_status.h"
#include "transport/http2_private.h"

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool is_silent(const struct http2 *http2, int64_t now_ms)
{
    return now_ms - larger(http2->connection->received_ms, http2->progress_ms) >= HTTP2_PING_MS;
}

static void ping(struct http2 *http2, int64_t now_ms)
{
    nghttp2_submit_ping(http2->session, NGHTTP2_FLAG_NONE, NULL);
    http2->ping_ms = now_ms;
    http2_wants_flush(http2);
}

/* Submits the request of STREAM. 0 or -ENOMEM. */
static int submit(struct http2_stream *stream)
{
    struct transfer *transfer = stream->transfer;
    struct http2 *http2 = stream->http2;
    int r = http2_submit(stream);

    if (r == 0) {
        if (http2_ids_left(http2) == 0)
            http2->connection->is_last = true;
        http2_wants_flush(http2);
        return 0;
    }
    http2_stream_leave(stream, NGHTTP2_CANCEL);
    if (r != -EINVAL)
        return r;
    /* Without the token of an error it is not sent again, which would be in vain. */
    transfer->error = (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR};
    transfer_explain(transfer, "the request's header is not valid");
    http_transfer_failed(http2->connection, transfer, TRANSFER_NOT_SENT, (struct transfer_error){0, NULL},
                         "%s", "");
    return 0;
}

/* The connection is alive: sends what waited for that. */
static void submit_waiting(struct http2 *http2)
{
    struct http2_stream *stream;

    list_for_each_safe(stream, &http2->streams, link) {
        struct transfer *transfer = stream->transfer;

        if (stream->id == 0 && submit(stream) < 0)
            http_transfer_failed(http2->connection, transfer, TRANSFER_NOT_SENT,
                                 (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR}, "out of memory");
    }
}

void http2_sign_of_life_came(struct http2 *http2)
{
    if (!http2->ping_ms)
        return;
    http2->ping_ms = 0;
    submit_waiting(http2);
    http_connection_changed(http2->connection);
}

/* A request that must not be sent twice waits until a connection that was silent for long has shown that it
 * is alive. */
int http2_begin(struct http2_stream *stream)
{
    struct http2 *http2 = stream->http2;
    int64_t now_ms = http2_now_ms(http2);

    if (!http2->ping_ms && is_silent(http2, now_ms))
        ping(http2, now_ms);
    return http2->ping_ms && !stream->transfer->may_be_sent_twice ? 0 : submit(stream);
}

/* The other end takes bytes of a request, although it has nothing to say about that yet: a slow upload, whose
 * PING waits in the kernel behind it. */
static void look_for_progress(struct http2 *http2, int64_t now_ms)
{
    uint64_t acknowledged = connection_acknowledged(http2->connection->stream);

    if (acknowledged <= http2->acknowledged)
        return;
    http2->acknowledged = acknowledged;
    http2->progress_ms = now_ms;
    http2_sign_of_life_came(http2);
}

void http2_tick(struct http_connection *connection, int64_t now_ms)
{
    struct http2 *http2 = connection->state;

    http2_progressed(http2);
    look_for_progress(http2, now_ms);
    if (http2->ping_ms && now_ms - http2->ping_ms >= HTTP2_PING_MS)
        http2_lose(http2, false, (struct transfer_error){504, "connection_read_timeout"},
                   "the server gave no sign of life, not even to a PING");
    else if (!http2->ping_ms && connection->transfer_count > 0 && is_silent(http2, now_ms))
        ping(http2, now_ms);
}
