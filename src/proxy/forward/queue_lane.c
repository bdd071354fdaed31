/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/queue_lane.h"

#include <stdlib.h>

#include "proxy/forward/queue_principal.h"

void lane_init(struct queue_lane *lane, struct queue_flow *flow)
{
    size_t i;

    *lane = (struct queue_lane){.flow = flow};
    list_init(&lane->link);
    for (i = 0; i < URGENCY_LEVELS; i++)
        list_init(&lane->items[i]);
}

void lane_free_all(struct queue_flow *flow)
{
    while (flow->lane.next) {
        struct queue_lane *lane = flow->lane.next;

        flow->lane.next = lane->next;
        free(lane);
    }
}

struct queue_item *lane_first(const struct queue_lane *lane)
{
    size_t i;

    for (i = 0; i < URGENCY_LEVELS; i++)
        if (!list_is_empty(&lane->items[i]))
            return CONTAINER_OF(lane->items[i].next, struct queue_item, in_lane);
    return NULL;
}

static uint64_t sequence_of(const struct list *link, size_t offset)
{
    return ((const struct queue_item *)(const void *)((const char *)link - offset))->sequence;
}

/* New items arrived last; those that wait again are mostly among the first. */
void lane_insert_by_arrival(struct list *list, struct list *link, uint64_t sequence, size_t offset)
{
    struct list *place = list->next;

    if (place == list || sequence_of(list->previous, offset) < sequence) {
        list_append(list, link);
        return;
    }
    while (sequence_of(place, offset) < sequence)
        place = place->next;
    list_append(place, link);
}

static bool is_apart(const struct queue_lane *lane)
{
    return lane != &lane->flow->lane;
}

static void count_ready(struct queue *queue, const struct queue_item *item, size_t change)
{
    struct queue_principal *principal = item->flow->principal;

    queue->apart += is_apart(item->lane) ? change : 0;
    queue->free_ready += item->cost == 0 ? change : 0;
    principal->free_ready += item->cost == 0 ? change : 0;
    principal->ready[item->urgency] += change;
    principal->ready_count += change;
    queue->bounded += item->allowance ? change : 0;
}

/* Almost always all have the same, so one look tells that none of them may go. */
static void note_allowance(const struct queue_item *item)
{
    struct queue_principal *principal = item->flow->principal;

    if (principal->ready_count == 0) {
        principal->allowance = item->allowance;
        principal->has_several = false;
    } else if (principal->allowance != item->allowance) {
        principal->has_several = true;
    }
}

void lane_add(struct queue *queue, struct queue_lane *lane, struct queue_item *item)
{
    note_allowance(item);
    lane_insert_by_arrival(&lane->items[item->urgency], &item->in_lane, item->sequence,
                           offsetof(struct queue_item, in_lane));
    item->lane = lane;
    count_ready(queue, item, 1);
    if (lane->ready_count++ == 0)
        queue_principal_add_lane(queue, lane);
}

void lane_remove(struct queue *queue, struct queue_item *item)
{
    if (list_is_empty(&item->in_lane))
        return;
    list_remove(&item->in_lane);
    count_ready(queue, item, (size_t)-1);
    if (--item->lane->ready_count == 0)
        queue_principal_remove_lane(item->lane);
}

/* The flow's lane for OPERATION; an empty lane is used again for any. NULL if there is no memory. */
static struct queue_lane *lane_of(struct queue_flow *flow, uint32_t operation)
{
    struct queue_lane *lane, *empty = NULL;

    for (lane = flow->lane.next; lane; lane = lane->next) {
        if (lane->ready_count > 0 && lane->operation == operation)
            return lane;
        if (lane->ready_count == 0)
            empty = lane;
    }
    lane = empty ? empty : malloc(sizeof(*lane));
    if (lane && !empty) {
        lane_init(lane, flow);
        lane->next = flow->lane.next;
        flow->lane.next = lane;
    }
    if (lane)
        lane->operation = operation;
    return lane;
}

/* From last to first, so that each is inserted near the front. */
static void move_all_back(struct queue *queue, struct queue_lane *lane)
{
    size_t i;

    for (i = 0; i < URGENCY_LEVELS; i++)
        while (!list_is_empty(&lane->items[i])) {
            struct queue_item *item = CONTAINER_OF(lane->items[i].previous, struct queue_item, in_lane);

            lane_remove(queue, item);
            lane_add(queue, &lane->flow->lane, item);
        }
}

bool lane_is_disarranged(const struct queue_lane *lane, const struct budget *budget, int64_t now_ms)
{
    const struct queue_item *first = lane_first(lane);

    return is_apart(lane) != (first->cost > 0 && refused_operations_find(&budget->refusals.operations, now_ms,
                                                                         first->operation));
}

bool lane_arrange(struct queue *queue, struct queue_lane *lane, const struct budget *budget, int64_t now_ms)
{
    struct queue_item *first = lane_first(lane);
    struct queue_lane *other;

    if (!lane_is_disarranged(lane, budget, now_ms))
        return false;
    if (is_apart(lane)) {
        move_all_back(queue, lane);
        return true;
    }
    other = lane_of(lane->flow, first->operation);
    if (!other) /* no memory: it holds up the items behind it until it may go */
        return false;
    lane_remove(queue, first);
    lane_add(queue, other, first);
    return true;
}

bool lane_is_held(const struct queue_lane *lane, const struct budget *budget, int64_t now_ms)
{
    return is_apart(lane) && refused_operations_ready_ms(&budget->refusals.operations, now_ms,
                                                         lane->operation, lane_first(lane)->cost) > now_ms;
}

/* The next round begins when there is no flow left that had none in this one. */
void lane_had_turn(struct queue_lane *lane)
{
    struct queue_principal *principal = lane->flow->principal;
    uint64_t *last_round = lane_first(lane)->last_round;

    lane->flow->round = principal->round;
    if (last_round)
        *last_round = principal->round;
    list_remove(&lane->link);
    list_append(&principal->lanes, &lane->link);
}
