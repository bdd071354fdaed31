/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/sse.h"

#include <errno.h>

#include "proxy/exchange/reply.h"
#include "proxy/exchange/reply_server.h"
#include "proxy/subscribe/subscription_request.h"

static struct sse *sse_of(struct subscriber *subscriber)
{
    return CONTAINER_OF(subscriber, struct sse, subscriber);
}

static void end_with(struct sse *sse, const char *reason)
{
    struct event_stream *stream = &sse->stream;

    if (stream->ended)
        return;
    stream->out.max = SSE_BYTES + TB_ERROR_MESSAGE_MAX * 7; /* the message may need escapes */
    event_write_end(fifo_tail(&stream->out), reason);
    event_stream_end(stream);
}

static void sse_caught_up(struct event_stream *stream)
{
    struct sse *sse = CONTAINER_OF(stream, struct sse, stream);

    if (sse->subscriber.state == SUBSCRIBER_BEHIND)
        subscriber_catch_up(&sse->subscriber);
}

static void sse_keep_alive(struct event_stream *stream)
{
    subscriber_settle(&CONTAINER_OF(stream, struct sse, stream)->subscriber);
}

/* Whether there is no response yet, nor an error: the first values are not there. */
static bool is_waiting(const struct sse *sse)
{
    return !exchange_has_response(sse->stream.exchange);
}

static void begin_response(struct sse *sse)
{
    loop_timer_stop(&sse->stream.exchange->services->loop, &sse->timer);
    event_stream_begin(&sse->stream);
}

static bool sse_event(struct subscriber *subscriber, int64_t id, const struct point *points, size_t count)
{
    struct sse *sse = sse_of(subscriber);
    struct event_stream *stream = &sse->stream;
    bool was_empty = fifo_is_empty(&stream->out);
    int r;

    if (stream->ended)
        return false;
    r = event_write(fifo_tail(&stream->out), id, points, count);
    if (r == -EMSGSIZE && was_empty)
        end_with(sse, "an update is too large");
    else if (r < 0 && r != -EMSGSIZE)
        end_with(sse, "out of memory");
    begin_response(sse);
    event_stream_wake(stream);
    return r == 0;
}

static void sse_began(struct subscriber *subscriber)
{
    begin_response(sse_of(subscriber));
}

/* How long it may still wait for a server that is away. */
static int64_t hold_left_ms(const struct exchange *exchange)
{
    const struct config *config = exchange->services->config;
    int64_t hold_ms = config->upstream.hold_ms, wish_ms = exchange->head.prefer_wait_ms;

    if (hold_ms > 0 && wish_ms >= 0)
        hold_ms = wish_ms < config->queue.max_wait_ms ? wish_ms : config->queue.max_wait_ms;
    return exchange->dispatched_ms + hold_ms - exchange->services->loop.now_ms;
}

/* A browser's EventSource takes an error for the end. The WebSocket is opened again meanwhile. */
static void wait_for_server(struct sse *sse)
{
    struct exchange *exchange = sse->stream.exchange;
    int64_t left_ms = hold_left_ms(exchange);

    if (left_ms <= 0)
        reply_server_away(exchange);
    else
        loop_timer_start(&exchange->services->loop, &sse->timer, left_ms);
}

static void sse_subscription_lost(struct subscriber *subscriber, const char *reason)
{
    struct sse *sse = sse_of(subscriber);
    struct exchange *exchange = sse->stream.exchange;

    if (!is_waiting(sse))
        return;
    if (server_health_may_return(&exchange->services->upstream.health))
        wait_for_server(sse);
    else
        reply_error(exchange, 502, PROXY_STATUS_UNAVAILABLE, "%s", reason);
}

static void sse_subscription_refused(struct subscriber *subscriber, int status, const char *reason)
{
    struct sse *sse = sse_of(subscriber);

    if (is_waiting(sse))
        reply_error(sse->stream.exchange, status, status == 503 ? PROXY_STATUS_INTERNAL : NULL,
                    "the subscription was refused: %s", reason);
    else
        end_with(sse, reason);
}

static void sse_timer_expired(struct timer *timer)
{
    struct exchange *exchange = CONTAINER_OF(timer, struct sse, timer)->stream.exchange;
    const struct services *services = exchange->services;

    if (server_health_may_return(&services->upstream.health))
        reply_held_too_long(exchange, services->loop.now_ms - exchange->dispatched_ms, false);
    else
        reply_error(exchange, 503, PROXY_STATUS_INTERNAL, "the server did not send the first values in time");
}

static void sse_free(struct exchange *exchange)
{
    struct sse *sse;

    if (!exchange->state)
        return;
    sse = CONTAINER_OF(TAKE_PTR(exchange->state), struct sse, stream);
    loop_timer_stop(&exchange->services->loop, &sse->timer);
    unsubscribe(&sse->subscriber);
    event_stream_free(&sse->stream);
    quota_give_back(&exchange->peer->principal->shares.streams, 1);
    allowance_give_back(sse->opened_under, POLICY_MAX_STREAMS);
    free(sse);
}

static struct sse *new_stream(struct exchange *exchange)
{
    struct sse *sse = calloc(1, sizeof(*sse));

    if (!sse)
        return NULL;
    quota_add(&exchange->peer->principal->shares.streams, 1);
    sse->opened_under = exchange->peer->allowance;
    allowance_take(sse->opened_under, POLICY_MAX_STREAMS);
    event_stream_init(&sse->stream, exchange, SSE_BYTES);
    sse->stream.caught_up = sse_caught_up;
    sse->stream.keep_alive = sse_keep_alive;
    sse->timer.expired = sse_timer_expired;
    sse->subscriber = (struct subscriber){.since_ms = -1,
                                          .event = sse_event,
                                          .began = sse_began,
                                          .lost = sse_subscription_lost,
                                          .refused = sse_subscription_refused};
    return sse;
}

static void subscribe_to(struct exchange *exchange, const struct subscription_request *request)
{
    struct services *services = exchange->services;
    struct sse *sse = new_stream(exchange);
    int r = sse ? 0 : -ENOMEM;

    if (r == 0) {
        sse->subscriber.since_ms = request->since_ms;
        loop_timer_start(&services->loop, &sse->timer, services->config->upstream.timeout_ms);
        r = subscribe(services->subscriptions, &request->target, &sse->subscriber);
    }
    if (r < 0)
        reply_no_memory(exchange);
}

/* Or responds. */
static bool has_place(struct exchange *exchange)
{
    const struct quota *own = &exchange->peer->principal->shares.streams;
    char bound[POLICY_BOUND_NAME_MAX];

    if (allowance_lacks(exchange->peer->allowance, POLICY_MAX_STREAMS, bound)) {
        metrics_refused(exchange->services->metrics, METRICS_REFUSED_SUBSCRIBERS);
        reply_busy(exchange, 0, "too many subscribers (%s)", bound);
        return false;
    }
    if (quota_allows(own->whole->max, own->used, own->whole->used, 1))
        return true;
    metrics_refused(exchange->services->metrics, METRICS_REFUSED_SUBSCRIBERS);
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
    else if (event_stream_may_begin(exchange) && has_place(exchange))
        subscribe_to(exchange, &request);
    subscription_request_free(&request);
}

const struct handler sse_handler = {
    .name = "sse",
    .begin = sse_begin,
    .peer_ended = event_stream_peer_ended,
    .leave = event_stream_leave,
    .drain = event_stream_drain,
    .free = sse_free,
};
