/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/exchange.h"

#include <errno.h>
#include <inttypes.h>

#include "proxy/exchange/early_answer.h"
#include "proxy/exchange/reply.h"
#include "proxy/exchange/services.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/body_stream.h"
#include "proxy/forward/upstream_call.h"
#include "proxy/local/local.h"
#include "proxy/subscribe/sse.h"
#include "proxy/websocket/tunnel.h"

/* A client that has ended its sending, but perhaps not its reading, still gets an answer that comes this
 * soon. */
#define HANG_UP_GRACE_MS 2000

static void hang_up_expired(struct timer *timer);

struct exchange *exchange_new(struct MHD_Connection *connection, const char *raw_target)
{
    struct peer *peer =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct exchange *exchange = peer ? calloc(1, sizeof(*exchange)) : NULL;

    if (!exchange)
        return NULL;
    exchange->services = peer->services;
    exchange->connection = connection;
    exchange->peer = peer;
    peer->exchange = exchange;
    exchange->headers = (struct headers)HEADERS_INIT;
    exchange->length = -1;
    exchange->body.max = SIZE_MAX - 1; /* receive.c bounds it by the configuration */
    exchange->hang_up_timer.expired = hang_up_expired;
    exchange->wait_timer.expired = admission_timer_expired;
    exchange->send_timer.expired = body_stream_timer_expired;
    exchange->urgency = -1;
    exchange->prefer_wait_ms = -1;
    list_init(&exchange->member);
    list_append(&peer->services->exchanges, &exchange->link);
    exchange->raw_address = (uintptr_t)raw_target;
    exchange->raw_target = strdup(raw_target);
    if (!exchange->raw_target) {
        exchange_retire(exchange);
        return NULL;
    }
    return exchange;
}

void exchange_retire(struct exchange *exchange)
{
    struct services *services = exchange->services;

    upstream_call_leave(exchange);
    upstream_call_release(exchange);
    tunnel_free(exchange);
    sse_free(exchange);
    loop_timer_stop(&services->loop, &exchange->hang_up_timer);
    loop_timer_stop(&services->loop, &exchange->send_timer);
    exchange->peer->exchange = NULL;
    list_remove(&exchange->link);
    early_answer_free(exchange);
    body_stream_forget_body(exchange);
    headers_free(&exchange->headers);
    target_free(&exchange->target);
    free(exchange->raw_target);
    free(exchange);
}

void exchange_suspend(struct exchange *exchange)
{
    if (exchange->suspended)
        return;
    MHD_suspend_connection(exchange->connection);
    exchange->suspended = true;
    exchange_peer_changed(exchange);
}

void exchange_resume(struct exchange *exchange)
{
    if (!exchange->suspended)
        return;
    loop_timer_stop(&exchange->services->loop, &exchange->hang_up_timer);
    exchange->suspended = false;
    MHD_resume_connection(exchange->connection);
    *exchange->peer->pending = true;
}

void exchange_hung_up(struct exchange *exchange)
{
    exchange->hung_up = true;
    metrics_count(exchange->services->metrics, METRICS_HANG_UPS, 1);
    reply_error(exchange, 503, NULL,
                "the client has hung up"); /* ends the exchange; hardly anybody reads it */
}

static void hang_up_expired(struct timer *timer)
{
    exchange_hung_up(CONTAINER_OF(timer, struct exchange, hang_up_timer));
}

void exchange_peer_changed(struct exchange *exchange)
{
    enum peer_end end = exchange->peer->end;

    if (end == PEER_MAY_READ && exchange->streams_body && !exchange->body_ended)
        return; /* there is more of its body to read */
    if (exchange->sse && exchange->state == EXCHANGE_ANSWERED)
        sse_peer_changed(exchange, end);
    else if (end != PEER_OPEN)
        loop_timer_start(&exchange->services->loop, &exchange->hang_up_timer,
                         end == PEER_MAY_READ ? HANG_UP_GRACE_MS : 0);
}

static void reply_unavailable(struct exchange *exchange)
{
    const struct session *session = exchange->services->upstream.session;
    const char *reason = session_reason(session);

    if (session_state(session) == SESSION_LOCKED_OUT)
        reply_error(exchange, 503, "proxy_configuration_error", "tbproxyd cannot log in: %s", reason);
    else if (session_status(session) == 429)
        reply_later(exchange, session_due(session) - exchange->services->loop.now_ms,
                    "tbproxyd has no session with the server: %s", reason);
    else
        reply_error(exchange, 502, "destination_unavailable", "tbproxyd has no session with the server: %s",
                    reason);
}

void exchange_dispatch(struct exchange *exchange)
{
    exchange->arrived_ms = exchange->services->loop.now_ms;
    switch (exchange->services->stopping ? ROUTE_UNDECIDED : exchange->route.kind) {
    case ROUTE_UNDECIDED:
        reply_stopping(exchange);
        return;
    case ROUTE_FORWARD:
    case ROUTE_FORWARD_PAGE:
    case ROUTE_FORWARD_ANONYMOUS:
        admission_begin(exchange);
        break;
    case ROUTE_LOGIN:
        upstream_call_begin_login(exchange);
        break;
    case ROUTE_TUNNEL:
        tunnel_begin(exchange);
        break;
    case ROUTE_SUBSCRIBE:
        sse_begin(exchange);
        break;
    default:
        local_answer(exchange);
        return;
    }
    if (exchange->state != EXCHANGE_ANSWERED && exchange->state != EXCHANGE_DISCARDING)
        exchange_suspend(exchange);
}

/* For Proxy-Status: why a request that got a 429 was not retried; NULL where there is nothing to say. */
static const char *const retry_refusals[] = {
    [RETRY_IS_OFF] = "\"retry.retry_on_rate_limit is off\"",
    [RETRY_ENOUGH] = "\"retried as often as retry.max_retries allows\"",
    [RETRY_UNSAFE] = "\"not retried: the server may have executed it\"",
    [RETRY_UNSTAMPED] =
        "\"not retried: the server may have stored it, and its body could not be given a time\"",
    [RETRY_BODY_IS_GONE] = "\"not retried: the body was too large to be kept (limits.max_kept_body_bytes)\"",
    [RETRY_LATER_THAN_MAX] = "\"not retried: Retry-After is longer than retry.max_retry_delay_ms\"",
};

void exchange_answer(struct exchange *exchange, const struct request *request)
{
    switch (request->outcome) {
    case REQUEST_ANSWERED:
        reply_forward(exchange,
                      request->transfer.status == 429 ? retry_refusals[request->not_retried] : NULL);
        return;
    case REQUEST_FAILED:
        reply_transfer_error(exchange, &request->transfer);
        return;
    case REQUEST_NO_SESSION:
        reply_unavailable(exchange);
        return;
    case REQUEST_SESSION_LATE:
        reply_error(exchange, 503, "proxy_internal_response",
                    "tbproxyd waited %" PRId64 " ms for its login to the server",
                    request->options->session_wait_ms);
        return;
    case REQUEST_TO_LOGIN_PAGE:
        reply_error(exchange, 401, NULL, "the server sent tbproxyd to its login page");
        return;
    case REQUEST_BODY_IS_GONE:
        reply_busy(exchange,
                   "the login to the server was renewed in the middle of the body, which was too large to "
                   "be kept (limits.max_kept_body_bytes): send it again");
        return;
    case REQUEST_CANNOT_BE_SENT:
        reply_error(exchange, 503, "proxy_internal_response", "out of memory");
        return;
    }
}
