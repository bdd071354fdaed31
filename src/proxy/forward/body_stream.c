/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/body_stream.h"

#include <errno.h>

#include "proxy/exchange/reply_server.h"
#include "proxy/forward/upstream_call.h"

#define BLOCK_BYTES (64 * 1024) /* of the request's body, sent at once */
#define GATHER_MS   1           /* how long less than a block waits for more */

static struct upstream_call *upstream_call_of(struct transfer *transfer)
{
    return CONTAINER_OF(transfer, struct upstream_call, request.transfer);
}

/* The header of a success has arrived. It may be long before anything else does. */
static bool has_begun_to_answer(const struct transfer *transfer)
{
    return transfer->header_complete && transfer->status >= 200 && transfer->status < 300;
}

/* Whether the answer to CALL is a stream of events that somebody waits for. */
static bool is_event_stream(const struct upstream_call *call)
{
    static const char event_stream[] = "text/event-stream";
    const struct transfer *transfer = &call->request.transfer;
    const char *type = has_begun_to_answer(transfer) && !call->is_merged &&
                               strcmp(call->request.method, MHD_HTTP_METHOD_HEAD) != 0
                           ? headers_find(&transfer->response, MHD_HTTP_HEADER_CONTENT_TYPE)
                           : NULL;

    return type && strncasecmp(type, event_stream, strlen(event_stream)) == 0;
}

/* An event stream may be silent for hours, so it does not time out. */
static void note_activity(struct upstream_call *call)
{
    if (is_event_stream(call))
        request_paused(&call->request);
    else
        request_alive(&call->request);
}

/* ---- request bodies ---- */

bool body_stream_can_begin_again(const struct forwarding *forwarding)
{
    return !forwarding->body_let_go;
}

/* All of the window has been sent. Only the end may be left to come: the transfer, which knows the length,
 * does not ask for that. */
static void let_go(struct forwarding *forwarding)
{
    forwarding->body_sent = 0;
    forwarding->body_let_go = true;
    inbound_clear(forwarding->exchange);
}

static void body_stream_request_refused(struct transfer *transfer)
{
    note_activity(upstream_call_of(transfer));
}

static int body_stream_read_request(struct transfer *transfer, void *data, size_t max, size_t *ret)
{
    struct upstream_call *call = upstream_call_of(transfer);
    struct forwarding *forwarding = call->lead;
    const struct inbound *inbound = &forwarding->exchange->inbound;
    bool is_complete = inbound->state == INBOUND_COMPLETE;
    size_t left = inbound->body.len - forwarding->body_sent;
    size_t length = left < max ? left : max;

    if (left == 0 && !is_complete) {
        request_paused(&call->request);
        exchange_resume(forwarding->exchange);
        return -EAGAIN;
    }
    note_activity(call);
    if (length > 0)
        memcpy(data, inbound->body.data + forwarding->body_sent, length);
    forwarding->body_sent += length;
    if (length == left && !is_complete && inbound->body.len >= EXCHANGE_WINDOW_BYTES)
        let_go(forwarding);
    *ret = length;
    return 0;
}

static int body_stream_rewind_request(struct transfer *transfer)
{
    struct forwarding *forwarding = upstream_call_of(transfer)->lead;

    if (!body_stream_can_begin_again(forwarding))
        return -ESPIPE;
    forwarding->body_sent = 0;
    return 0;
}

/* There is more to send. */
static void go_on_sending(struct forwarding *forwarding)
{
    struct upstream_call *call = forwarding->call;

    loop_timer_stop(&forwarding->exchange->services->loop, &forwarding->send_timer);
    if (!call || call->request.state != REQUEST_SENDING)
        return;
    if (!transfer_is_refused_early(&call->request.transfer))
        note_activity(call);
    transfer_resume(&call->request.transfer);
}

void body_stream_timer_expired(struct timer *timer)
{
    go_on_sending(CONTAINER_OF(timer, struct forwarding, send_timer));
}

/* libmicrohttpd reads 16 KiB at a time; several are sent together. */
static void send_soon(struct forwarding *forwarding)
{
    struct loop *loop = &forwarding->exchange->services->loop;
    size_t length = forwarding->exchange->inbound.body.len;

    if (length - forwarding->body_sent >= BLOCK_BYTES || length >= EXCHANGE_WINDOW_BYTES)
        go_on_sending(forwarding);
    else if (!timer_is_started(&forwarding->send_timer))
        loop_timer_start(loop, &forwarding->send_timer, GATHER_MS);
}

/* ---- answer bodies ---- */

bool body_stream_is_endless(const struct forwarding *forwarding)
{
    return forwarding->call && is_event_stream(forwarding->call);
}

/* The answer comes before the client has sent all of the request body. */
static bool comes_before_body(const struct upstream_call *call)
{
    const struct forwarding *lead = call->lead;

    return lead && lead->exchange->inbound.streams && lead->exchange->inbound.state != INBOUND_COMPLETE;
}

/* Whether the answer streams from here on; LENGTH more bytes are about to come. An answer that cannot be kept
 * streams in any case, except to a merged call, since it is for all members. Before the end of the request
 * body the answer is kept: libmicrohttpd could not pass it on yet, and the server may still want the body. */
static bool is_to_stream(const struct upstream_call *call, size_t length)
{
    const struct transfer *transfer = &call->request.transfer;

    if (strcmp(call->request.method, MHD_HTTP_METHOD_HEAD) == 0 || comes_before_body(call))
        return false;
    return is_event_stream(call) || (transfer->overflows && !call->is_merged) ||
           (call->member_count == 1 && transfer->response_body.len + length > EXCHANGE_WINDOW_BYTES);
}

/* The client has read the whole window. */
static void make_room(struct forwarding *forwarding)
{
    struct upstream_call *call = forwarding->call;

    forwarding->answer_read = 0;
    transfer_clear_body(&call->request.transfer);
    if (!call->under_way)
        return;
    note_activity(call);
    transfer_resume(&call->request.transfer);
}

/* The response cannot be finished. In HTTP/1.1 the last chunk is missing, or the length is not reached; in
 * HTTP/1.0 the end of the connection would say that it is whole. */
static ssize_t cut_off(struct forwarding *forwarding)
{
    if (forwarding->exchange->head.is_http_1_0)
        peer_reset(forwarding->exchange->peer);
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t body_stream_read_answer(void *arg, uint64_t position, char *data, size_t max)
{
    struct forwarding *forwarding = arg;
    struct upstream_call *call = forwarding->call;
    const struct buf *body = call ? &call->request.transfer.response_body : NULL;
    size_t left = body ? body->len - forwarding->answer_read : 0;
    size_t length = left < max ? left : max;

    (void)position;
    if (!call) /* the exchange was given up */
        return cut_off(forwarding);
    if (left == 0 && call->under_way) {
        exchange_suspend(forwarding->exchange);
        return 0;
    }
    if (left == 0)
        return call->request.outcome == REQUEST_ANSWERED ? MHD_CONTENT_READER_END_OF_STREAM
                                                         : cut_off(forwarding);
    memcpy(data, body->data + forwarding->answer_read, length);
    forwarding->answer_read += length;
    exchange_passed_on(forwarding->exchange, length);
    if (length == left)
        make_room(forwarding);
    return (ssize_t)length;
}

static void begin_response(struct upstream_call *call)
{
    struct forwarding *reader = upstream_call_first(call);
    const struct transfer *transfer = &call->request.transfer;

    upstream_call_answer_begun(call);
    reply_transfer_streaming(reader->exchange, transfer, body_stream_read_answer, reader);
}

static int body_stream_answer_arrived(struct transfer *transfer, const void *data, size_t length)
{
    struct upstream_call *call = upstream_call_of(transfer);
    size_t waiting = transfer->response_body.len;

    (void)data;
    if (!call->streams && is_to_stream(call, length))
        begin_response(call);
    if (transfer->overflows && comes_before_body(call) && transfer->status < 300)
        return -EAGAIN; /* but an error is read to its end: the body is not sent any more then */
    if (call->streams && waiting > 0 && waiting + length > EXCHANGE_WINDOW_BYTES) {
        request_paused(&call->request);
        return -EAGAIN;
    }
    note_activity(call);
    if (call->streams)
        exchange_resume(upstream_call_first(call)->exchange);
    return TRANSFER_KEEP;
}

/* At the end of the request body, the response can begin. */
static void body_ended(struct forwarding *forwarding)
{
    struct upstream_call *call = forwarding->call;

    exchange_suspend(forwarding->exchange);
    if (call && call->request.state == REQUEST_SENDING && has_begun_to_answer(&call->request.transfer) &&
        is_to_stream(call, 0))
        begin_response(call);
    go_on_sending(forwarding);
}

void body_stream_arrived(struct forwarding *forwarding)
{
    if (forwarding->exchange->inbound.state == INBOUND_COMPLETE)
        body_ended(forwarding);
    else
        send_soon(forwarding);
}

void body_stream_answer_ended(struct upstream_call *call)
{
    exchange_resume(upstream_call_first(call)->exchange);
}

void body_stream_attach(struct upstream_call *call)
{
    struct forwarding *lead = call->lead;
    struct transfer *transfer = &call->request.transfer;

    transfer->write = body_stream_answer_arrived;
    transfer->reserve = EXCHANGE_WINDOW_BYTES;
    if (!lead->exchange->inbound.streams)
        return;
    lead->body_sent = 0;
    transfer->read = body_stream_read_request;
    transfer->rewind = body_stream_rewind_request;
    transfer->refused = body_stream_request_refused;
    transfer->read_length = lead->exchange->inbound.length;
}
