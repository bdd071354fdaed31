/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/forward.h"

#include "base/log.h"
#include "proxy/exchange/exchange.h"
#include "proxy/forward/upstream_call.h"

static void queue_timer_expired(struct timer *timer)
{
    (void)timer; /* forward_run() is called in every turn of the loop */
}

void forward_wake_in(struct forward *forward, int64_t delay_ms)
{
    loop_timer_start(&forward->services->loop, &forward->queue_timer, delay_ms);
}

/* The configuration has been checked: only memory can be missing, and then the old urgencies stay. */
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

void forward_open(struct forward *forward, struct services *services)
{
    services->forward = forward;
    forward->services = services;
    forward->queue_timer.expired = queue_timer_expired;
    list_init(&forward->paused);
    queue_init(&forward->queue, 0, 0);
    forward_configure(forward);
}

void forward_run(struct forward *forward)
{
    struct services *services = forward->services;
    int64_t now_ms = services->loop.now_ms;
    struct queue_item *item;
    int64_t ready_ms;

    if (forward->queue.count == 0)
        return;
    while ((item = queue_pop(&forward->queue, &services->budget, now_ms)))
        upstream_call_send(CONTAINER_OF(item, struct exchange, item));
    queue_end_pass(&forward->queue);
    ready_ms = queue_ready_ms(&forward->queue, &services->budget, now_ms);
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
