/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/body_stream.h"

#include <errno.h>

#include "proxy/exchange/exchange.h"
#include "proxy/exchange/reply.h"
#include "proxy/exchange/services.h"
#include "proxy/forward/upstream_call.h"

#define BLOCK_BYTES (64 * 1024) /* given to libmicrohttpd, or to libcurl, at once */
#define GATHER_MS   1           /* that less than a block waits for more */
#define REFUSED_MS  10          /* between two looks whether a refusal has arrived in full */

static struct upstream_call *upstream_call_of(struct transfer *transfer)
{
    return CONTAINER_OF(transfer, struct upstream_call, request.transfer);
}

static bool is_event_stream(const struct transfer *transfer)
{
    const char *type = headers_find(&transfer->response, MHD_HTTP_HEADER_CONTENT_TYPE);
    static const char event_stream[] = "text/event-stream";

    return type && strncasecmp(type, event_stream, strlen(event_stream)) == 0;
}

/* A stream of events may be quiet for hours. */
static void note_activity(struct upstream_call *call)
{
    if (is_event_stream(&call->request.transfer))
        request_paused(&call->request);
    else
        request_alive(&call->request);
}

/* ---- a request's body ---- */

bool body_stream_can_begin_again(const struct exchange *exchange)
{
    return !exchange->body_let_go;
}

bool body_stream_reserve(struct exchange *exchange)
{
    size_t wanted = BODY_STREAM_WINDOW_BYTES;

    if (!exchange->streams_body || exchange->body_quota > 0)
        return true;
    if (exchange->length >= 0 && exchange->length < BODY_STREAM_WINDOW_BYTES)
        wanted = (size_t)exchange->length;
    if (wanted < exchange->body.len) /* of a length that was not known */
        wanted = exchange->body.len;
    if (!quota_take(&exchange->services->bodies, wanted - exchange->body.len))
        return false;
    exchange->body_quota = wanted;
    return true;
}

void body_stream_forget_body(struct exchange *exchange)
{
    quota_give_back(&exchange->services->bodies,
                    exchange->body_quota > 0 ? exchange->body_quota : exchange->body.len);
    exchange->body_quota = 0;
    buf_free(&exchange->body);
}

/* All of the window has been sent, and there may be more to come: if only the end, for which libcurl, which
 * knows the length, does not ask. */
static void let_go(struct exchange *exchange)
{
    if (exchange->body_quota > BODY_STREAM_WINDOW_BYTES) {
        quota_give_back(&exchange->services->bodies, exchange->body_quota - BODY_STREAM_WINDOW_BYTES);
        exchange->body_quota = BODY_STREAM_WINDOW_BYTES;
    }
    buf_clear(&exchange->body);
    exchange->body_sent = 0;
    exchange->body_let_go = true;
    exchange_resume(exchange);
}

/* The server has refused the request. Until all of the answer is there, libcurl 7.88 asks for more of the
 * body, and is told to wait; then it waits even when all is there, until it is told to go on. */
static int wait_for_refusal(struct exchange *exchange)
{
    if (!exchange->body_refused)
        note_activity(exchange->call);
    exchange->body_refused = true;
    loop_timer_start(&exchange->services->loop, &exchange->send_timer, REFUSED_MS);
    return -EAGAIN;
}

static int read_body(struct transfer *transfer, void *data, size_t max, size_t *ret)
{
    struct upstream_call *call = upstream_call_of(transfer);
    struct exchange *exchange = call->lead;
    size_t left = exchange->body.len - exchange->body_sent;
    size_t length = left < max ? left : max;

    if (transfer->header_complete && transfer->status >= 300)
        return wait_for_refusal(exchange);
    if (left == 0 && !exchange->body_ended) {
        request_paused(&call->request);
        exchange_resume(exchange);
        return -EAGAIN;
    }
    note_activity(call);
    if (length > 0)
        memcpy(data, exchange->body.data + exchange->body_sent, length);
    exchange->body_sent += length;
    if (length == left && !exchange->body_ended && exchange->body.len >= BODY_STREAM_WINDOW_BYTES)
        let_go(exchange);
    *ret = length;
    return 0;
}

static int rewind_body(struct transfer *transfer)
{
    struct exchange *exchange = upstream_call_of(transfer)->lead;

    if (!body_stream_can_begin_again(exchange))
        return -ESPIPE;
    exchange->body_sent = 0;
    return 0;
}

/* What libcurl waits for is there. */
static void go_on_sending(struct exchange *exchange)
{
    struct upstream_call *call = exchange->call;

    loop_timer_stop(&exchange->services->loop, &exchange->send_timer);
    if (!call || call->request.state != REQUEST_SENDING)
        return;
    if (!exchange->body_refused)
        note_activity(call);
    transfer_resume(&call->request.transfer);
}

void body_stream_timer_expired(struct timer *timer)
{
    go_on_sending(CONTAINER_OF(timer, struct exchange, send_timer));
}

/* libmicrohttpd reads 16 KiB at once: several of them are sent together. */
static void send_soon(struct exchange *exchange)
{
    struct loop *loop = &exchange->services->loop;

    if (exchange->body.len - exchange->body_sent >= BLOCK_BYTES)
        go_on_sending(exchange);
    else if (!timer_is_started(&exchange->send_timer) &&
             loop_timer_start(loop, &exchange->send_timer, GATHER_MS) < 0)
        go_on_sending(exchange);
}

static int take(struct exchange *exchange, const char *data, size_t length)
{
    struct quota *quota = &exchange->services->bodies;
    size_t more = exchange->body_quota > 0 ? 0 : length;
    int r;

    if (more > 0 && !quota_take(quota, more))
        return -ENOBUFS;
    r = buf_append(&exchange->body, data, length);
    if (r < 0)
        quota_give_back(quota, more);
    return r;
}

void body_stream_receive(struct exchange *exchange, const char *data, size_t *length)
{
    size_t used = exchange->body.len;
    size_t room = used < BODY_STREAM_WINDOW_BYTES ? BODY_STREAM_WINDOW_BYTES - used : 0;
    size_t taken = *length < room ? *length : room;

    exchange->received += (int64_t)taken;
    if (exchange->received > exchange->services->config->limits.max_body_bytes) {
        *length = 0;
        reply_error(exchange, 413, "http_request_denied",
                    "tbproxyd refused the request: the body is larger than limits.max_body_bytes");
        return;
    }
    if (take(exchange, data, taken) < 0) {
        *length = 0;
        reply_busy(exchange, "too many bodies are under way (limits.max_buffered_bytes): try again later");
        return;
    }
    *length -= taken;
    if (taken > 0)
        send_soon(exchange);
    if (exchange->body.len >= BODY_STREAM_WINDOW_BYTES)
        exchange_suspend(exchange);
}

/* ---- an answer's body ---- */

bool body_stream_is_endless(const struct exchange *exchange)
{
    return exchange->streams_answer && exchange->call && is_event_stream(&exchange->call->request.transfer);
}

/* The client has not sent all of the request's body. */
static bool comes_before_body(const struct upstream_call *call)
{
    const struct exchange *lead = call->lead;

    return lead && lead->streams_body && !lead->body_ended;
}

/* The part of LENGTH bytes is about to come. What cannot be kept goes on in any case, but for the answer to a
 * merged call, which is everybody's. Before the end of the request's body libmicrohttpd could only
 * hold the answer, and the server may wait for one or the other: it is kept. */
static bool is_to_stream(const struct upstream_call *call, size_t length)
{
    const struct transfer *transfer = &call->request.transfer;

    if (strcmp(call->request.method, MHD_HTTP_METHOD_HEAD) == 0 || comes_before_body(call))
        return false;
    return is_event_stream(transfer) || (transfer->overflows && !call->is_merged) ||
           (call->member_count == 1 && transfer->response_body.len + length > BODY_STREAM_WINDOW_BYTES);
}

static struct exchange *reader_of(const struct upstream_call *call)
{
    return CONTAINER_OF(call->members.next, struct exchange, member);
}

static void begin_answer(struct upstream_call *call)
{
    upstream_call_answer_begun(call);
    reply_stream(reader_of(call));
}

static int part_arrived(struct transfer *transfer, const void *data, size_t length)
{
    struct upstream_call *call = upstream_call_of(transfer);
    size_t waiting = transfer->response_body.len;

    (void)data;
    if (!call->streams && is_to_stream(call, length))
        begin_answer(call);
    if (transfer->overflows && comes_before_body(call) && transfer->status < 300)
        return -EAGAIN; /* not after an error: libcurl sends no more of the body then */
    if (call->streams && waiting > 0 && waiting + length > BODY_STREAM_WINDOW_BYTES) {
        request_paused(&call->request);
        return -EAGAIN;
    }
    note_activity(call);
    if (call->streams)
        exchange_resume(reader_of(call));
    return TRANSFER_KEEP;
}

/* The header of a success is there already, and nothing else may come for long. */
static bool has_begun_to_answer(const struct upstream_call *call)
{
    const struct transfer *transfer = &call->request.transfer;

    return call->request.state == REQUEST_SENDING && transfer->header_complete && transfer->status >= 200 &&
           transfer->status < 300;
}

void body_stream_body_ended(struct exchange *exchange)
{
    struct upstream_call *call = exchange->call;

    exchange_suspend(exchange);
    if (call && has_begun_to_answer(call) && is_to_stream(call, 0))
        begin_answer(call);
    go_on_sending(exchange);
}

void body_stream_answer_ended(struct upstream_call *call)
{
    exchange_resume(reader_of(call));
}

/* All of the window has been read. */
static void make_room(struct exchange *exchange)
{
    struct upstream_call *call = exchange->call;

    exchange->answer_read = 0;
    transfer_clear_body(&call->request.transfer);
    if (!call->under_way)
        return;
    note_activity(call);
    transfer_resume(&call->request.transfer);
}

static ssize_t read_answer(void *arg, uint64_t position, char *data, size_t max)
{
    struct exchange *exchange = arg;
    struct upstream_call *call = exchange->call;
    const struct buf *body = call ? &call->request.transfer.response_body : NULL;
    size_t left = body ? body->len - exchange->answer_read : 0;
    size_t length = left < max ? left : max;

    (void)position;
    if (!call) /* given up */
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (left == 0 && call->under_way) {
        exchange_suspend(exchange);
        return 0;
    }
    if (left == 0)
        return call->request.outcome == REQUEST_ANSWERED ? MHD_CONTENT_READER_END_OF_STREAM
                                                         : MHD_CONTENT_READER_END_WITH_ERROR;
    memcpy(data, body->data + exchange->answer_read, length);
    exchange->answer_read += length;
    if (length == left)
        make_room(exchange);
    return (ssize_t)length;
}

struct MHD_Response *body_stream_response(struct exchange *exchange)
{
    const struct transfer *transfer = &exchange->call->request.transfer;
    const char *length = headers_find(&transfer->response, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return MHD_create_response_from_callback(length ? strtoull(length, NULL, 10) : MHD_SIZE_UNKNOWN,
                                             BLOCK_BYTES, read_answer, exchange, NULL);
}

void body_stream_attach(struct upstream_call *call)
{
    struct exchange *lead = call->lead;
    struct transfer *transfer = &call->request.transfer;

    transfer->write = part_arrived;
    transfer->reserve = BODY_STREAM_WINDOW_BYTES;
    if (!lead->streams_body)
        return;
    lead->body_sent = 0;
    lead->body_refused = false;
    transfer->read = read_body;
    transfer->rewind = rewind_body;
    transfer->read_length = lead->length;
}
