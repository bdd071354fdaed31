/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/dispatch.h"

#include <stdlib.h>

#include "proxy/exchange/reply.h"
#include "proxy/exchange/tasks.h"
#include "proxy/forward/forward.h"
#include "proxy/listen/body_type.h"
#include "proxy/listen/permission.h"
#include "proxy/listen/permission_lookup.h"
#include "proxy/local/local.h"
#include "proxy/local/login.h"
#include "proxy/spool/spool_page.h"
#include "proxy/status/page.h"
#include "proxy/status/status.h"
#include "proxy/status/status_events.h"
#include "proxy/status/trace_stream.h"
#include "proxy/subscribe/sse.h"
#include "proxy/websocket/tunnel.h"
#include "upstream/stamp.h"

static const struct handler *const handlers[] = {
    [ROUTE_FORWARD] = &forward_handler,
    [ROUTE_FORWARD_PAGE] = &forward_handler,
    [ROUTE_FORWARD_ANONYMOUS] = &forward_handler,
    [ROUTE_TUNNEL] = &websocket_handler,
    [ROUTE_LOGIN] = &login_handler,
    [ROUTE_LOGOUT] = &local_handler,
    [ROUTE_LIVE] = &local_handler,
    [ROUTE_READY] = &local_handler,
    [ROUTE_STARTUP] = &local_handler,
    [ROUTE_LIST] = &local_handler,
    [ROUTE_PAGE] = &page_handler,
    [ROUTE_STATUS] = &status_handler,
    [ROUTE_METRICS] = &status_handler,
    [ROUTE_EVENTS] = &status_events_handler,
    [ROUTE_TRACE] = &trace_stream_handler,
    [ROUTE_SPOOL_WRITE] = &spool_page_handler,
    [ROUTE_SPOOL_LIST] = &spool_page_handler,
    [ROUTE_SPOOL_RETRY] = &spool_page_handler,
    [ROUTE_SPOOL_DROP] = &spool_page_handler,
    [ROUTE_SUBSCRIBE] = &sse_handler,
    [ROUTE_PREFLIGHT] = &local_handler,
    [ROUTE_NOT_ALLOWED] = &local_handler,
    [ROUTE_ELSEWHERE] = &local_handler,
    [ROUTE_UNKNOWN] = &local_handler,
};

/* daemon/ has the handler of those that are in no row. */
static const struct handler *handler_of(const struct exchange *exchange)
{
    const struct handler *handler = handlers[exchange->head.route.kind];

    return handler ? handler : exchange->services->actions;
}

/* Gives EXCHANGE to its handler, if the policy allows that. */
static void begin(struct exchange *exchange)
{
    exchange->handler = &local_handler; /* it has no state; for responses without another handler */
    body_type_fix(exchange);
    switch (permission_check(exchange)) {
    case PERMISSION_GRANTED:
        exchange->handler = handler_of(exchange);
        break;
    case PERMISSION_NEEDS_ANSWER:
        exchange->handler = &permission_lookup_handler;
        break;
    case PERMISSION_REFUSED:
        return;
    }
    exchange->handler->begin(exchange);
}

/* ---- a body that waits for its turn ---- */

struct body_task {
    struct task task;
    struct exchange *exchange;
};

static void body_task_leave(struct exchange *exchange)
{
    struct body_task *state = exchange->state;

    if (state)
        task_remove(&state->task);
}

static void body_task_free(struct exchange *exchange)
{
    body_task_leave(exchange);
    free(TAKE_PTR(exchange->state));
}

static size_t body_task_step(struct task *task)
{
    struct exchange *exchange = CONTAINER_OF(task, struct body_task, task)->exchange;
    size_t length = exchange->inbound.body.len;

    body_task_free(exchange);
    begin(exchange);
    return length;
}

static void body_task_begin(struct exchange *exchange)
{
    struct body_task *state = calloc(1, sizeof(*state));

    if (!state) {
        reply_no_memory(exchange);
        return;
    }
    exchange->state = state;
    state->exchange = exchange;
    task_init(&state->task, exchange->peer->principal);
    state->task.step = body_task_step;
    tasks_add(&exchange->services->tasks, &state->task);
}

static const struct handler body_task_handler = {
    .name = "body-task",
    .begin = body_task_begin,
    .leave = body_task_leave,
    .free = body_task_free,
};

_Static_assert(DISPATCH_READ_BYTES >= TELEMETRY_STAMP_MAX_BYTES &&
                   DISPATCH_READ_BYTES >= POLICY_BODY_MAX_BYTES,
               "a body that is read takes turns");

static bool takes_turns(const struct inbound *inbound)
{
    return !inbound->streams && inbound->body.len >= DISPATCH_TASK_BYTES &&
           inbound->body.len <= DISPATCH_READ_BYTES;
}

void dispatch(struct exchange *exchange)
{
    exchange->dispatched_ms = exchange->services->loop.now_ms;
    exchange->timing.begun_us = exchange->services->loop.turn_us;
    exchange->handler = &local_handler; /* as in begin() */
    if (exchange->services->stopping) {
        reply_stopping(exchange);
    } else if (takes_turns(&exchange->inbound)) {
        exchange->handler = &body_task_handler;
        exchange->handler->begin(exchange);
    } else {
        begin(exchange);
    }
    if (!exchange_has_response(exchange))
        exchange_suspend(exchange);
}
