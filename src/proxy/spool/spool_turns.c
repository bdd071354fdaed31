/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose turn it is to be delivered: users one after the other, and the entities of each one after the other.
 */
#include "proxy/spool/spool_entities.h"

void spool_entities_wait_for_turn(struct spool_entities *entities, struct spool_backlog *backlog)
{
    struct spool_owner *owner = backlog->owner;

    backlog->rests_until_ms = 0;
    list_append(&owner->entities, &backlog->turn);
    if (list_is_empty(&owner->turn))
        list_append(&entities->turns, &owner->turn);
}

static bool may_have_slot(const struct spool_entities *entities, const struct spool_owner *owner)
{
    return quota_allows(entities->slots.max, owner->slots.used, entities->slots.used, 1);
}

/* Rows may be larger than what was left. Whoever has no batch may have one, whatever others hold. */
static bool may_have_batch(const struct spool_entities *entities, const struct spool_owner *owner)
{
    return owner->bytes.used == 0 ||
           quota_allows(entities->bytes.max, owner->bytes.used, entities->bytes.used, SPOOL_ENTITIES_BATCH);
}

/* An owner whose entities have gone loses its place. */
static struct spool_owner *next_owner(struct spool_entities *entities, const struct spool_owner *but)
{
    struct spool_owner *owner;

    list_for_each_safe(owner, &entities->turns, turn) {
        if (list_is_empty(&owner->entities))
            list_remove(&owner->turn);
        else if (owner != but && may_have_slot(entities, owner) && may_have_batch(entities, owner))
            return owner;
    }
    return NULL;
}

struct spool_backlog *spool_entities_next(struct spool_entities *entities, const struct spool_owner *but)
{
    struct spool_owner *owner = next_owner(entities, but);

    return owner ? CONTAINER_OF(owner->entities.next, struct spool_backlog, turn) : NULL;
}

static void give_slot(struct spool_entities *entities, struct spool_backlog *backlog)
{
    struct spool_owner *owner = backlog->owner;

    quota_add(&owner->slots, 1);
    list_remove(&backlog->turn);
    list_remove(&owner->turn);
    if (!list_is_empty(&owner->entities))
        list_append(&entities->turns, &owner->turn);
}

void spool_entities_set_slot(struct spool_entities *entities, struct spool_backlog *backlog,
                             struct spool_slot *slot)
{
    backlog->slot = slot;
    if (slot) {
        give_slot(entities, backlog);
        return;
    }
    quota_give_back(&backlog->owner->slots, 1);
    if (backlog->has_rows)
        spool_entities_wait_for_turn(entities, backlog);
    spool_entities_tidy(entities, backlog);
}

bool spool_entities_others_wait(const struct spool_entities *entities, const struct spool_owner *owner)
{
    const struct spool_owner *other;

    if (may_have_slot(entities, owner))
        return false;
    list_for_each(other, &entities->turns, turn)
        if (!list_is_empty(&other->entities) && (other == owner || !may_have_slot(entities, other)))
            return true;
    return false;
}

void spool_entities_rest(struct spool_entities *entities, struct spool_backlog *backlog, int64_t until_ms)
{
    list_remove(&backlog->turn);
    list_append(&entities->resting, &backlog->turn);
    backlog->rests_until_ms = until_ms;
}

bool spool_entities_end_rest(struct spool_entities *entities, int64_t now_ms)
{
    struct spool_backlog *backlog;

    list_for_each_safe(backlog, &entities->resting, turn) {
        if (backlog->rests_until_ms > now_ms)
            continue;
        list_remove(&backlog->turn);
        spool_entities_wait_for_turn(entities, backlog);
    }
    return list_is_empty(&entities->resting);
}
