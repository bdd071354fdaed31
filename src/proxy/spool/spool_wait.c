/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_wait.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proxy/exchange/reply.h"
#include "proxy/forward/forward.h"
#include "proxy/spool/spool_look.h"

struct waiter {
    struct list link; /* in backlog->waiting or spool->waiting; in none: it has been woken */
    struct spool_entities *entities;
    struct spool_backlog *backlog; /* NULL: it does not wait for rows, or no more */
    struct exchange *exchange;
    struct timer timer; /* its deadline, or at once if it was woken */
    int64_t max_ms;
};

static void wait_leave(struct exchange *exchange)
{
    struct waiter *waiter = exchange->state;
    struct spool_backlog *backlog = waiter ? TAKE_PTR(waiter->backlog) : NULL;

    if (!waiter)
        return;
    loop_timer_stop(&exchange->services->loop, &waiter->timer);
    list_remove(&waiter->link);
    if (backlog)
        spool_entities_tidy(waiter->entities, backlog);
}

static void wait_free(struct exchange *exchange)
{
    wait_leave(exchange);
    free(TAKE_PTR(exchange->state));
}

static const struct handler wait_handler = {
    .name = "spool-wait",
    .leave = wait_leave,
    .free = wait_free,
};

static void reply_too_late(const struct waiter *waiter)
{
    struct exchange *exchange = waiter->exchange;

    metrics_refused(exchange->services->metrics, METRICS_REFUSED_TOO_LATE);
    if (waiter->backlog)
        reply_busy(
            exchange, 0,
            "earlier writes of this entity are in the spool, and the server has not got them within %" PRId64
            " ms (queue.max_wait_ms, Prefer: wait); this delete must come after them",
            waiter->max_ms);
    else
        reply_busy(exchange, 0,
                   "the file of the spool is still being opened after %" PRId64
                   " ms (queue.max_wait_ms, Prefer: wait); send it again later",
                   waiter->max_ms);
}

static void wait_is_over(struct timer *timer)
{
    struct waiter *waiter = CONTAINER_OF(timer, struct waiter, timer);
    struct exchange *exchange = waiter->exchange;

    if (!list_is_empty(&waiter->link)) {
        reply_too_late(waiter);
        return;
    }
    exchange_hand_over(exchange, &forward_handler);
    exchange->handler->begin(exchange);
}

/* In a turn of their own: what calls this is in the middle of something. */
void spool_wait_wake(struct list *waiting)
{
    while (!list_is_empty(waiting)) {
        struct waiter *waiter = CONTAINER_OF(waiting->next, struct waiter, link);

        list_remove(&waiter->link);
        waiter->backlog = NULL;
        loop_timer_start(&waiter->exchange->services->loop, &waiter->timer, 0);
    }
}

void spool_wait_rows_gone(struct spool_entities *entities, struct spool_backlog *backlog)
{
    (void)entities;
    spool_wait_wake(&backlog->waiting);
}

static void begin(struct waiter *waiter, struct exchange *exchange, struct list *waiting, int64_t max_ms)
{
    struct loop *loop = &exchange->services->loop;

    exchange->state = waiter;
    waiter->exchange = exchange;
    waiter->max_ms = max_ms;
    waiter->timer.expired = wait_is_over;
    list_append(waiting, &waiter->link);
    loop_timer_start(loop, &waiter->timer, exchange->dispatched_ms + max_ms - loop->now_ms);
}

void spool_wait_for_rows(struct spool *spool, struct exchange *exchange, const char *key, int64_t max_ms)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));
    struct spool_backlog *backlog;
    char name[PRINCIPAL_NAME_MAX];

    exchange_hand_over(exchange, &wait_handler);
    principal_name(peer_user(exchange->peer), name, sizeof(name));
    if (!waiter || spool_entities_get(&spool->entities, name, key, &backlog) < 0) {
        free(waiter);
        reply_busy(
            exchange, 0,
            "writes of this user to too many entities are in the spool, so this delete cannot wait for "
            "those of its own; send it again later");
        return;
    }
    waiter->entities = &spool->entities;
    waiter->backlog = backlog;
    begin(waiter, exchange, &backlog->waiting, max_ms);
    spool_entities_has_got_rows(&spool->entities, backlog); /* or it is not known yet */
    spool_look_at(spool, key);
}

void spool_wait_for_file(struct spool *spool, struct exchange *exchange, int64_t max_ms)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));

    exchange_hand_over(exchange, &wait_handler);
    if (waiter)
        begin(waiter, exchange, &spool->waiting, max_ms);
    else
        reply_no_memory(exchange);
}
