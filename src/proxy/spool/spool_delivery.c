/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_delivery.h"

#include <errno.h>

#include "proxy/forward/forward.h"
#include "proxy/spool/spool.h"
#include "proxy/spool/spool_away.h"
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

/* ---- entities ---- */

/* While the server is away, one is enough to try. */
static struct spool_backlog *next_entity(struct spool_delivery *delivery)
{
    struct spool_backlog *backlog =
        spool_entities_next(entities_of(delivery), delivery->is_away ? delivery->only : NULL);

    if (!backlog)
        backlog = spool_entities_next(entities_of(delivery), NULL);
    return delivery->is_away && backlog && spool_away_is_tried(delivery, backlog->owner) ? NULL : backlog;
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
    return has_share_of(delivery, slot->backlog->owner) ? INT64_MAX : spool_away_try_ms(delivery, slot);
}

/* The first that may be sent now or, if none may, later; of another operation than BUT: the budget may
 * hold back one alone. NULL: of any. */
static struct spool_slot *first_ready(const struct spool_delivery *delivery, const struct spool_slot *but)
{
    struct spool_slot *slot, *first = NULL;
    int64_t first_ms = INT64_MAX, ms;

    list_for_each(slot, &delivery->ready, ready) {
        if (but && slot->operation == but->operation)
            continue;
        ms = try_ms(delivery, slot);
        if (!first || ms < first_ms) {
            first = slot;
            first_ms = ms;
        }
        if (first_ms <= now_ms_of(delivery))
            break;
    }
    return first;
}

static bool can_send(const struct spool_delivery *delivery)
{
    return !list_is_empty(&delivery->ready) && may_begin(delivery) && !has_its_share(delivery);
}

int spool_delivery_send(struct spool_delivery *delivery)
{
    struct spool_slot *first, *slot;

    spool_away_look(delivery);
    begin_more(delivery);
    if (!can_send(delivery))
        return 0;
    first = slot = first_ready(delivery, NULL);
    if (try_ms(delivery, slot) > now_ms_of(delivery))
        return 0;
    if (!takes(delivery, slot)) {
        slot = first_ready(delivery, first);
        if (!slot || try_ms(delivery, slot) > now_ms_of(delivery) || !takes(delivery, slot))
            return spool_slot_is_held_back(slot ? slot : first) ? 0 : -EAGAIN;
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
