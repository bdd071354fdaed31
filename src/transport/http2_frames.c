/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes over the connection, and its end.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "http/proxy_status.h"
#include "transport/http2_private.h"

#define RECEIVE_BYTES 65536 /* at once */
#define RECEIVES_MAX  4     /* before others have their turn */
#define SENDS_MAX     16    /* the same */

/* RFC 9113, section 4.1. */
#define FRAME_HEADER_BYTES 9
#define FRAME_LENGTH_BYTES 3 /* the first of these */

static const struct transfer_error connection_terminated = {502, PROXY_STATUS_CONNECTION_TERMINATED};

/* ---- the end of the connection ---- */

/* What is known of a request if nothing is sent any more. What the connection was given may have been sent
 * even if it said -EAGAIN: TLS sends in records. */
static enum transfer_knowledge knowledge_at_end(const struct http2_stream *stream)
{
    return stream->is_gathered && stream->http2->offered > stream->header_at ? TRANSFER_MAY_HAVE_RUN
                                                                             : TRANSFER_NOT_SENT;
}

/* Nothing is sent on the connection any more; ALL: nothing comes either. */
static void fail_streams(struct http2 *http2, bool all, struct transfer_error error, const char *reason)
{
    struct http2_stream *stream;

    list_for_each_safe(stream, &http2->streams, link) {
        enum transfer_knowledge knowledge = knowledge_at_end(stream);

        if (stream->transfer && stream->transfer->is_answered)
            http_transfer_answered(http2->connection, http2_stream_leave(stream, NGHTTP2_NO_ERROR));
        else if (stream->transfer && (all || knowledge == TRANSFER_NOT_SENT))
            http2_stream_fail(stream, NGHTTP2_CANCEL, knowledge, error, "%s", reason);
    }
}

/* The connection is of no more use. It is not made the last one before: the pool would close it as a good
 * one. */
void http2_lose(struct http2 *http2, bool bad, struct transfer_error error, const char *reason)
{
    http2->cannot_send = true;
    fail_streams(http2, true, error, reason);
    if (!http2->connection->is_lost)
        http_connection_lost(http2->connection, bad, reason);
}

/* The server has closed the connection, or the network has. */
static void end_came(struct http2 *http2, const char *reason)
{
    http2_lose(http2, http2->is_bad, connection_terminated, http2->is_bad ? http2->reason : reason);
}

static void give_reason(struct http2 *http2, const char *format, ...) PRINTF_LIKE(2, 3);
static void give_reason(struct http2 *http2, const char *format, ...)
{
    va_list args;

    if (http2->reason[0])
        return;
    va_start(args, format);
    vsnprintf(http2->reason, sizeof(http2->reason), format, args);
    va_end(args);
}

void http2_mark_bad(struct http2 *http2, const char *what, uint32_t code)
{
    http2->is_bad = true;
    give_reason(http2, "%s: %s", what, nghttp2_http2_strerror(code));
}

/* ---- sending ---- */

/* Whether nghttp2 has found an error of the server's that ends the connection. */
static bool is_broken(const struct http2 *http2)
{
    return http2->is_terminated || (!http2->has_goaway && http2_ids_left(http2) > 0 &&
                                    !nghttp2_session_check_request_allowed(http2->session));
}

/* Puts frames into OUT until it holds MAX bytes. 0 or -ENOMEM. */
static int gather(struct http2 *http2, size_t max)
{
    while (fifo_length(&http2->out) < max) {
        const uint8_t *data;
        ssize_t length = nghttp2_session_mem_send(http2->session, &data);

        if (length <= 0)
            return length == 0 ? 0 : -ENOMEM;
        if (fifo_append(&http2->out, data, (size_t)length) < 0)
            return -ENOMEM;
        http2->gathered += (size_t)length;
    }
    return 0;
}

/* Sends some of OUT: 0, -EAGAIN or -EPIPE. */
static int send_some(struct http2 *http2)
{
    struct iovec part = {(char *)(uintptr_t)fifo_data(&http2->out), fifo_length(&http2->out)};
    size_t sent = 0;
    int r;

    http2->offered = http2->gathered;
    r = connection_send(http2->connection->stream, &part, 1, &sent);
    if (r == 0)
        fifo_consume(&http2->out, sent);
    return r;
}

/* The server broke the protocol: it gets the GOAWAY that says so, if the connection takes it now. */
static void break_off(struct http2 *http2)
{
    if (!http2->cannot_send && gather(http2, 2 * HTTP2_OUT_BYTES) == 0 && !http2->connection->is_lost &&
        !fifo_is_empty(&http2->out))
        send_some(http2);
    give_reason(http2, "a violation of HTTP/2");
    http2_lose(http2, true, (struct transfer_error){502, "http_protocol_error"}, http2->reason);
}

void http2_send_frames(struct http2 *http2)
{
    const struct http_connection *connection = http2->connection;
    int i, r;

    for (i = 0; i < SENDS_MAX && !http2->cannot_send; i++) {
        int memory = gather(http2, HTTP2_OUT_BYTES);

        if (connection->is_lost)
            return;
        if (memory < 0)
            return http2_lose(http2, false, (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR},
                              "out of memory");
        if (is_broken(http2))
            return break_off(http2);
        if (fifo_is_empty(&http2->out))
            return;
        r = send_some(http2);
        if (r == -EAGAIN)
            return;
        http2->cannot_send = r < 0;
    }
    if (!http2->cannot_send)
        return http2_wants_flush(http2);
    fail_streams(http2, false, connection_terminated, "the connection was lost");
    http2_receive(http2); /* an answer may be there, then the reason */
}

/* ---- receiving ---- */

/* The next byte of a frame's length, which comes first. */
static void add_length_byte(struct http2 *http2, unsigned char byte)
{
    http2->frame_length = http2->frame_length << 8 | byte;
    if (++http2->length_bytes < FRAME_LENGTH_BYTES)
        return;
    http2->frame_left = http2->frame_length + FRAME_HEADER_BYTES - FRAME_LENGTH_BYTES;
    http2->frame_length = http2->length_bytes = 0;
    http2->idle_frames++;
}

/* Counts the frames that begin in LENGTH bytes: nghttp2 does not tell of those that it ignores. */
static void count_frames(struct http2 *http2, const char *data, size_t length)
{
    while (length > 0) {
        size_t used = length < http2->frame_left ? length : http2->frame_left;

        if (used == 0) {
            add_length_byte(http2, (unsigned char)*data);
            used = 1;
        } else {
            http2->frame_left -= used;
        }
        data += used;
        length -= used;
    }
}

static void settings_came(struct http2 *http2, const nghttp2_frame *frame)
{
    if (frame->hd.flags & NGHTTP2_FLAG_ACK) {
        http2->is_acknowledged = true;
        return;
    }
    http2->connection->has_spoken = true;
    http_connection_changed(http2->connection);
}

/* What is known of a request that a GOAWAY says the server has not looked at, which cannot be true after a
 * part of its answer. */
static enum transfer_knowledge knowledge_after_goaway(const struct http2_stream *stream)
{
    if (!stream->is_gathered)
        return TRANSFER_NOT_SENT;
    return http2_stream_has_answer(stream) ? TRANSFER_MAY_HAVE_RUN : TRANSFER_REFUSED;
}

/* Requests after the last one that the server looks at can be sent elsewhere at once. A GOAWAY with the
 * largest id announces another one (RFC 9113, section 6.8). */
static void goaway_came(struct http2 *http2, const nghttp2_goaway *goaway)
{
    struct http2_stream *stream;

    http2->has_goaway = true;
    /* A gateway that restarts says INTERNAL_ERROR: nothing about our HTTP/2. */
    if (goaway->error_code == NGHTTP2_NO_ERROR || goaway->error_code == NGHTTP2_INTERNAL_ERROR)
        http2->connection->is_last = true;
    else
        http2_mark_bad(http2, "its GOAWAY", goaway->error_code);
    list_for_each_safe(stream, &http2->streams, link)
        if (stream->transfer && !stream->transfer->is_answered &&
            (!stream->is_gathered || stream->id > goaway->last_stream_id))
            http2_stream_fail(stream, NGHTTP2_CANCEL, knowledge_after_goaway(stream), connection_terminated,
                              "the server closes the connection without looking at the request");
    http_connection_changed(http2->connection);
}

static int http2_frame_came(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct http2 *http2 = arg;

    (void)session;
    if (frame->hd.type == NGHTTP2_SETTINGS)
        settings_came(http2, frame);
    else if (frame->hd.type == NGHTTP2_GOAWAY)
        goaway_came(http2, &frame->goaway);
    else
        http2_stream_frame_came(http2, frame);
    return 0;
}

static int http2_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct http2 *http2 = arg;

    (void)session;
    if (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)
        http2_progressed(http2);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        http2->is_terminated = true;
        give_reason(http2, "%s: %.*s", nghttp2_http2_strerror(frame->goaway.error_code),
                    (int)frame->goaway.opaque_data_len, (const char *)frame->goaway.opaque_data);
    }
    return 0;
}

/* Gives LENGTH received bytes to nghttp2. */
static void take(struct http2 *http2, const char *data, size_t length)
{
    ssize_t r;

    count_frames(http2, data, length);
    r = nghttp2_session_mem_recv(http2->session, (const uint8_t *)data, length);
    if (http2->connection->is_lost)
        return;
    if (r == NGHTTP2_ERR_NOMEM)
        return http2_lose(http2, false, (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR},
                          "out of memory");
    if (r < 0 || http2->idle_frames > HTTP2_IDLE_FRAMES_MAX) {
        give_reason(http2, "too many frames for nothing");
        nghttp2_session_terminate_session(http2->session, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    if (r < 0 || http2->idle_frames > HTTP2_IDLE_FRAMES_MAX || is_broken(http2))
        return break_off(http2);
    http2->connection->received_ms = http2_now_ms(http2);
    http2_sign_of_life_came(http2);
}

void http2_receive(struct http2 *http2)
{
    struct http_connection *connection = http2->connection;
    char data[RECEIVE_BYTES];
    int i;

    for (i = 0; i < RECEIVES_MAX && !connection->is_lost; i++) {
        size_t length = 0;
        int r = connection_recv(connection->stream, data, sizeof(data), &length);

        http2->has_more = r != -EAGAIN;
        if (r == -EAGAIN)
            return;
        if (r < 0 || length == 0)
            return end_came(http2, connection_end_reason(connection->stream));
        take(http2, data, length);
    }
}

void http2_set_frame_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, http2_frame_came);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, http2_frame_sent);
}
