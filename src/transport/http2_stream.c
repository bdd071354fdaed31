/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "http/proxy_status.h"
#include "http/response_reader.h"
#include "transport/http2_private.h"
#include "transport/transfer_answer.h"

static const struct transfer_error malformed = {502, "http_protocol_error"};

struct http2_stream *http2_stream_new(struct http2 *http2, struct transfer *transfer)
{
    struct http2_stream *stream = calloc(1, sizeof(*stream));

    if (!stream)
        return NULL;
    stream->http2 = http2;
    stream->transfer = transfer;
    stream->window = HTTP2_WINDOW_BYTES;
    transfer->stream = stream;
    list_append(&http2->streams, &stream->link);
    http2->stream_count++;
    return stream;
}

void http2_stream_free(struct http2_stream *stream)
{
    if (stream->grown > 0)
        transport_shrink_window(stream->http2->connection->transport, stream->grown);
    list_remove(&stream->link);
    stream->http2->stream_count--;
    free(stream);
}

static struct transfer *detach(struct http2_stream *stream)
{
    struct transfer *transfer = TAKE_PTR(stream->transfer);

    transfer->stream = NULL;
    return transfer;
}

struct transfer *http2_stream_leave(struct http2_stream *stream, uint32_t code)
{
    struct http2 *http2 = stream->http2;
    struct transfer *transfer = detach(stream);

    if (stream->id == 0)
        http2_stream_free(stream);
    else
        nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, stream->id, code);
    http2_wants_flush(http2);
    return transfer;
}

/* The transfer, which has left STREAM, fails. */
static void report_failure(struct http2 *http2, struct transfer *transfer, bool has_header,
                           enum transfer_knowledge knowledge, struct transfer_error error, const char *reason)
{
    if (has_header && error.token)
        error = (struct transfer_error){502, "http_response_incomplete"};
    http_transfer_failed(http2->connection, transfer, knowledge, error, "%s%s",
                         has_header ? "the answer ended early: " : "", reason);
}

void http2_stream_fail(struct http2_stream *stream, uint32_t code, enum transfer_knowledge knowledge,
                       struct transfer_error error, const char *format, ...)
{
    struct http2 *http2 = stream->http2;
    bool has_header = stream->has_header;
    char reason[TRANSFER_DETAIL_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    report_failure(http2, http2_stream_leave(stream, code), has_header, knowledge, error, reason);
}

bool http2_stream_goes_on(struct http2_stream *stream, const struct transfer *transfer, int r)
{
    struct http2 *http2 = stream->http2;

    if (stream->transfer != transfer) /* write() has cancelled it */
        return false;
    if (r == 0)
        return true;
    if (r == -EFBIG)
        http_transfer_answered(http2->connection, http2_stream_leave(stream, NGHTTP2_CANCEL));
    else
        http2_stream_fail(stream, NGHTTP2_CANCEL, TRANSFER_ANSWERED, (struct transfer_error){0, NULL}, "%s",
                          "");
    return false;
}

/* ---- the header ---- */

static int http2_header_begins(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct http2_stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    (void)arg;
    if (!stream || !stream->transfer || stream->has_header) /* else it is a trailer, which is ignored */
        return 0;
    stream->status = 0;
    transfer_answer_begins(stream->transfer);
    return 0;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static void add_line(struct http2_stream *stream, const uint8_t *name, size_t name_length,
                     const uint8_t *value, size_t length)
{
    int r;

    while (length > 0 && is_blank(value[length - 1]))
        length--;
    while (length > 0 && is_blank(*value)) {
        value++;
        length--;
    }
    r = headers_add(&stream->transfer->response, (const char *)name, name_length, (const char *)value,
                    length);
    if (r == -EMSGSIZE)
        http2_stream_fail(stream, NGHTTP2_CANCEL, TRANSFER_ANSWERED,
                          (struct transfer_error){502, PROXY_STATUS_HEADER_TOO_BIG},
                          "the answer's header is larger than the limit");
    else if (r < 0)
        http2_stream_fail(stream, NGHTTP2_CANCEL, TRANSFER_ANSWERED,
                          (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR}, "out of memory");
}

/* nghttp2 has seen that the status is a number, that it comes first and once, and that no other field begins
 * with a colon. */
static int http2_line_came(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                           size_t name_length, const uint8_t *value, size_t length, uint8_t flags, void *arg)
{
    struct http2_stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    size_t i;

    (void)flags;
    (void)arg;
    if (!stream || !stream->transfer || stream->has_header)
        return 0;
    if (name_length > 0 && name[0] == ':')
        for (i = 0; i < length && i < 3; i++)
            stream->status = stream->status * 10 + (value[i] - '0');
    else
        add_line(stream, name, name_length, value, length);
    return 0;
}

/* nghttp2 would leave such a line out. */
static int http2_invalid_line_came(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                                   size_t name_length, const uint8_t *value, size_t length, uint8_t flags,
                                   void *arg)
{
    struct http2_stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    (void)name;
    (void)name_length;
    (void)value;
    (void)length;
    (void)flags;
    (void)arg;
    if (stream && stream->transfer && !stream->has_header)
        http2_stream_fail(stream, NGHTTP2_PROTOCOL_ERROR, TRANSFER_ANSWERED, malformed,
                          "a line of the answer's header is not valid");
    return 0;
}

/* An interim response is no answer. */
static void interim_came(struct http2_stream *stream)
{
    stream->transfer->answer_begun = false;
    if (++stream->interims > RESPONSE_INTERIM_MAX)
        http2_stream_fail(stream, NGHTTP2_PROTOCOL_ERROR, TRANSFER_ANSWERED, malformed,
                          "the server sent more than %d interim responses", RESPONSE_INTERIM_MAX);
}

static void header_ended(struct http2_stream *stream)
{
    struct transfer *transfer = stream->transfer;

    if (stream->status < 100) {
        http2_stream_fail(stream, NGHTTP2_PROTOCOL_ERROR, TRANSFER_ANSWERED, malformed,
                          "the answer's status is not valid");
    } else if (stream->status >= 200) {
        stream->has_header = true;
        http2_answer_came(stream->http2);
        http2_stream_goes_on(stream, transfer, transfer_header_ended(transfer, stream->status));
    } else {
        interim_came(stream);
    }
}

/* ---- the end ---- */

/* A server that has refused a request need not take the rest of its body. */
static void end_came(struct http2_stream *stream)
{
    stream->transfer->is_answered = true;
    if (!stream->is_sent && transfer_is_refused_early(stream->transfer))
        http_transfer_answered(stream->http2->connection, http2_stream_leave(stream, NGHTTP2_CANCEL));
}

static void reset_came(struct http2_stream *stream, uint32_t code)
{
    stream->was_reset = true;
    if (code == NGHTTP2_HTTP_1_1_REQUIRED)
        http2_mark_bad(stream->http2, "its RST_STREAM", code);
}

void http2_stream_frame_came(struct http2 *http2, const nghttp2_frame *frame)
{
    struct http2_stream *stream =
        frame->hd.stream_id ? nghttp2_session_get_stream_user_data(http2->session, frame->hd.stream_id)
                            : NULL;
    bool has_body = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;

    if (!stream || !stream->transfer)
        return;
    if (frame->hd.type == NGHTTP2_RST_STREAM)
        reset_came(stream, frame->rst_stream.error_code);
    if (frame->hd.type == NGHTTP2_HEADERS && !stream->has_header)
        header_ended(stream);
    if (has_body && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) && stream->transfer)
        end_came(stream);
}

bool http2_stream_has_answer(const struct http2_stream *stream)
{
    return stream->transfer->answer_begun || stream->interims > 0;
}

/* What a reset says: REFUSED_STREAM means that the request was not processed (RFC 9113, section 8.7), which
 * cannot be true after a part of its answer. */
static enum transfer_knowledge knowledge_of(const struct http2_stream *stream, uint32_t code, bool has_begun)
{
    if (has_begun && !stream->was_reset)
        return TRANSFER_ANSWERED; /* it is malformed */
    return stream->was_reset && code == NGHTTP2_REFUSED_STREAM && !has_begun ? TRANSFER_REFUSED
                                                                             : TRANSFER_MAY_HAVE_RUN;
}

/* The stream was closed with CODE, by the server or, because of what the server sent, by nghttp2. */
static void judge(struct http2_stream *stream, uint32_t code)
{
    struct http2 *http2 = stream->http2;
    enum transfer_knowledge knowledge = knowledge_of(stream, code, http2_stream_has_answer(stream));
    struct transfer *transfer = detach(stream);
    bool has_header = stream->has_header, was_reset = stream->was_reset;
    char reason[TRANSFER_DETAIL_BYTES];

    http2_stream_free(stream);
    if (transfer->is_answered) {
        http_transfer_answered(http2->connection, transfer);
        return;
    }
    snprintf(reason, sizeof(reason),
             was_reset ? "the server reset the stream: %s" : "the answer is malformed (%s)",
             nghttp2_http2_strerror(code));
    report_failure(http2, transfer, has_header, knowledge,
                   was_reset ? (struct transfer_error){502, PROXY_STATUS_CONNECTION_TERMINATED} : malformed,
                   reason);
}

static int http2_stream_closed(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
    struct http2 *http2 = arg;
    struct http2_stream *stream = nghttp2_session_get_stream_user_data(session, id);

    if (!stream)
        return 0;
    if (stream->transfer) {
        judge(stream, code);
    } else {
        http2_stream_free(stream);
        http_connection_changed(http2->connection);
    }
    return 0;
}

/* ---- what became of a request's header ---- */

static int http2_frame_goes(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct http2 *http2 = arg;
    struct http2_stream *stream;

    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (!stream)
        return 0;
    stream->is_gathered = true;
    stream->header_at = http2->gathered;
    return 0;
}

static struct http2_stream *find(const struct http2 *http2, int32_t id)
{
    struct http2_stream *stream;

    list_for_each(stream, &http2->streams, link)
        if (stream->id == id)
            return stream;
    return NULL;
}

static int http2_frame_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int error, void *arg)
{
    struct http2 *http2 = arg;
    struct http2_stream *stream = frame->hd.type == NGHTTP2_HEADERS ? find(http2, frame->hd.stream_id) : NULL;
    struct transfer *transfer;

    if (!stream)
        return 0;
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, NULL);
    transfer = stream->transfer ? detach(stream) : NULL;
    http2_stream_free(stream);
    if (transfer)
        http_transfer_failed(http2->connection, transfer, TRANSFER_NOT_SENT,
                             (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR}, "%s",
                             nghttp2_strerror(error));
    else
        http_connection_changed(http2->connection);
    return 0;
}

void http2_set_stream_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, http2_header_begins);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, http2_line_came);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, http2_invalid_line_came);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, http2_stream_closed);
    nghttp2_session_callbacks_set_before_frame_send_callback(callbacks, http2_frame_goes);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, http2_frame_not_sent);
}
