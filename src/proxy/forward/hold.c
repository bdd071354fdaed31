/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a failure of the server: which requests wait until it is back, and which get the error.
 */
#include "proxy/exchange/reply_server.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/body_stream.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"

/* What the server may have executed may be the reason itself: it is sent again 0.25, 0.5, 1 and 2 s later, if
 * the server is there. Also if that seems to be away: a probe may deny it at once, again and again. */
#define DOUBTS_MAX     4
#define DOUBT_DELAY_MS 250

/* Until a session without a credential makes its next attempt, which requests ask for once a second. */
#define SESSION_DELAY_MS 500

/* -1: later than in MAX_MS. Then what is known now is the answer. */
static int64_t doubt_delay_ms(const struct upstream_call *call, unsigned doubts, int64_t max_ms)
{
    const struct retry_options options = {.initial_delay_ms = DOUBT_DELAY_MS, .max_delay_ms = INT64_MAX};
    int64_t delay_ms = retry_delay_ms(
        &options, doubts,
        upstream_clock_retry_after_ms(&call->services->upstream.clock, &call->request.transfer));

    return delay_ms < max_ms ? delay_ms : -1;
}

/* Nothing but a connection, or a server that takes it, was missing. */
static bool was_waiting(const struct request *request)
{
    const struct transfer *transfer = &request->transfer;

    return request->outcome == REQUEST_FAILED &&
           (transfer_was_not_executed(transfer) || transfer->timed_out_waiting);
}

/* The time since it was sent, or has joined, counts as waiting. */
static void count_waiting(const struct upstream_call *call, struct forwarding *forwarding)
{
    int64_t since_ms = call->request.transfer.started_ms;

    if (since_ms < forwarding->exchange->dispatched_ms)
        since_ms = forwarding->exchange->dispatched_ms;
    forwarding->wait_left_ms -= call->services->loop.now_ms - since_ms;
}

/* For how long the member stays out of the queue; -1: it is not sent again. In the queue it waits for the
 * server that is away, which a Retry-After of a gateway does not know better. */
static int64_t back_off_ms(const struct upstream_call *call, struct forwarding *forwarding)
{
    const struct request *request = &call->request;
    int64_t max_ms = admission_hold_left_ms(forwarding), delay_ms;
    bool is_away = call->services->forward->slow_start.is_closed;

    if (was_waiting(request))
        count_waiting(call, forwarding);
    if (forwarding->wait_left_ms <= 0 || !body_stream_can_begin_again(forwarding))
        return -1;
    if (was_waiting(request) && transfer_is_late(&request->transfer, call->services->loop.now_ms))
        return 0; /* it was another member's time that is over */
    if (max_ms <= 0)
        return -1;
    if (max_ms > forwarding->wait_left_ms)
        max_ms = forwarding->wait_left_ms;
    if (request->outcome == REQUEST_NO_SESSION)
        return is_away && call->is_queued ? 0 : SESSION_DELAY_MS;
    if (is_away && transfer_was_not_executed(&request->transfer))
        return 0;
    if (++forwarding->doubts > DOUBTS_MAX)
        return -1;
    delay_ms = doubt_delay_ms(call, forwarding->doubts, max_ms);
    return is_away && delay_ms < 0 ? 0 : delay_ms;
}

void upstream_call_hold(struct upstream_call *call)
{
    const struct services *services = call->services;
    const struct request *request = &call->request;

    while (call->member_count > 0) {
        struct forwarding *forwarding = upstream_call_first(call);
        int64_t delay_ms = back_off_ms(call, forwarding);

        if (delay_ms < 0) {
            upstream_call_respond(forwarding);
            continue;
        }
        if (forwarding->held_since_ms == 0)
            forwarding->held_since_ms = services->loop.now_ms;
        if (request->outcome != REQUEST_NO_SESSION)
            forwarding->server_ms += services->loop.now_ms - request->transfer.started_ms;
        forwarding->exchange->outbound.wait_reason = FORWARD_SERVER_AWAY;
        upstream_call_requeue(forwarding, delay_ms);
    }
}
