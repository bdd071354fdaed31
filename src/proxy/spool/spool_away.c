/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_away.h"

#include "proxy/forward/forward.h"
#include "proxy/spool/spool.h"

static struct services *services_of(const struct spool_delivery *delivery)
{
    return delivery->spool->services;
}

static int64_t now_ms_of(const struct spool_delivery *delivery)
{
    return services_of(delivery)->loop.now_ms;
}

/* ---- what is known ---- */

static void is_back(struct spool_delivery *delivery)
{
    delivery->is_away = false;
    delivery->attempts = 0;
}

void spool_away_look(struct spool_delivery *delivery)
{
    const struct forward *forward = services_of(delivery)->forward;

    if (delivery->return_number == forward->slow_start.number && forward->answered_ms <= delivery->failed_ms)
        return;
    delivery->return_number = forward->slow_start.number;
    is_back(delivery);
}

void spool_away_answered(struct spool_delivery *delivery)
{
    services_of(delivery)->forward->answered_ms = now_ms_of(delivery);
    is_back(delivery);
}

void spool_away_failed(struct spool_delivery *delivery, const struct spool_owner *owner,
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

/* ---- who tries ---- */

/* Whether a try of SLOT tells OWNER, too, whether the server is away. */
static bool decides_for(const struct spool_slot *slot, const struct spool_owner *owner)
{
    const struct spool_owner *only = slot->delivery->only;

    return owner == only || slot->backlog->owner != only;
}

/* Whether SLOT is trying while the server is away, or is about to. A call of before may hang for long. */
static bool tries(const struct spool_slot *slot)
{
    switch (slot->state) {
    case SPOOL_SLOT_WORKING:
        return true;
    case SPOOL_SLOT_READY:
        return !spool_slot_is_held_back(slot);
    case SPOOL_SLOT_CALLING:
        return slot->is_try;
    case SPOOL_SLOT_RESTING:
        return false;
    }
    return false;
}

bool spool_away_is_tried(const struct spool_delivery *delivery, const struct spool_owner *owner)
{
    const struct spool_slot *slot;

    list_for_each(slot, &delivery->slots, link)
        if (tries(slot) && decides_for(slot, owner))
            return true;
    return false;
}

int64_t spool_away_try_ms(const struct spool_delivery *delivery, const struct spool_slot *slot)
{
    const struct spool_owner *owner = slot->backlog->owner;
    const struct spool_slot *other;

    if (!delivery->is_away)
        return now_ms_of(delivery);
    list_for_each(other, &delivery->slots, link)
        if (other->state == SPOOL_SLOT_CALLING && other->is_try && decides_for(other, owner))
            return INT64_MAX;
    if ((delivery->only && owner != delivery->only) || delivery->next_attempt_ms < now_ms_of(delivery))
        return now_ms_of(delivery);
    return delivery->next_attempt_ms;
}
