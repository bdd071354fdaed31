/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/queue_principal.h"

#include "base/hash.h"
#include "base/quota.h"

static size_t slot_of(uint64_t id)
{
    return hash_bytes(&id, sizeof(id)) % QUEUE_PRINCIPAL_SLOTS;
}

static struct queue_principal *find(const struct queue *queue, uint64_t id)
{
    struct queue_principal *principal;

    for (principal = queue->principals[slot_of(id)]; principal && principal->id != id;
         principal = principal->next)
        ;
    return principal;
}

const struct queue_principal *queue_find_principal(const struct queue *queue, uint64_t id)
{
    return find(queue, id);
}

struct queue_principal *queue_principal_get(struct queue *queue, uint64_t id)
{
    struct queue_principal **slot = &queue->principals[slot_of(id)];
    struct queue_principal *principal = find(queue, id);

    if (principal)
        return principal;
    principal = calloc(1, sizeof(*principal));
    if (!principal)
        return NULL;
    principal->id = id;
    principal->round = ++queue->rounds;
    list_init(&principal->link);
    list_init(&principal->lanes);
    principal->next = *slot;
    *slot = principal;
    return principal;
}

void queue_principal_free_if_unused(struct queue *queue, struct queue_principal *principal)
{
    struct queue_principal **place;

    if (principal->count > 0 || principal->in_flight > 0)
        return;
    for (place = &queue->principals[slot_of(principal->id)]; *place != principal; place = &(*place)->next)
        ;
    *place = principal->next;
    free(principal);
}

void queue_principal_add_lane(struct queue *queue, struct queue_lane *lane)
{
    struct queue_principal *principal = lane->flow->principal;

    if (list_is_empty(&principal->lanes)) {
        principal->has_turn = false;
        principal->deficit = 0;
        list_append(&queue->turns, &principal->link);
    }
    list_append(&principal->lanes, &lane->link);
}

void queue_principal_remove_lane(struct queue_lane *lane)
{
    struct queue_principal *principal = lane->flow->principal;

    list_remove(&lane->link);
    if (list_is_empty(&principal->lanes))
        list_remove(&principal->link);
}

/* Its share shrinks as the places of others grow, so that some are left for those who come later. */
bool queue_principal_has_its_share(const struct queue_principal *principal, const struct budget *budget)
{
    return !quota_allows(quota_part(budget->options.max_in_flight), principal->in_flight, budget->in_flight,
                         1);
}
