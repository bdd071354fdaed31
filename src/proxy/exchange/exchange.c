/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/exchange.h"

#include "proxy/exchange/early_response.h"
#include "proxy/exchange/reply.h"
#include "proxy/exchange/request_log.h"
#include "proxy/exchange/trace.h"

/* A client that sends no more, but may still read, gets a response that comes within this time. */
#define HANG_UP_GRACE_MS 2000

static void exchange_hang_up_expired(struct timer *timer)
{
    exchange_hung_up(CONTAINER_OF(timer, struct exchange, hang_up_timer));
}

static void serve(struct exchange *exchange)
{
    exchange->served = true;
    exchange->peer->work->served++;
}

static void stop_serving(struct exchange *exchange)
{
    exchange->peer->work->served -= exchange->served;
    exchange->served = false;
}

struct exchange *exchange_new(struct MHD_Connection *connection, const char *raw_target)
{
    struct peer *peer =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct exchange *exchange = peer ? calloc(1, sizeof(*exchange)) : NULL;

    if (!exchange)
        return NULL;
    exchange->services = peer->services;
    exchange->peer = peer;
    exchange->connection = connection;
    exchange->head.headers = (struct headers)HEADERS_INIT;
    exchange->head.urgency = -1;
    exchange->head.prefer_wait_ms = -1;
    exchange->inbound.length = -1;
    exchange->inbound.body.max = SIZE_MAX - 1; /* inbound.c limits it */
    exchange->hang_up_timer.expired = exchange_hang_up_expired;
    peer->exchange = exchange;
    serve(exchange);
    list_append(&exchange->services->exchanges, &exchange->link);
    exchange->head.raw_address = (uintptr_t)raw_target;
    exchange->head.raw_target = strdup(raw_target);
    if (exchange->head.raw_target)
        return exchange;
    exchange_retire(exchange);
    return NULL;
}

void exchange_leave(struct exchange *exchange)
{
    if (exchange->handler && exchange->handler->leave)
        exchange->handler->leave(exchange);
}

void exchange_hand_over(struct exchange *exchange, const struct handler *handler)
{
    exchange_leave(exchange);
    if (exchange->handler->free)
        exchange->handler->free(exchange);
    exchange->handler = handler;
    exchange->state = NULL;
}

void exchange_note_end(const struct exchange *exchange, const char *reason)
{
    request_log(exchange, reason);
    if (!list_is_empty(&exchange->services->tracers))
        trace_response(exchange, reason);
}

void exchange_retire(struct exchange *exchange)
{
    if (exchange->outbound.state == OUTBOUND_STREAMING)
        exchange_note_end(exchange, NULL);
    exchange_leave(exchange);
    if (exchange->handler && exchange->handler->free)
        exchange->handler->free(exchange);
    loop_timer_stop(&exchange->services->loop, &exchange->hang_up_timer);
    exchange->peer->exchange = NULL;
    stop_serving(exchange);
    list_remove(&exchange->link);
    early_response_free(exchange);
    inbound_free(exchange);
    headers_free(&exchange->head.headers);
    target_free(&exchange->head.target);
    free(exchange->head.raw_target);
    free(exchange);
}

void exchange_refuse(struct exchange *exchange, int status, const char *reason)
{
    if (exchange->outbound.state != OUTBOUND_NONE)
        return;
    exchange->outbound.state = OUTBOUND_HELD;
    exchange->outbound.status = status;
    exchange->outbound.reason = reason;
}

void exchange_suspend(struct exchange *exchange)
{
    if (exchange->suspended)
        return;
    MHD_suspend_connection(exchange->connection);
    exchange->suspended = true;
    stop_serving(exchange);
    exchange_peer_changed(exchange);
}

void exchange_resume(struct exchange *exchange)
{
    if (!exchange->suspended)
        return;
    loop_timer_stop(&exchange->services->loop, &exchange->hang_up_timer);
    exchange->suspended = false;
    peer_is_waited_for(exchange->peer);
    MHD_resume_connection(exchange->connection);
    serve(exchange);
    exchange->peer->work->pending = true;
}

void exchange_upgraded(struct exchange *exchange)
{
    stop_serving(exchange);
    peer_upgraded(exchange->peer);
}

void exchange_hung_up(struct exchange *exchange)
{
    exchange->hung_up = true;
    metrics_count(exchange->services->metrics, METRICS_HANG_UPS, 1);
    reply_error(exchange, 503, NULL, "the client has hung up"); /* perhaps it still reads */
}

void exchange_peer_changed(struct exchange *exchange)
{
    const struct inbound *inbound = &exchange->inbound;
    enum peer_end end = exchange->peer->end;

    if (end == PEER_OPEN)
        return;
    if (end == PEER_MAY_READ && inbound->streams && inbound->state != INBOUND_COMPLETE)
        return; /* the rest of its body has to be read first */
    if (exchange->outbound.state == OUTBOUND_STREAMING && exchange->handler->peer_ended)
        exchange->handler->peer_ended(exchange, end);
    else
        loop_timer_start(&exchange->services->loop, &exchange->hang_up_timer,
                         end == PEER_MAY_READ ? HANG_UP_GRACE_MS : 0);
}
