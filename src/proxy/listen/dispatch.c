/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/dispatch.h"

#include "proxy/exchange/reply.h"
#include "proxy/forward/forward.h"
#include "proxy/listen/permission.h"
#include "proxy/listen/permission_lookup.h"
#include "proxy/local/local.h"
#include "proxy/local/login.h"
#include "proxy/status/status.h"
#include "proxy/subscribe/sse.h"
#include "proxy/websocket/tunnel.h"

static const struct handler *const handlers[] = {
    [ROUTE_FORWARD] = &forward_handler,
    [ROUTE_FORWARD_PAGE] = &forward_handler,
    [ROUTE_FORWARD_ANONYMOUS] = &forward_handler,
    [ROUTE_TUNNEL] = &websocket_handler,
    [ROUTE_LOGIN] = &login_handler,
    [ROUTE_LOGOUT] = &local_handler,
    [ROUTE_LIVE] = &local_handler,
    [ROUTE_READY] = &local_handler,
    [ROUTE_STATUS] = &status_handler,
    [ROUTE_METRICS] = &status_handler,
    [ROUTE_SUBSCRIBE] = &sse_handler,
    [ROUTE_PREFLIGHT] = &local_handler,
    [ROUTE_NOT_ALLOWED] = &local_handler,
    [ROUTE_UNKNOWN] = &local_handler,
};

/* Gives EXCHANGE to HANDLER, if the policy allows that. */
static void begin(struct exchange *exchange, const struct handler *handler)
{
    switch (permission_check(exchange)) {
    case PERMISSION_GRANTED:
        exchange->handler = handler;
        break;
    case PERMISSION_NEEDS_ANSWER:
        exchange->handler = &permission_lookup_handler;
        break;
    case PERMISSION_REFUSED:
        return;
    }
    exchange->handler->begin(exchange);
}

void dispatch(struct exchange *exchange)
{
    exchange->dispatched_ms = exchange->services->loop.now_ms;
    exchange->handler = &local_handler; /* it has no state; for responses without another handler */
    if (exchange->services->stopping)
        reply_stopping(exchange);
    else
        begin(exchange, handlers[exchange->head.route.kind]);
    if (!exchange_has_response(exchange))
        exchange_suspend(exchange);
}
