/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to a forwarded request from the outside: it begins, its body comes, its client leaves, the
 * daemon stops.
 */
#include "proxy/exchange/reply.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/body_stream.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"

static void forward_begin(struct exchange *exchange)
{
    struct forwarding *forwarding = calloc(1, sizeof(*forwarding));

    if (!forwarding) {
        reply_no_memory(exchange);
        return;
    }
    forwarding->exchange = exchange;
    forwarding->wait_timer.expired = admission_timer_expired;
    forwarding->send_timer.expired = body_stream_timer_expired;
    list_init(&forwarding->member);
    exchange->state = forwarding;
    admission_begin(forwarding);
}

static void forward_body(struct exchange *exchange)
{
    body_stream_arrived(forwarding_of(exchange));
}

/* The status of the server's answer to it; 0: there is none. */
static int answer_status(const struct forwarding *forwarding)
{
    const struct upstream_call *call = forwarding->call;

    return call && !call->under_way && call->request.outcome == REQUEST_ANSWERED
               ? call->request.transfer.status
               : 0;
}

static void forward_leave(struct exchange *exchange)
{
    struct forwarding *forwarding = forwarding_of(exchange);

    if (!forwarding)
        return;
    if (forwarding->spool_state) {
        struct forward_spool *spool = exchange->services->forward->spool;

        spool->ended(spool, forwarding, answer_status(forwarding));
    }
    upstream_call_leave(forwarding);
    if (exchange->outbound.state == OUTBOUND_STREAMING) /* the response is cut off */
        upstream_call_release(forwarding);
}

/* An event stream may never end by itself, and a server that is away may not come back in time. */
static void forward_drain(struct exchange *exchange)
{
    struct forwarding *forwarding = forwarding_of(exchange);

    if (!forwarding)
        return;
    if (exchange->outbound.state == OUTBOUND_STREAMING && body_stream_is_endless(forwarding))
        reply_stopping(exchange);
    else if (exchange->services->stopping)
        admission_stop(forwarding);
    else
        admission_end_hold(forwarding);
}

static void forward_free(struct exchange *exchange)
{
    struct forwarding *forwarding = TAKE_PTR(exchange->state);

    if (!forwarding)
        return;
    upstream_call_release(forwarding);
    loop_timer_stop(&exchange->services->loop, &forwarding->send_timer);
    free(forwarding);
}

const struct handler forward_handler = {
    .name = "forward",
    .begin = forward_begin,
    .body = forward_body,
    .leave = forward_leave,
    .drain = forward_drain,
    .free = forward_free,
};
