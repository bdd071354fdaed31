/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "http/headers.h"
#include "http/proxy_status.h"
#include "transport/http2_private.h"

/* A frame of nghttp2's does not exceed the least size that every server accepts (RFC 9113, section 4.2). */
#define FRAME_BYTES_MAX (16384 + 9 + 256)

void http2_wants_flush(struct http2 *http2)
{
    if (!http2->connection->is_lost)
        http_connection_wants_flush(http2->connection);
}

static int new_session(struct http2 *http2)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    int r = nghttp2_session_callbacks_new(&callbacks);

    if (r == 0)
        r = nghttp2_option_new(&option);
    if (r == 0) {
        http2_set_frame_callbacks(callbacks);
        http2_set_stream_callbacks(callbacks);
        http2_set_window_callbacks(callbacks);
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_option_set_max_outbound_ack(option, HTTP2_ACKS_MAX);
        /* Servers of Java send a header's value as the application made it; HTTP/1.1 ignores such spaces. */
        nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1);
        r = nghttp2_session_client_new2(&http2->session, callbacks, http2, option);
    }
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return r;
}

static int introduce(struct http2 *http2)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, HTTP2_WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADERS_MAX_BYTES},
    };
    int r = nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, settings, ARRAY_SIZE(settings));

    if (r == 0)
        r = nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, 0,
                                                  HTTP2_CONNECTION_WINDOW_BYTES);
    return r;
}

static int http2_open(struct http_connection *connection)
{
    struct http2 *http2 = calloc(1, sizeof(*http2));

    if (!http2)
        return -ENOMEM;
    http2->connection = connection;
    http2->out.max = 2 * HTTP2_OUT_BYTES + FRAME_BYTES_MAX;
    list_init(&http2->streams);
    connection->state = http2;
    if (new_session(http2) != 0 || introduce(http2) != 0)
        return -ENOMEM;
    http2_wants_flush(http2);
    return 0;
}

/* A lone request does not wait for the server's SETTINGS; those that come with it learn from them how many
 * the server takes. */
static unsigned http2_room(const struct http_connection *connection)
{
    const struct http2 *http2 = connection->state;
    uint32_t max = transport_max_streams(connection->transport), left;
    uint32_t theirs =
        nghttp2_session_get_remote_settings(http2->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

    if (connection->is_last || http2->cannot_send || http2->is_bad)
        return 0;
    if (!connection->has_spoken)
        max = 1;
    else if (theirs < max)
        max = theirs;
    left = max > http2->stream_count ? max - http2->stream_count : 0;
    return left < http2_ids_left(http2) ? left : http2_ids_left(http2);
}

static int http2_send(struct http_connection *connection, struct transfer *transfer)
{
    struct http2_stream *stream = http2_stream_new(connection->state, transfer);

    return stream ? http2_begin(stream) : -ENOMEM;
}

static void http2_resume(struct http_connection *connection, struct transfer *transfer)
{
    struct http2 *http2 = connection->state;
    struct http2_stream *stream = transfer->stream;

    nghttp2_session_resume_data(http2->session, stream->id);
    http2_wants_flush(http2);
    http2_stream_resume(stream);
}

static void http2_cancel(struct http_connection *connection, struct transfer *transfer)
{
    struct http2 *http2 = connection->state;
    const struct http2_stream *stream = transfer->stream;

    if (!stream)
        return;
    /* It waited for a window that all streams share, and that may stay closed. */
    if (!stream->is_sent && nghttp2_session_get_remote_window_size(http2->session) <= 0)
        connection->is_last = true;
    http2_stream_leave(transfer->stream, NGHTTP2_CANCEL);
}

static void http2_ready(struct http_connection *connection)
{
    struct http2 *http2 = connection->state;

    http2_receive(http2);
    http2_wants_flush(http2);
}

static void http2_flush(struct http_connection *connection)
{
    struct http2 *http2 = connection->state;

    if (http2->has_more)
        http2_receive(http2);
    if (!connection->is_lost)
        http2_send_frames(http2);
    if (!connection->is_lost && http2->is_bad && connection->transfer_count == 0)
        http2_lose(http2, true, (struct transfer_error){502, PROXY_STATUS_CONNECTION_TERMINATED},
                   http2->reason);
    if (http2->has_more)
        http2_wants_flush(http2);
}

static void http2_free(struct http_connection *connection)
{
    struct http2 *http2 = connection->state;
    struct http2_stream *stream;

    if (!http2)
        return;
    nghttp2_session_del(http2->session);
    list_for_each_safe(stream, &http2->streams, link)
        http2_stream_free(stream);
    fifo_free(&http2->out);
    free(http2);
}

const struct http_protocol http2_protocol = {
    .name = "HTTP/2",
    .open = http2_open,
    .room = http2_room,
    .send = http2_send,
    .resume = http2_resume,
    .cancel = http2_cancel,
    .ready = http2_ready,
    .flush = http2_flush,
    .tick = http2_tick,
    .free = http2_free,
};
