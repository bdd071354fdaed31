/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_delete.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proxy/exchange/reply.h"
#include "proxy/forward/forward.h"

struct spool_delete {
    struct list link; /* in backlog->waiting */
    struct spool_entities *entities;
    struct spool_backlog *backlog; /* NULL: its entity has no rows any more */
    struct exchange *exchange;
    struct timer timer; /* its deadline, or at once if it was woken */
    int64_t max_ms;
};

static void spool_delete_leave(struct exchange *exchange)
{
    struct spool_delete *delete = exchange->state;
    struct spool_backlog *backlog = delete ? TAKE_PTR(delete->backlog) : NULL;

    if (!delete)
        return;
    loop_timer_stop(&exchange->services->loop, &delete->timer);
    list_remove(&delete->link);
    if (backlog)
        spool_entities_tidy(delete->entities, backlog);
}

static void spool_delete_free(struct exchange *exchange)
{
    spool_delete_leave(exchange);
    free(TAKE_PTR(exchange->state));
}

static const struct handler spool_delete_handler = {
    .name = "spool-delete",
    .leave = spool_delete_leave,
    .free = spool_delete_free,
};

static void spool_delete_expired(struct timer *timer)
{
    struct spool_delete *delete = CONTAINER_OF(timer, struct spool_delete, timer);
    struct exchange *exchange = delete->exchange;

    if (delete->backlog) {
        metrics_refused(exchange->services->metrics, METRICS_REFUSED_TOO_LATE);
        reply_busy(
            exchange, 0,
            "earlier writes of this entity are in the spool, and the server has not got them within %" PRId64
            " ms (queue.max_wait_ms, Prefer: wait); this delete must come after them",
            delete->max_ms);
        return;
    }
    exchange_hand_over(exchange, &forward_handler);
    exchange->handler->begin(exchange);
}

/* In a turn of their own: what calls this is in the middle of something. */
void spool_delete_wake(struct spool_entities *entities, struct spool_backlog *backlog)
{
    (void)entities;
    while (!list_is_empty(&backlog->waiting)) {
        struct spool_delete *delete = CONTAINER_OF(backlog->waiting.next, struct spool_delete, link);

        list_remove(&delete->link);
        delete->backlog = NULL;
        loop_timer_start(&delete->exchange->services->loop, &delete->timer, 0);
    }
}

void spool_delete_wait(struct spool *spool, struct exchange *exchange, const char *key, int64_t max_ms)
{
    struct spool_delete *delete = calloc(1, sizeof(*delete));
    struct spool_backlog *backlog;
    char name[PRINCIPAL_NAME_MAX];

    exchange_hand_over(exchange, &spool_delete_handler);
    principal_name(peer_user(exchange->peer), name, sizeof(name));
    if (!delete || spool_entities_get(&spool->entities, name, key, &backlog) < 0) {
        free(delete);
        reply_busy(exchange, 0,
                   "writes of too many entities are in the spool for this delete to wait for its own");
        return;
    }
    exchange->state = delete;
    delete->entities = &spool->entities;
    delete->backlog = backlog;
    delete->exchange = exchange;
    delete->max_ms = max_ms;
    delete->timer.expired = spool_delete_expired;
    list_append(&backlog->waiting, &delete->link);
    spool_entities_has_got_rows(&spool->entities, backlog); /* or it is not known yet */
    spool_look_at(spool, key);
    loop_timer_start(&spool->services->loop, &delete->timer,
                     exchange->dispatched_ms + max_ms - spool->services->loop.now_ms);
}
