/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of an answer, and the windows that bound what is held of it.
 */
#include "transport/http2_private.h"
#include "transport/transfer_answer.h"

/* The window doubles. */
static void grow(struct http2_stream *stream)
{
    struct http2 *http2 = stream->http2;

    if (stream->window >= HTTP2_WINDOW_MAX_BYTES || !http2->is_acknowledged)
        return;
    stream->passed = 0;
    if (!transport_grow_window(http2->connection->transport, stream->window))
        return;
    stream->grown += stream->window;
    stream->window *= 2;
    nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, stream->id,
                                          (int32_t)stream->window);
}

/* Of what has come, all is taken that is not held: as many bytes may come again. The window grows after a
 * reader has taken more than the whole of it and was not late (IS_LATE: it is taking now what was held). The
 * first window does not suffice, because a local program's answer is kept as far as that, read or not. */
static void settle(struct http2_stream *stream, bool is_late)
{
    size_t held = fifo_length(&stream->transfer->held), taken = stream->owed - held;

    stream->owed = held;
    nghttp2_session_consume_stream(stream->http2->session, stream->id, taken);
    stream->passed = is_late || held > 0 ? 0 : stream->passed + taken;
    if (stream->passed > stream->window)
        grow(stream);
}

/* The connection's own window is given back at once, so that a late reader does not stop the others. */
static int http2_data_came(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                           size_t length, void *arg)
{
    struct http2 *http2 = arg;
    struct http2_stream *stream = nghttp2_session_get_stream_user_data(session, id);
    struct transfer *transfer = stream ? stream->transfer : NULL;

    (void)flags;
    nghttp2_session_consume_connection(session, length);
    if (!transfer)
        return 0;
    http2_answer_came(http2);
    if (length > stream->window - stream->owed) { /* nghttp2 would pass it on, and reset the stream later */
        http2_stream_fail(stream, NGHTTP2_FLOW_CONTROL_ERROR, TRANSFER_ANSWERED,
                          (struct transfer_error){502, "http_protocol_error"},
                          "the server ignores the window");
        return 0;
    }
    stream->owed += length;
    if (http2_stream_goes_on(stream, transfer, transfer_body_arrived(transfer, (const char *)data, length)))
        settle(stream, false);
    return 0;
}

void http2_stream_resume(struct http2_stream *stream)
{
    struct transfer *transfer = stream->transfer;

    if (transfer_is_held(transfer) && http2_stream_goes_on(stream, transfer, transfer_offer_held(transfer)))
        settle(stream, true);
}

void http2_set_window_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, http2_data_came);
}
