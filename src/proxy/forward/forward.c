/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/forward.h"

#include <errno.h>

#include "base/log.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/upstream_call.h"

/* Until it is seen again, while the server is away, what has waited long enough to be taken by the spool. */
#define AWAY_LOOK_MS 100

static void queue_timer_expired(struct timer *timer)
{
    (void)timer; /* forward_run() is called in every turn of the loop */
}

void forward_wake_in(struct forward *forward, int64_t delay_ms)
{
    loop_timer_start(&forward->services->loop, &forward->queue_timer, delay_ms);
}

/* The configuration has been checked, so only memory can be short; then the old urgencies stay. */
static void set_urgencies(struct forward *forward)
{
    struct urgencies fresh = {0};
    struct tb_error err = TB_ERROR_INIT;

    if (urgencies_parse(forward->services->config->queue.urgency, &fresh, &err) < 0) {
        log_error("queue.urgency: %s", err.message);
        return;
    }
    urgencies_free(&forward->urgencies);
    forward->urgencies = fresh;
}

void forward_configure(struct forward *forward)
{
    const struct config *config = forward->services->config;

    forward->queue.max_count = (size_t)config->queue.max_requests;
    forward->queue.max_bytes = (size_t)config->queue.max_bytes;
    set_urgencies(forward);
}

static void for_all(struct services *services, void (*change)(struct forwarding *forwarding))
{
    struct exchange *exchange;

    list_for_each(exchange, &services->exchanges, link)
        if (exchange->handler == &forward_handler && exchange->state)
            change(forwarding_of(exchange));
}

/* Also what the server has, and does not answer. */
static void away_timer_expired(struct timer *timer)
{
    struct forward *forward = CONTAINER_OF(timer, struct forward, away_timer);
    struct services *services = forward->services;

    if (!forward->spool || !server_health_is_away(&services->upstream.health))
        return;
    for_all(services, admission_spool_overdue);
    loop_timer_start(&services->loop, timer, AWAY_LOOK_MS);
}

void forward_health_changed(struct forward *forward)
{
    struct services *services = forward->services;

    if (services->config->upstream.hold_ms > 0 && server_health_may_return(&services->upstream.health))
        slow_start_close(&forward->slow_start, services->loop.now_ms);
    else
        slow_start_open(&forward->slow_start, services->loop.now_ms);
    if (services->draining && forward->slow_start.is_closed)
        for_all(services, admission_end_hold);
    /* Not at once: this may be the report of a failure, whose request is taken only when that is dealt with.
     */
    loop_timer_start(&services->loop, &forward->away_timer, 0);
    forward_wake_in(forward, 0); /* forward_run() may have run already in this turn */
}

void forward_open(struct forward *forward, struct services *services)
{
    services->forward = forward;
    forward->services = services;
    forward->queue_timer.expired = queue_timer_expired;
    forward->away_timer.expired = away_timer_expired;
    list_init(&forward->paused);
    queue_init(&forward->queue, 0, 0);
    forward_configure(forward);
}

/* Values without a time, which the server may have stored with its own: they would be there twice. */
static bool would_double(const struct forwarding *forwarding)
{
    return forwarding->exchange->head.retry == TB_RETRY_STAMPED && !forwarding->stamped &&
           upstream_call_may_have_run(forwarding);
}

bool forward_spool_takes(struct forwarding *forwarding)
{
    struct forward_spool *spool = forwarding->exchange->services->forward->spool;

    return forwarding->may_be_spooled && !would_double(forwarding) && spool->takes(spool, forwarding);
}

void forward_run(struct forward *forward)
{
    forward->merged_bytes = 0;
    forward_make_room(forward);
}

/* READY_MS: when the first that waits can go. Places in flight are given back by calls, not by time. */
static const char *reason_of(int64_t ready_ms, int64_t now_ms)
{
    return ready_ms == INT64_MAX ? "connections" : ready_ms <= now_ms ? "others go first" : "rate limit";
}

static bool send_live(struct forward *forward)
{
    struct services *services = forward->services;
    struct queue_item *item = forward->queue.count > 0
                                  ? queue_pop(&forward->queue, &services->budget, services->loop.now_ms)
                                  : NULL;

    if (!item)
        return false;
    forward->live_tokens += item->cost;
    upstream_call_send(CONTAINER_OF(item, struct forwarding, item));
    return true;
}

static int send_spooled(struct forward *forward)
{
    int r = forward->spool ? forward->spool->send(forward->spool) : 0;

    if (r == 1)
        forward->live_tokens = 0;
    return r;
}

/* Requests go first, but the spool must not wait for ever. In its turn they leave it the tokens, of which it
 * may need more than one. */
static bool send_next(struct forward *forward)
{
    bool is_turn_of_spool = forward->live_tokens >= FORWARD_LIVE_TOKENS;
    int r = is_turn_of_spool ? send_spooled(forward) : 0;

    forward->yields = r == -EAGAIN && forward->queue.free_ready == 0;
    if (r == 1 || forward->yields)
        return r == 1;
    return send_live(forward) || (!is_turn_of_spool && send_spooled(forward) == 1);
}

/* When the first that waits, here or in the spool, can go. Says why those here wait. */
static int64_t ready_ms_of(struct forward *forward)
{
    const struct services *services = forward->services;
    int64_t now_ms = services->loop.now_ms, live_ms = INT64_MAX, spool_ms;

    if (!slow_start_allows(&forward->slow_start, now_ms)) {
        forward->held_by = FORWARD_SERVER_AWAY;
        return slow_start_ready_ms(&forward->slow_start, now_ms);
    }
    if (forward->queue.count > 0) {
        live_ms = queue_ready_ms(&forward->queue, &services->budget, now_ms);
        forward->held_by = reason_of(live_ms, now_ms);
    }
    spool_ms = forward->spool ? forward->spool->ready_ms(forward->spool) : INT64_MAX;
    return live_ms < spool_ms && !forward->yields ? live_ms : spool_ms;
}

void forward_make_room(struct forward *forward)
{
    struct services *services = forward->services;
    int64_t now_ms = services->loop.now_ms, ready_ms;

    if (forward->queue.count == 0 && !forward->spool)
        return;
    forward->yields = false;
    while (forward->merged_bytes < FORWARD_MERGE_BYTES && slow_start_allows(&forward->slow_start, now_ms) &&
           send_next(forward))
        ;
    queue_end_pass(&forward->queue);
    ready_ms = ready_ms_of(forward);
    if (ready_ms == INT64_MAX)
        loop_timer_stop(&services->loop, &forward->queue_timer);
    else
        forward_wake_in(forward, ready_ms - now_ms);
}

void forward_close(struct forward *forward)
{
    if (!forward->services) /* never opened */
        return;
    while (!list_is_empty(&forward->paused))
        upstream_call_end_pause(CONTAINER_OF(forward->paused.next, struct upstream_call, paused));
    queue_free(&forward->queue);
    urgencies_free(&forward->urgencies);
}

int64_t forward_busy_ms(const struct forward *forward, const struct queue_item *item)
{
    const struct budget *budget = &forward->services->budget;
    int64_t now_ms = forward->services->loop.now_ms;
    int64_t ready_ms = queue_ready_ms(&forward->queue, budget, now_ms);
    int64_t operation_ms = item->cost > 0 ? refused_operations_ready_ms(&budget->refusals.operations, now_ms,
                                                                        item->operation, item->cost)
                                          : now_ms;
    int64_t own_ms = allowance_request_ready_ms(item->allowance, now_ms);

    if (ready_ms == INT64_MAX || ready_ms < operation_ms)
        ready_ms = operation_ms;
    if (own_ms != INT64_MAX && ready_ms < own_ms)
        ready_ms = own_ms;
    return ready_ms - now_ms;
}

/* ---- for the status page ---- */

bool forward_waits(const struct exchange *exchange)
{
    return exchange->handler == &forward_handler && exchange->state &&
           forwarding_of(exchange)->state == FORWARDING_WAITING;
}

int64_t forward_oldest_ms(const struct forward *forward)
{
    const struct services *services = forward->services;
    const struct exchange *exchange;
    int64_t oldest = 0;

    list_for_each(exchange, &services->exchanges, link) {
        int64_t age_ms = services->loop.now_ms - exchange->dispatched_ms;

        if (forward_waits(exchange) && age_ms > oldest)
            oldest = age_ms;
    }
    return oldest;
}

struct forward_queue_state forward_queue_state(const struct forward *forward)
{
    const struct queue *queue = &forward->queue;

    return (struct forward_queue_state){queue->count, queue->bytes, queue->max_count, queue->max_bytes};
}

struct forward_principal_state forward_principal_state(const struct forward *forward,
                                                       const struct principal *principal)
{
    struct forward_principal_state state = {0};
    int device_api;

    for (device_api = 0; device_api < 2; device_api++) {
        const struct queue_principal *found =
            queue_find_principal(&forward->queue, principal_key(principal, device_api));

        state.waiting += found ? found->count : 0;
        state.in_flight += found ? found->in_flight : 0;
    }
    return state;
}
