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

/* It shares the places in flight as the users of the queue do. */
static bool has_its_share(const struct spool_delivery *delivery)
{
    const struct budget *budget = &services_of(delivery)->budget;

    return !quota_allows(quota_part(budget->options.max_in_flight), delivery->in_flight, budget->in_flight,
                         1);
}

static bool is_trying(const struct spool_delivery *delivery)
{
    return delivery->is_away && delivery->in_flight > 0;
}

/* When a call may be sent, if the budget takes it; INT64_MAX: not before something happens. */
static int64_t allowed_ms(const struct spool_delivery *delivery)
{
    if (list_is_empty(&delivery->ready) || !may_begin(delivery) || is_trying(delivery) ||
        has_its_share(delivery))
        return INT64_MAX;
    return delivery->is_away && delivery->next_attempt_ms > now_ms_of(delivery) ? delivery->next_attempt_ms
                                                                                : now_ms_of(delivery);
}

static void look_whether_server_is_back(struct spool_delivery *delivery)
{
    uint64_t number = services_of(delivery)->forward->slow_start.number;

    if (delivery->return_number == number)
        return;
    delivery->return_number = number;
    delivery->is_away = false;
    delivery->attempts = 0;
}

void spool_delivery_answered(struct spool_delivery *delivery)
{
    delivery->answered_ms = now_ms_of(delivery);
    delivery->is_away = false;
    delivery->attempts = 0;
}

void spool_delivery_failed(struct spool_delivery *delivery, const struct transfer *transfer)
{
    const struct retry_options options = {.initial_delay_ms = SPOOL_DELIVERY_AWAY_MS,
                                          .max_delay_ms = SPOOL_DELIVERY_AWAY_MAX};
    struct services *services = services_of(delivery);
    int64_t delay_ms;

    if (delivery->is_away && services->loop.now_ms < delivery->next_attempt_ms)
        return; /* it was sent before that was known */
    delivery->is_away = true;
    delay_ms = retry_delay_ms(&options, ++delivery->attempts,
                              upstream_clock_retry_after_ms(&services->upstream.clock, transfer));
    delivery->next_attempt_ms = services->loop.now_ms + (delay_ms < 0 ? options.max_delay_ms : delay_ms);
}

/* ---- entities ---- */

static struct spool_slot *find_slot(const struct spool_delivery *delivery, const char *key)
{
    struct spool_slot *slot;

    list_for_each(slot, &delivery->slots, link)
        if (strcmp(slot->key, key) == 0)
            return slot;
    return NULL;
}

/* While the server is away, one is enough to try. */
static bool has_place(const struct spool_delivery *delivery)
{
    return delivery->count < (delivery->is_away ? 1 : SPOOL_DELIVERY_ENTITIES) &&
           (delivery->count == 0 || delivery->bytes + SPOOL_SLOT_MIN_BYTES <= SPOOL_DELIVERY_BYTES);
}

bool spool_delivery_others_wait(const struct spool_delivery *delivery)
{
    return delivery->count >= SPOOL_DELIVERY_ENTITIES &&
           (!delivery->has_all || delivery->found_next < delivery->found_count);
}

void spool_delivery_leave_behind(struct spool_delivery *delivery)
{
    delivery->has_all = false;
    delivery->left_behind = true;
}

/* Makes room for an entity that need not rest. */
static void give_up_one_that_rests(struct spool_delivery *delivery)
{
    struct spool_slot *slot;

    list_for_each(slot, &delivery->slots, link)
        if (slot->state == SPOOL_SLOT_RESTING && slot->progress.note == SPOOL_NOTE_NOTHING) {
            delivery->gave_up = true;
            spool_delivery_leave_behind(delivery);
            spool_slot_free(slot);
            return;
        }
}

static void begin_next_found(struct spool_delivery *delivery)
{
    char *key = TAKE_PTR(delivery->found[delivery->found_next].key);

    delivery->found_next++;
    if (!find_slot(delivery, key) && !spool_slot_begin(delivery, key))
        spool_delivery_leave_behind(delivery);
    free(key);
}

/* Those that were begun have no key any more. */
static void free_found(struct spool_delivery *delivery)
{
    while (delivery->found_count > 0)
        free(delivery->found[--delivery->found_count].key);
}

static int look_run(struct spool_work *work, struct spool_file *file)
{
    struct spool_delivery *delivery = CONTAINER_OF(work, struct spool_delivery, look);
    int r;

    free_found(delivery);
    delivery->next_cursor = delivery->cursor;
    r = spool_file_next_entities(file, &delivery->next_cursor, delivery->found, SPOOL_DELIVERY_ENTITIES);
    delivery->found_count = r < 0 ? 0 : (size_t)r;
    return r < 0 ? r : 0;
}

static void look_done(struct spool_work *work, int result)
{
    struct spool_delivery *delivery = CONTAINER_OF(work, struct spool_delivery, look);

    delivery->is_looking = false;
    delivery->found_next = 0;
    delivery->cursor = delivery->next_cursor;
    if (result < 0) { /* perhaps it did not run */
        free_found(delivery);
        delivery->cursor = 0;
        delivery->was_busy = false;
        spool_delivery_leave_behind(delivery);
    }
}

/* All that were found have been begun, and the last one was the last in the file. */
static void end_round(struct spool_delivery *delivery)
{
    delivery->has_all = !delivery->left_behind;
    if ((!delivery->was_busy || delivery->gave_up) && !delivery->has_all)
        loop_timer_start(&services_of(delivery)->loop, &delivery->timer, SPOOL_DELIVERY_ROUND_MS);
    delivery->has_begun = delivery->left_behind = delivery->was_busy = delivery->gave_up = false;
}

static void look(struct spool_delivery *delivery)
{
    if (delivery->is_looking)
        return;
    if (delivery->has_begun && delivery->cursor == 0)
        end_round(delivery);
    if (delivery->has_all || timer_is_started(&delivery->timer))
        return;
    delivery->has_begun = delivery->is_looking = true;
    spool_writer_submit(&delivery->spool->writer, &delivery->look); /* it has no bytes, so it is taken */
}

static void begin_more(struct spool_delivery *delivery)
{
    if (!may_begin(delivery))
        return;
    if (spool_delivery_others_wait(delivery))
        give_up_one_that_rests(delivery);
    while (has_place(delivery) && !delivery->is_looking) {
        if (delivery->found_next == delivery->found_count) {
            look(delivery);
            return;
        }
        begin_next_found(delivery);
    }
}

void spool_delivery_wake(struct spool_delivery *delivery, const char *key)
{
    struct spool_slot *slot = find_slot(delivery, key);

    if (slot)
        spool_slot_wake(slot);
    else if (!may_begin(delivery) || !has_place(delivery) || !spool_slot_begin(delivery, key))
        spool_delivery_leave_behind(delivery);
}

void spool_delivery_wake_all(struct spool_delivery *delivery)
{
    spool_delivery_leave_behind(delivery);
    delivery->was_busy = true;
}

/* ---- turns ---- */

static bool takes(struct spool_delivery *delivery, const struct spool_slot *slot)
{
    return budget_take(&services_of(delivery)->budget, now_ms_of(delivery), slot->operation, slot->cost);
}

/* The first of another operation than FIRST: the budget may hold back one alone. NULL: there is none. */
static struct spool_slot *find_other(const struct spool_delivery *delivery, const struct spool_slot *first)
{
    struct spool_slot *slot;

    list_for_each(slot, &delivery->ready, ready)
        if (slot->operation != first->operation)
            return slot;
    return NULL;
}

/* Whether a limit of its operation alone holds it back. */
static bool is_held_back(const struct spool_delivery *delivery, const struct spool_slot *slot)
{
    return refused_operations_find(&services_of(delivery)->budget.refusals.operations, now_ms_of(delivery),
                                   slot->operation);
}

int spool_delivery_send(struct spool_delivery *delivery)
{
    struct spool_slot *first, *slot;

    look_whether_server_is_back(delivery);
    begin_more(delivery);
    if (allowed_ms(delivery) > now_ms_of(delivery))
        return 0;
    first = slot = CONTAINER_OF(delivery->ready.next, struct spool_slot, ready);
    if (!takes(delivery, slot)) {
        slot = find_other(delivery, first);
        if (!slot || !takes(delivery, slot))
            return is_held_back(delivery, slot ? slot : first) ? 0 : -EAGAIN;
    }
    delivery->was_busy = true;
    spool_slot_send(slot);
    return 1;
}

static int64_t budget_ms(const struct spool_delivery *delivery, const struct spool_slot *slot)
{
    return slot ? budget_ready_ms(&services_of(delivery)->budget, now_ms_of(delivery), slot->operation,
                                  slot->cost)
                : INT64_MAX;
}

int64_t spool_delivery_ready_ms(const struct spool_delivery *delivery)
{
    int64_t ready_ms = allowed_ms(delivery), first_ms, other_ms;
    const struct spool_slot *first;

    if (ready_ms == INT64_MAX)
        return INT64_MAX;
    first = CONTAINER_OF(delivery->ready.next, struct spool_slot, ready);
    first_ms = budget_ms(delivery, first);
    other_ms = budget_ms(delivery, find_other(delivery, first));
    first_ms = other_ms < first_ms ? other_ms : first_ms;
    return first_ms > ready_ms ? first_ms : ready_ms;
}

bool spool_delivery_is_idle(const struct spool_delivery *delivery)
{
    return delivery->in_flight == 0;
}

/* ---- open and close ---- */

static void round_timer_expired(struct timer *timer)
{
    (void)timer; /* forward_run() is called in every turn of the loop */
}

void spool_delivery_open(struct spool_delivery *delivery, struct spool *spool)
{
    delivery->spool = spool;
    delivery->look = (struct spool_work){.run = look_run, .done = look_done};
    delivery->timer.expired = round_timer_expired;
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
    free_found(delivery);
    delivery->spool = NULL;
}
