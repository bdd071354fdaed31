/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_delivery.h"

#include <errno.h>

#include "proxy/forward/forward.h"
#include "proxy/spool/spool.h"
#include "proxy/spool/spool_origin.h"
#include "proxy/spool/spool_slot.h"

static struct services *services_of(const struct spool_delivery *delivery)
{
    return delivery->spool->services;
}

static int64_t now_ms_of(const struct spool_delivery *delivery)
{
    return services_of(delivery)->loop.now_ms;
}

static struct spool_entities *entities_of(const struct spool_delivery *delivery)
{
    return &delivery->spool->entities;
}

/* ---- the server ---- */

/* Rows are only compared with the tenant that a session tells. */
static bool has_session(const struct spool_delivery *delivery)
{
    struct upstream *upstream = &services_of(delivery)->upstream;

    return !upstream->session ||
           (session_credential(upstream->session, now_ms_of(delivery)) && spool_origin_tenant(upstream));
}

static bool may_begin(const struct spool_delivery *delivery)
{
    return delivery->spool->is_open && !services_of(delivery)->draining &&
           !services_of(delivery)->forward->slow_start.is_closed && has_session(delivery);
}

/* How many calls it may have in flight: it shares the places as the users of the queue do. */
static size_t max_in_flight(const struct spool_delivery *delivery)
{
    return quota_part(services_of(delivery)->budget.options.max_in_flight);
}

static bool has_its_share(const struct spool_delivery *delivery)
{
    return !quota_allows(max_in_flight(delivery), delivery->in_flight,
                         services_of(delivery)->budget.in_flight, 1);
}

/* These, too, are shared: the server may hang for the rows of one user. */
static bool has_share_of(const struct spool_delivery *delivery, const struct spool_owner *owner)
{
    return !quota_allows(quota_part(max_in_flight(delivery)), owner->in_flight, delivery->in_flight, 1);
}

static void look_whether_server_is_back(struct spool_delivery *delivery)
{
    const struct forward *forward = services_of(delivery)->forward;

    if (delivery->return_number == forward->slow_start.number && forward->answered_ms <= delivery->failed_ms)
        return;
    delivery->return_number = forward->slow_start.number;
    delivery->is_away = false;
    delivery->attempts = 0;
}

void spool_delivery_answered(struct spool_delivery *delivery)
{
    services_of(delivery)->forward->answered_ms = now_ms_of(delivery);
    delivery->is_away = false;
    delivery->attempts = 0;
}

void spool_delivery_failed(struct spool_delivery *delivery, const struct spool_owner *owner,
                           const struct transfer *transfer)
{
    const struct retry_options options = {.initial_delay_ms = SPOOL_DELIVERY_AWAY_MS,
                                          .max_delay_ms = SPOOL_DELIVERY_AWAY_MAX};
    struct services *services = services_of(delivery);
    int64_t delay_ms;

    delivery->only = !delivery->is_away || delivery->only == owner ? owner : NULL;
    if (delivery->is_away && services->loop.now_ms < delivery->next_attempt_ms)
        return; /* it was sent before that was known */
    delivery->is_away = true;
    delivery->failed_ms = services->loop.now_ms;
    delay_ms = retry_delay_ms(&options, ++delivery->attempts,
                              upstream_clock_retry_after_ms(&services->upstream.clock, transfer));
    delivery->next_attempt_ms = services->loop.now_ms + (delay_ms < 0 ? options.max_delay_ms : delay_ms);
}

/* Whether a try of SLOT tells OWNER, too, whether the server is away. */
static bool decides_for(const struct spool_slot *slot, const struct spool_owner *owner)
{
    const struct spool_owner *only = slot->delivery->only;

    return owner == only || slot->backlog->owner != only;
}

/* ---- entities ---- */

/* Whether a limit of its operation alone holds it back. */
static bool is_held_back(const struct spool_delivery *delivery, const struct spool_slot *slot)
{
    return refused_operations_find(&services_of(delivery)->budget.refusals.operations, now_ms_of(delivery),
                                   slot->operation);
}

/* Whether SLOT is trying while the server is away, or is about to. A call of before may hang for long. */
static bool tries(const struct spool_delivery *delivery, const struct spool_slot *slot)
{
    switch (slot->state) {
    case SPOOL_SLOT_WORKING:
        return true;
    case SPOOL_SLOT_READY:
        return !is_held_back(delivery, slot);
    case SPOOL_SLOT_CALLING:
        return slot->is_try;
    case SPOOL_SLOT_RESTING:
        return false;
    }
    return false;
}

static bool has_one_that_tries(const struct spool_delivery *delivery, const struct spool_owner *owner)
{
    const struct spool_slot *slot;

    list_for_each(slot, &delivery->slots, link)
        if (tries(delivery, slot) && decides_for(slot, owner))
            return true;
    return false;
}

/* While the server is away, one is enough to try. */
static struct spool_backlog *next_entity(struct spool_delivery *delivery)
{
    struct spool_backlog *backlog =
        spool_entities_next(entities_of(delivery), delivery->is_away ? delivery->only : NULL);

    if (!backlog)
        backlog = spool_entities_next(entities_of(delivery), NULL);
    return delivery->is_away && backlog && has_one_that_tries(delivery, backlog->owner) ? NULL : backlog;
}

/* Makes room for an entity that need not rest. */
static bool give_up_one_that_rests(struct spool_delivery *delivery)
{
    struct spool_slot *slot;

    list_for_each(slot, &delivery->slots, link) {
        struct spool_backlog *backlog = slot->backlog;
        int64_t until_ms = slot->timer.due_ms;

        if (slot->state != SPOOL_SLOT_RESTING || slot->progress.note != SPOOL_NOTE_NOTHING ||
            !backlog->has_rows || !spool_entities_others_wait(entities_of(delivery), backlog->owner))
            continue;
        spool_slot_free(slot);
        spool_entities_rest(entities_of(delivery), backlog, until_ms);
        if (!timer_is_started(&delivery->timer))
            loop_timer_start(&services_of(delivery)->loop, &delivery->timer, SPOOL_DELIVERY_REST_MS);
        return true;
    }
    return false;
}

static void begin_more(struct spool_delivery *delivery)
{
    struct spool_backlog *backlog;

    if (!may_begin(delivery))
        return;
    do
        while ((backlog = next_entity(delivery)))
            if (!spool_slot_begin(delivery, backlog))
                return;
    while (give_up_one_that_rests(delivery));
}

void spool_delivery_wake(struct spool_delivery *delivery, const char *key)
{
    struct spool_backlog *backlog = spool_entities_find(entities_of(delivery), key);

    if (backlog && backlog->slot)
        spool_slot_wake(backlog->slot);
}

/* ---- turns ---- */

/* Users have their turns one after the other: the first call of each of them goes before the second of any.
 */
void spool_delivery_queue(struct spool_delivery *delivery, struct spool_slot *slot)
{
    struct spool_owner *owner = slot->backlog->owner;
    struct list *place = delivery->ready.previous;

    owner->round = owner->round < delivery->round ? delivery->round : owner->round + 1;
    slot->round = owner->round;
    while (place != &delivery->ready && CONTAINER_OF(place, struct spool_slot, ready)->round > slot->round)
        place = place->previous;
    list_prepend(place, &slot->ready);
}

static bool takes(struct spool_delivery *delivery, const struct spool_slot *slot)
{
    return budget_take(&services_of(delivery)->budget, now_ms_of(delivery), slot->operation, slot->cost);
}

/* When SLOT may be sent; INT64_MAX: not before something happens. */
static int64_t try_ms(const struct spool_delivery *delivery, const struct spool_slot *slot)
{
    const struct spool_owner *owner = slot->backlog->owner;
    const struct spool_slot *other;

    if (has_share_of(delivery, owner))
        return INT64_MAX;
    if (!delivery->is_away)
        return now_ms_of(delivery);
    list_for_each(other, &delivery->slots, link)
        if (other->state == SPOOL_SLOT_CALLING && other->is_try && decides_for(other, owner))
            return INT64_MAX;
    if ((delivery->only && owner != delivery->only) || delivery->next_attempt_ms < now_ms_of(delivery))
        return now_ms_of(delivery);
    return delivery->next_attempt_ms;
}

/* The first that may be sent at NOW_MS or, if none may, later; of another operation than BUT: the budget may
 * hold back one alone. NULL: of any. */
static struct spool_slot *first_ready(const struct spool_delivery *delivery, const struct spool_slot *but)
{
    struct spool_slot *slot, *first = NULL;

    list_for_each(slot, &delivery->ready, ready)
        if ((!but || slot->operation != but->operation) &&
            (!first || try_ms(delivery, slot) < try_ms(delivery, first)))
            first = slot;
    return first;
}

static bool can_send(const struct spool_delivery *delivery)
{
    return !list_is_empty(&delivery->ready) && may_begin(delivery) && !has_its_share(delivery);
}

int spool_delivery_send(struct spool_delivery *delivery)
{
    struct spool_slot *first, *slot;

    look_whether_server_is_back(delivery);
    begin_more(delivery);
    if (!can_send(delivery))
        return 0;
    first = slot = first_ready(delivery, NULL);
    if (try_ms(delivery, slot) > now_ms_of(delivery))
        return 0;
    if (!takes(delivery, slot)) {
        slot = first_ready(delivery, first);
        if (!slot || try_ms(delivery, slot) > now_ms_of(delivery) || !takes(delivery, slot))
            return is_held_back(delivery, slot ? slot : first) ? 0 : -EAGAIN;
    }
    if (delivery->round < slot->round)
        delivery->round = slot->round;
    slot->is_try = delivery->is_away;
    spool_slot_send(slot);
    return 1;
}

static int64_t slot_ready_ms(const struct spool_delivery *delivery, const struct spool_slot *slot)
{
    int64_t ready_ms = slot ? try_ms(delivery, slot) : INT64_MAX, budget_ms;

    if (ready_ms == INT64_MAX)
        return INT64_MAX;
    budget_ms =
        budget_ready_ms(&services_of(delivery)->budget, now_ms_of(delivery), slot->operation, slot->cost);
    return budget_ms > ready_ms ? budget_ms : ready_ms;
}

int64_t spool_delivery_ready_ms(const struct spool_delivery *delivery)
{
    const struct spool_slot *first;
    int64_t first_ms, other_ms;

    if (!can_send(delivery))
        return INT64_MAX;
    first = first_ready(delivery, NULL);
    first_ms = slot_ready_ms(delivery, first);
    other_ms = slot_ready_ms(delivery, first_ready(delivery, first));
    return other_ms < first_ms ? other_ms : first_ms;
}

bool spool_delivery_is_idle(const struct spool_delivery *delivery)
{
    return delivery->in_flight == 0;
}

/* ---- open and close ---- */

/* forward_run() is called in every turn of the loop. */
static void rest_is_over(struct timer *timer)
{
    struct spool_delivery *delivery = CONTAINER_OF(timer, struct spool_delivery, timer);

    if (!spool_entities_end_rest(entities_of(delivery), now_ms_of(delivery)))
        loop_timer_start(&services_of(delivery)->loop, &delivery->timer, SPOOL_DELIVERY_REST_MS);
}

void spool_delivery_open(struct spool_delivery *delivery, struct spool *spool)
{
    delivery->spool = spool;
    delivery->timer.expired = rest_is_over;
    list_init(&delivery->slots);
    list_init(&delivery->ready);
}

void spool_delivery_close(struct spool_delivery *delivery)
{
    struct spool_slot *slot;

    if (!delivery->spool)
        return;
    delivery->closing = true;
    loop_timer_stop(&services_of(delivery)->loop, &delivery->timer);
    list_for_each_safe(slot, &delivery->slots, link)
        if (slot->state != SPOOL_SLOT_WORKING)
            spool_slot_free(slot);
}

void spool_delivery_free(struct spool_delivery *delivery)
{
    struct spool_slot *slot;

    if (!delivery->spool)
        return;
    list_for_each_safe(slot, &delivery->slots, link)
        spool_slot_free(slot);
    delivery->spool = NULL;
}
