/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/queue_lane.h"

#include <stdlib.h>

/* Tokens for each turn: the highest cost of a call, so that every turn sends something. */
#define QUANTUM 2

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

void lane_add(struct queue *queue, struct queue_lane *lane, struct queue_item *item)
{
    lane_insert_by_arrival(&lane->items[item->urgency], &item->in_lane, item->sequence,
                           offsetof(struct queue_item, in_lane));
    item->lane = lane;
    queue->free_ready += item->cost == 0;
    queue->apart += is_apart(lane);
    if (lane->ready_count++ == 0) {
        lane->has_turn = false;
        lane->deficit = 0;
        list_append(&queue->turns, &lane->link);
    }
}

void lane_remove(struct queue *queue, struct queue_item *item)
{
    if (list_is_empty(&item->in_lane))
        return;
    list_remove(&item->in_lane);
    queue->free_ready -= item->cost == 0;
    queue->apart -= is_apart(item->lane);
    if (--item->lane->ready_count == 0)
        list_remove(&item->lane->link);
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

/* ---- turns ---- */

unsigned lane_charge(const struct queue_item *item)
{
    return item->cost ? item->cost : 1;
}

bool lane_is_used_up(const struct queue_lane *lane)
{
    return lane->has_turn && lane->deficit < lane_charge(lane_first(lane));
}

void lane_begin_turn(struct queue_lane *lane)
{
    lane->has_turn = true;
    lane->deficit += QUANTUM;
}

void lane_end_turn(struct queue *queue, struct queue_lane *lane)
{
    lane->has_turn = false;
    list_remove(&lane->link);
    list_append(&queue->turns, &lane->link);
}
