/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/queue_flow.h"

#include "base/hash.h"
#include "proxy/forward/queue_lane.h"
#include "proxy/forward/queue_principal.h"

static struct queue_flow **flow_slot(struct queue *queue, uint64_t id)
{
    return &queue->flows[hash_bytes(&id, sizeof(id)) % QUEUE_FLOW_SLOTS];
}

static struct queue_flow *flow_find(struct queue *queue, uint64_t id)
{
    struct queue_flow *flow;

    for (flow = *flow_slot(queue, id); flow && flow->id != id; flow = flow->next)
        ;
    return flow;
}

/* A connection that had its turn in this round already does not get another one for having nothing waiting
 * in between. */
static struct queue_flow *flow_new(struct queue_principal *principal, const struct queue_item *item)
{
    struct queue_flow *flow = calloc(1, sizeof(*flow));

    if (!flow)
        return NULL;
    flow->id = item->flow_id;
    flow->principal = principal;
    flow->round = item->last_round ? *item->last_round : 0;
    lane_init(&flow->lane, flow);
    return flow;
}

struct queue_flow *queue_flow_get(struct queue *queue, const struct queue_item *item)
{
    struct queue_flow **slot = flow_slot(queue, item->flow_id);
    struct queue_flow *flow = flow_find(queue, item->flow_id);
    struct queue_principal *principal;

    if (flow)
        return flow;
    principal = queue_principal_get(queue, item->principal_id);
    if (!principal)
        return NULL;
    flow = flow_new(principal, item);
    if (!flow) {
        queue_principal_free_if_unused(queue, principal);
        return NULL;
    }
    flow->next = *slot;
    *slot = flow;
    return flow;
}

void queue_flow_free_if_unused(struct queue *queue, struct queue_flow *flow)
{
    struct queue_principal *principal = flow->principal;
    struct queue_flow **place;

    if (flow->count > 0)
        return;
    for (place = flow_slot(queue, flow->id); *place != flow; place = &(*place)->next)
        ;
    *place = flow->next;
    lane_free_all(flow);
    free(flow);
    queue_principal_free_if_unused(queue, principal);
}
