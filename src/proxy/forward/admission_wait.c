/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a request waits, and what it gets when its time is over.
 */
#include <inttypes.h>

#include "proxy/exchange/reply.h"
#include "proxy/exchange/reply_server.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"

#define CLOCK_LOOK_MS 250 /* until a request that waits for the clock looks whether the server is back */

void admission_set_time(struct forwarding *forwarding)
{
    struct exchange *exchange = forwarding->exchange;
    const struct config *config = exchange->services->config;
    int64_t max_ms = config->queue.max_wait_ms;
    int64_t wish_ms = exchange->head.prefer_wait_ms;

    forwarding->wait_max_ms = wish_ms >= 0 && wish_ms < max_ms ? wish_ms : max_ms;
    forwarding->hold_max_ms =
        wish_ms < 0 || config->upstream.hold_ms == 0 ? config->upstream.hold_ms : forwarding->wait_max_ms;
    forwarding->wait_left_ms =
        forwarding->wait_max_ms - (exchange->services->loop.now_ms - exchange->dispatched_ms);
    exchange->outbound.wait_applied = forwarding->wait_max_ms == wish_ms;
}

/* Whether it waits for the server now. */
static bool is_held(const struct forwarding *forwarding)
{
    return forwarding->exchange->services->forward->slow_start.is_closed;
}

/* Since when it waits for the server, if that is away. */
static int64_t held_since_ms(const struct forwarding *forwarding)
{
    const struct exchange *exchange = forwarding->exchange;
    const struct slow_start *start = &exchange->services->forward->slow_start;

    if (forwarding->held_since_ms > 0)
        return forwarding->held_since_ms;
    if (!start->is_closed)
        return exchange->services->loop.now_ms;
    return start->away_ms > exchange->dispatched_ms ? start->away_ms : exchange->dispatched_ms;
}

int64_t admission_hold_left_ms(const struct forwarding *forwarding)
{
    return held_since_ms(forwarding) + forwarding->hold_max_ms - forwarding->exchange->services->loop.now_ms;
}

static void reply_too_late(struct forwarding *forwarding)
{
    const struct services *services = forwarding->exchange->services;
    const struct server_state *server = &services->server;
    char bound[POLICY_BOUND_NAME_MAX];

    metrics_refused(services->metrics, METRICS_REFUSED_TOO_LATE);
    allowance_holds_request(forwarding->item.allowance, services->loop.now_ms, bound);
    if (forwarding->may_have_run) {
        reply_error(
            forwarding->exchange, 502, PROXY_STATUS_UNAVAILABLE,
            "the request failed, and waited in vain to be sent again: the server may have executed it "
            "(queue.max_wait_ms, Prefer: wait)");
        return;
    }
    reply_busy(forwarding->exchange, forward_busy_ms(services->forward, &forwarding->item),
               "the request waited %" PRId64
               " ms, the longest it may (queue.max_wait_ms, Prefer: wait)%s%s%s%s",
               forwarding->wait_max_ms, *bound ? ", because of " : "", bound, *server->cause ? "; " : "",
               server->cause);
}

static void reply_server_stays_away(struct forwarding *forwarding)
{
    const struct services *services = forwarding->exchange->services;

    metrics_refused(services->metrics, METRICS_REFUSED_TOO_LATE);
    reply_held_too_long(forwarding->exchange, services->loop.now_ms - held_since_ms(forwarding),
                        forwarding->may_have_run);
}

/* Its time begins to run, at most for MAX_MS: then the timer looks how much is left. */
static void start_timer(struct forwarding *forwarding, int64_t max_ms)
{
    struct loop *loop = &forwarding->exchange->services->loop;
    int64_t left_ms = forwarding->wait_left_ms;

    forwarding->waiting_since_ms = loop->now_ms;
    timing_begin_wait(&forwarding->exchange->timing);
    loop_timer_start(loop, &forwarding->wait_timer, left_ms < max_ms ? left_ms : max_ms);
}

/* When to look at a request in the queue: the server may have been away for as long as it may wait for it. */
static int64_t look_ms(const struct forwarding *forwarding)
{
    return is_held(forwarding)           ? admission_hold_left_ms(forwarding)
           : forwarding->hold_max_ms > 0 ? forwarding->hold_max_ms
                                         : INT64_MAX;
}

void admission_start_timer(struct forwarding *forwarding)
{
    start_timer(forwarding, look_ms(forwarding));
}

/* Waits as long as it still may. BACK_OFF_MS > 0: outside the queue at first. */
static void start_waiting(struct forwarding *forwarding, int64_t back_off_ms)
{
    int r = 0;

    forwarding->state = back_off_ms > 0 ? FORWARDING_BACKING_OFF : FORWARDING_WAITING;
    if (back_off_ms <= 0)
        r = queue_push_again(&forwarding->exchange->services->forward->queue, &forwarding->item);
    if (r == 0)
        start_timer(forwarding, back_off_ms > 0 ? back_off_ms : look_ms(forwarding));
    else
        reply_no_memory(forwarding->exchange);
}

void admission_wait_for_login(struct forwarding *forwarding)
{
    struct services *services = forwarding->exchange->services;
    int64_t max_ms = services->own_request_options.session_wait_ms;

    if (!forwarding->exchange->outbound.wait_reason)
        forwarding->exchange->outbound.wait_reason = "session";
    if (forwarding->may_be_spooled && forwarding->hold_max_ms < max_ms)
        max_ms = forwarding->hold_max_ms;
    forwarding->waiting_since_ms = services->loop.now_ms;
    timing_begin_wait(&forwarding->exchange->timing);
    loop_timer_start(&services->loop, &forwarding->wait_timer,
                     forwarding->wait_left_ms < max_ms ? forwarding->wait_left_ms : max_ms);
}

void admission_end(struct forwarding *forwarding)
{
    loop_timer_stop(&forwarding->exchange->services->loop, &forwarding->wait_timer);
    timing_end_wait(&forwarding->exchange->timing, clock_boot_us());
    forwarding->wait_left_ms -= forwarding->exchange->services->loop.now_ms - forwarding->waiting_since_ms;
}

/* While the server is away, there is no login for it, and so no time. */
static void wait_for_clock_again(struct forwarding *forwarding)
{
    if (is_held(forwarding))
        start_waiting(forwarding, CLOCK_LOOK_MS);
    else
        admission_begin(forwarding);
}

static void go_on_waiting(struct forwarding *forwarding)
{
    if (forwarding->state == FORWARDING_WAITING) { /* it is in the queue */
        start_timer(forwarding, look_ms(forwarding));
    } else if (forwarding->item.sequence == 0) { /* it has never been, since it waits for the clock */
        wait_for_clock_again(forwarding);
    } else {
        start_waiting(forwarding, 0);
    }
}

/* It waits for a login, for the server, or for its turn. */
static void reply_late(struct forwarding *forwarding, int64_t due_ms)
{
    if (forwarding->state == FORWARDING_SENT)
        reply_session_late(forwarding->exchange, due_ms - forwarding->waiting_since_ms);
    else if (is_held(forwarding))
        reply_server_stays_away(forwarding);
    else
        reply_too_late(forwarding);
}

void admission_timer_expired(struct timer *timer)
{
    struct forwarding *forwarding = CONTAINER_OF(timer, struct forwarding, wait_timer);

    admission_end(forwarding);
    if (forwarding->state != FORWARDING_SENT && forwarding->wait_left_ms > 0 &&
        (!is_held(forwarding) || admission_hold_left_ms(forwarding) > 0))
        go_on_waiting(forwarding);
    else if (!forward_spool_takes(forwarding))
        reply_late(forwarding, timer->due_ms);
}

void admission_end_hold(struct forwarding *forwarding)
{
    bool is_at_server =
        forwarding->state == FORWARDING_SENT && forwarding->call->request.state != REQUEST_WAITING;

    if (is_held(forwarding) && forwarding->state != FORWARDING_ENDED && !is_at_server &&
        !forward_spool_takes(forwarding))
        reply_server_stays_away(forwarding);
}

static bool may_get_response(const struct forwarding *forwarding)
{
    return forwarding->state != FORWARDING_ENDED && !exchange_has_response(forwarding->exchange);
}

void admission_spool_overdue(struct forwarding *forwarding)
{
    const struct exchange *exchange = forwarding->exchange;

    if (may_get_response(forwarding) &&
        exchange->services->loop.now_ms - exchange->dispatched_ms >= forwarding->hold_max_ms)
        forward_spool_takes(forwarding);
}

/* A read can be repeated in any case. */
static void reply_unanswered(struct forwarding *forwarding)
{
    struct exchange *exchange = forwarding->exchange;

    if (forwarding->is_read || !upstream_call_may_have_run(forwarding)) {
        reply_stopping(exchange);
        return;
    }
    metrics_refused(exchange->services->metrics, METRICS_REFUSED_STOPPING);
    reply_error(exchange, 504, PROXY_STATUS_INTERNAL,
                "tbproxyd is stopping, and the server has not answered: it may have executed the request");
}

void admission_stop(struct forwarding *forwarding)
{
    if (!may_get_response(forwarding))
        return;
    if (forwarding->call)
        request_give_up(&forwarding->call->request);
    if (!forward_spool_takes(forwarding))
        reply_unanswered(forwarding);
}

void admission_again(struct forwarding *forwarding, int64_t back_off_ms)
{
    if (back_off_ms > 0 && timer_is_started(&forwarding->exchange->hang_up_timer))
        exchange_hung_up(forwarding->exchange); /* nothing is retried for a client that may be gone */
    else if (!forwarding->exchange->services->draining || !is_held(forwarding))
        start_waiting(forwarding, back_off_ms);
    else if (!forward_spool_takes(forwarding))
        reply_server_stays_away(forwarding);
}
