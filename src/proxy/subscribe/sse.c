/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/sse.h"

#include <errno.h>

#include "proxy/exchange/reply.h"
#include "proxy/subscribe/subscription_request.h"

static struct sse *stream_of(struct subscriber *subscriber)
{
    return CONTAINER_OF(subscriber, struct sse, subscriber);
}

static bool has_begun(const struct sse *stream)
{
    return stream->exchange->outbound.state == OUTBOUND_STREAMING;
}

/* Makes libmicrohttpd ask for more. */
static void wake(struct sse *stream)
{
    if (has_begun(stream))
        exchange_resume(stream->exchange);
}

static void end(struct sse *stream)
{
    stream->ended = true;
    wake(stream);
}

static void end_with(struct sse *stream, const char *reason)
{
    if (stream->ended)
        return;
    stream->out.max = SSE_BYTES + TB_ERROR_MESSAGE_MAX * 7; /* the message may need escapes */
    event_write_end(fifo_tail(&stream->out), reason);
    end(stream);
}

static void comment(struct sse *stream, const char *text)
{
    if (!stream->ended && fifo_is_empty(&stream->out) && fifo_append(&stream->out, text, strlen(text)) == 0)
        wake(stream);
}

/* libmicrohttpd has room for MAX bytes. */
static ssize_t sse_read(void *arg, uint64_t position, char *data, size_t max)
{
    struct sse *stream = arg;
    size_t length;

    (void)position;
    if (fifo_is_empty(&stream->out) && stream->subscriber.state == SUBSCRIBER_BEHIND && !stream->ended)
        subscriber_catch_up(&stream->subscriber);
    if (fifo_is_empty(&stream->out) && stream->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (fifo_is_empty(&stream->out))
        exchange_suspend(stream->exchange);
    length = fifo_read(&stream->out, data, max);
    peer_moved(stream->exchange->peer, length);
    stream->exchange->outbound.bytes += (int64_t)length;
    return (ssize_t)length;
}

/* Whether there is no response yet, nor an error: the first values are not there. */
static bool is_waiting(const struct sse *stream)
{
    return !exchange_has_response(stream->exchange);
}

static void begin_response(struct sse *stream)
{
    struct loop *loop = &stream->exchange->services->loop;

    if (!is_waiting(stream))
        return;
    loop_timer_start(loop, &stream->timer, SSE_KEEP_ALIVE_MS);
    reply_events(stream->exchange, sse_read, stream);
}

static bool sse_event(struct subscriber *subscriber, int64_t id, const struct point *points, size_t count)
{
    struct sse *stream = stream_of(subscriber);
    bool was_empty = fifo_is_empty(&stream->out);
    int r;

    if (stream->ended)
        return false;
    r = event_write(fifo_tail(&stream->out), id, points, count);
    if (r == -EMSGSIZE && was_empty)
        end_with(stream, "an update is too large");
    begin_response(stream);
    wake(stream);
    return r == 0;
}

static void sse_began(struct subscriber *subscriber)
{
    begin_response(stream_of(subscriber));
}

static void sse_subscription_lost(struct subscriber *subscriber, const char *reason)
{
    struct sse *stream = stream_of(subscriber);

    if (is_waiting(stream))
        reply_error(stream->exchange, 502, PROXY_STATUS_UNAVAILABLE, "%s", reason);
}

static void sse_subscription_refused(struct subscriber *subscriber, int status, const char *reason)
{
    struct sse *stream = stream_of(subscriber);

    if (is_waiting(stream))
        reply_error(stream->exchange, status, status == 503 ? PROXY_STATUS_INTERNAL : NULL,
                    "the subscription was refused: %s", reason);
    else
        end_with(stream, reason);
}

static void sse_timer_expired(struct timer *timer)
{
    struct sse *stream = CONTAINER_OF(timer, struct sse, timer);
    struct loop *loop = &stream->exchange->services->loop;

    if (is_waiting(stream)) {
        reply_error(stream->exchange, 503, PROXY_STATUS_INTERNAL,
                    "the server did not send the first values in time");
        return;
    }
    subscriber_settle(&stream->subscriber);
    comment(stream, ": keep-alive\n\n");
    loop_timer_start(loop, timer, SSE_KEEP_ALIVE_MS);
}

/* A client that has closed its connection looks like one that only sends no more, until something is sent to
 * it: then its system resets the connection. */
static void sse_peer_ended(struct exchange *exchange, enum peer_end end_of_client)
{
    struct sse *stream = exchange->state;

    if (end_of_client == PEER_GONE) {
        end(stream);
    } else if (end_of_client == PEER_MAY_READ && !stream->probed) {
        stream->probed = true;
        comment(stream, ": keep-alive\n\n");
    }
}

static void sse_free(struct exchange *exchange)
{
    struct sse *stream = TAKE_PTR(exchange->state);

    if (!stream)
        return;
    loop_timer_stop(&exchange->services->loop, &stream->timer);
    unsubscribe(&stream->subscriber);
    fifo_free(&stream->out);
    quota_give_back(&exchange->peer->principal->shares.streams, 1);
    allowance_give_back(stream->opened_under, POLICY_MAX_STREAMS);
    free(stream);
}

/* If the response has begun, it is cut off. */
static void sse_leave(struct exchange *exchange)
{
    struct sse *stream = exchange->state;

    if (stream && has_begun(stream))
        end(stream);
}

/* A client that does not read has one second. */
static void sse_drain(struct exchange *exchange)
{
    struct sse *stream = exchange->state;

    if (!stream)
        return;
    if (is_waiting(stream)) {
        reply_stopping(exchange);
        return;
    }
    end(stream);
    MHD_set_connection_option(exchange->connection, MHD_CONNECTION_OPTION_TIMEOUT, 1U);
}

static struct sse *new_stream(struct exchange *exchange)
{
    struct sse *stream = calloc(1, sizeof(*stream));

    if (!stream)
        return NULL;
    quota_add(&exchange->peer->principal->shares.streams, 1);
    stream->opened_under = exchange->peer->allowance;
    allowance_take(stream->opened_under, POLICY_MAX_STREAMS);
    stream->exchange = exchange;
    stream->out.max = SSE_BYTES;
    stream->timer.expired = sse_timer_expired;
    stream->subscriber = (struct subscriber){.since_ms = -1,
                                             .event = sse_event,
                                             .began = sse_began,
                                             .lost = sse_subscription_lost,
                                             .refused = sse_subscription_refused};
    exchange->state = stream;
    return stream;
}

static void subscribe_to(struct exchange *exchange, const struct subscription_request *request)
{
    struct services *services = exchange->services;
    struct sse *stream = new_stream(exchange);
    int r = stream ? 0 : -ENOMEM;

    if (r == 0) {
        stream->subscriber.since_ms = request->since_ms;
        r = loop_timer_start(&services->loop, &stream->timer, services->config->upstream.timeout_ms);
    }
    if (r == 0)
        r = subscribe(services->subscriptions, &request->target, &stream->subscriber);
    if (r < 0)
        reply_no_memory(exchange);
}

/* Or responds. */
static bool has_place(struct exchange *exchange)
{
    const struct quota *own = &exchange->peer->principal->shares.streams;
    char bound[POLICY_BOUND_NAME_MAX];

    if (allowance_lacks(exchange->peer->allowance, POLICY_MAX_STREAMS, bound)) {
        reply_busy(exchange, 0, "too many subscribers (%s)", bound);
        return false;
    }
    if (quota_allows(own->whole->max, own->used, own->whole->used, 1))
        return true;
    reply_busy(exchange, 0, "too many subscribers (at most %d of one user)", SUBSCRIBERS_MAX);
    return false;
}

static void sse_begin(struct exchange *exchange)
{
    struct subscription_request request;
    const char *id = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Last-Event-ID");
    const char *reason;
    int r = subscription_request_parse(exchange->head.target.text.data, exchange->head.target.path_length, id,
                                       &request, &reason);

    if (r == -ENOMEM)
        reply_no_memory(exchange);
    else if (r < 0)
        reply_refused(exchange, 400, reason);
    else if (exchange->services->draining)
        reply_stopping(exchange);
    else if (!exchange_takes_response(exchange)) /* a stream cannot begin before the end of the body */
        reply_refused(exchange, 400, "the body is too large for a subscription");
    else if (strcmp(exchange->head.method, MHD_HTTP_METHOD_HEAD) == 0)
        reply_text(exchange, 200, "text/event-stream", strdup(""));
    else if (has_place(exchange))
        subscribe_to(exchange, &request);
    subscription_request_free(&request);
}

const struct handler sse_handler = {
    .name = "sse",
    .begin = sse_begin,
    .peer_ended = sse_peer_ended,
    .leave = sse_leave,
    .drain = sse_drain,
    .free = sse_free,
};
