/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/queue_flow.h"

#include "base/hash.h"
#include "proxy/forward/queue_lane.h"

static struct queue_flow **flow_slot(struct queue *queue, uint64_t id)
{
    return &queue->flows[hash_bytes(&id, sizeof(id)) % QUEUE_FLOW_SLOTS];
}

struct queue_flow *queue_flow_find(struct queue *queue, uint64_t id)
{
    struct queue_flow *flow;

    for (flow = *flow_slot(queue, id); flow && flow->id != id; flow = flow->next)
        ;
    return flow;
}

struct queue_flow *queue_flow_get(struct queue *queue, uint64_t id)
{
    struct queue_flow **slot = flow_slot(queue, id);
    struct queue_flow *flow = queue_flow_find(queue, id);

    if (flow)
        return flow;
    flow = calloc(1, sizeof(*flow));
    if (!flow)
        return NULL;
    flow->id = id;
    lane_init(&flow->lane, flow);
    flow->next = *slot;
    *slot = flow;
    return flow;
}

void queue_flow_free_if_unused(struct queue *queue, struct queue_flow *flow)
{
    struct queue_flow **place;

    if (flow->count > 0 || flow->in_flight > 0)
        return;
    for (place = flow_slot(queue, flow->id); *place != flow; place = &(*place)->next)
        ;
    *place = flow->next;
    lane_free_all(flow);
    free(flow);
}

const struct queue_flow *queue_next_flow(const struct queue *queue, const struct queue_flow *flow)
{
    size_t slot = 0;

    if (flow && flow->next)
        return flow->next;
    if (flow)
        slot = hash_bytes(&flow->id, sizeof(flow->id)) % QUEUE_FLOW_SLOTS + 1;
    for (; slot < QUEUE_FLOW_SLOTS; slot++)
        if (queue->flows[slot])
            return queue->flows[slot];
    return NULL;
}
