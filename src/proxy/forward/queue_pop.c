/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which request the queue sends next: turns of the lanes, and the budget.
 */
#include "proxy/forward/queue_flow.h"
#include "proxy/forward/queue_key.h"
#include "proxy/forward/queue_lane.h"

/* One flow never has all the places, or its slow calls would keep out clients that come later. */
static bool has_its_share(const struct queue_flow *flow, const struct budget *budget)
{
    unsigned places = budget->options.max_in_flight;

    return flow->in_flight >= places - places / 4;
}

/* The first lane that may send and whose next item is free (cost 0) if IS_FREE, else one that costs tokens.
 * Either kind may be held back while the other is not. */
static struct queue_lane *lane_of_kind(const struct queue *queue, const struct budget *budget, int64_t now_ms,
                                       bool is_free)
{
    struct queue_lane *lane;

    if (is_free && queue->free_ready == 0)
        return NULL;
    list_for_each(lane, &queue->turns, link)
        if ((lane_first(lane)->cost == 0) == is_free && !has_its_share(lane->flow, budget) &&
            !lane_is_held(lane, budget, now_ms))
            return lane;
    return NULL;
}

static struct queue_lane *first_in_turn(const struct queue *queue)
{
    return CONTAINER_OF(queue->turns.next, struct queue_lane, link);
}

static struct queue_lane *lane_whose_turn_it_is(const struct queue *queue, const struct budget *budget,
                                                int64_t now_ms)
{
    struct queue_lane *lane, *used_up = NULL;

    list_for_each(lane, &queue->turns, link) {
        if (has_its_share(lane->flow, budget) || lane_is_held(lane, budget, now_ms))
            continue;
        if (!lane_is_used_up(lane))
            return lane;
        if (!used_up)
            used_up = lane;
    }
    return used_up; /* all of them begin a new turn */
}

static bool go_together(const struct queue_item *a, const struct queue_item *b)
{
    return a->group == b->group && !a->alone && !b->alone;
}

/* What is sent in the turn of ITEM: the first of its key, but none that must go alone, or one client could
 * use up the turns of all others with such items. */
static struct queue_item *first_to_go(struct queue_item *item)
{
    struct queue_item *first = queue_key_item(item->key->items.next);
    struct list *link;

    if (!first->alone)
        return first;
    for (link = item->in_key.previous; link != &item->key->items && go_together(queue_key_item(link), item);
         link = link->previous)
        first = queue_key_item(link);
    return first->alone ? item : first;
}

/* Takes one call in the lane's turn, which ends if it has no tokens left for the next. */
static struct queue_item *take(struct queue *queue, struct queue_lane *lane)
{
    struct queue_item *item = lane_first(lane);
    struct queue_item *first = item->key ? first_to_go(item) : item;
    const struct queue_item *next;

    if (!lane->has_turn || lane_is_used_up(lane))
        lane_begin_turn(lane);
    lane->deficit -= lane_charge(item);
    lane->flow->in_flight++;
    first->turn_of = lane->flow->id;
    if (first->key)
        first->key->next_to_go = first->in_key.next;
    queue_remove(queue, first);
    next = lane_first(lane);
    if (next && lane_charge(next) > lane->deficit)
        lane_end_turn(queue, lane);
    return first;
}

static bool try_to_take(const struct queue_lane *lane, struct budget *budget, int64_t now_ms)
{
    const struct queue_item *item = lane_first(lane);

    return budget_take(budget, now_ms, item->operation, item->cost);
}

/* The first call of one kind, after one of the other kind could not go. */
static struct queue_item *pop_of_kind(struct queue *queue, struct budget *budget, int64_t now_ms,
                                      bool is_free)
{
    struct queue_lane *lane;

    do
        lane = lane_of_kind(queue, budget, now_ms, is_free);
    while (lane && lane_arrange(queue, lane, budget, now_ms));
    return lane && try_to_take(lane, budget, now_ms) ? take(queue, lane) : NULL;
}

struct queue_item *queue_pop(struct queue *queue, struct budget *budget, int64_t now_ms)
{
    struct queue_lane *lane;

    do
        lane = lane_whose_turn_it_is(queue, budget, now_ms);
    while (lane && lane_arrange(queue, lane, budget, now_ms));
    if (!lane)
        return NULL;
    if (!try_to_take(lane, budget, now_ms))
        return pop_of_kind(queue, budget, now_ms, lane_first(lane)->cost > 0);
    while (lane_is_used_up(first_in_turn(queue)))
        lane_end_turn(queue, first_in_turn(queue));
    return take(queue, lane);
}

void queue_call_ended(struct queue *queue, uint64_t turn_of)
{
    struct queue_flow *flow = queue_flow_find(queue, turn_of);

    flow->in_flight--;
    queue_flow_free_if_unused(queue, flow);
}

struct queue_item *queue_take_next(struct queue *queue, const struct queue_item *item, size_t max_bytes)
{
    struct list *link = item->key ? item->key->next_to_go : NULL;
    struct queue_item *next = link && link != &item->key->items ? queue_key_item(link) : NULL;

    if (!next || !go_together(next, item) || next->bytes > max_bytes)
        return NULL;
    item->key->next_to_go = link->next;
    queue_remove(queue, next);
    return next;
}

bool queue_was_passed_over(const struct queue *queue, const struct queue_item *item)
{
    return item->pass != queue->pass;
}

void queue_end_pass(struct queue *queue)
{
    queue->pass++;
}

/* When the first item that is held back because of its operation can go. */
static int64_t operations_ready_ms(const struct queue *queue, const struct budget *budget, int64_t now_ms)
{
    const struct queue_lane *lane;
    int64_t ready_ms = INT64_MAX;

    if (queue->apart == 0)
        return INT64_MAX;
    list_for_each(lane, &queue->turns, link) {
        int64_t lane_ms;

        if (has_its_share(lane->flow, budget) || !lane_is_held(lane, budget, now_ms))
            continue;
        lane_ms = refused_operations_ready_ms(&budget->refusals.operations, now_ms, lane->operation,
                                              lane_first(lane)->cost);
        ready_ms = lane_ms < ready_ms ? lane_ms : ready_ms;
    }
    return ready_ms;
}

static int64_t lane_ready_ms(const struct queue_lane *lane, const struct budget *budget, int64_t now_ms)
{
    const struct queue_item *item = lane_first(lane);

    if (lane_is_disarranged(lane, budget, now_ms)) /* items behind it may be able to go */
        return now_ms + 1;
    return budget_ready_ms(budget, now_ms, item->operation, item->cost);
}

int64_t queue_ready_ms(const struct queue *queue, const struct budget *budget, int64_t now_ms)
{
    int64_t ready_ms = operations_ready_ms(queue, budget, now_ms);
    const struct queue_lane *lane = lane_whose_turn_it_is(queue, budget, now_ms);
    int64_t lane_ms = lane ? lane_ready_ms(lane, budget, now_ms) : INT64_MAX;

    ready_ms = lane_ms < ready_ms ? lane_ms : ready_ms;
    if (lane && lane_ms > now_ms)
        lane = lane_of_kind(queue, budget, now_ms, lane_first(lane)->cost > 0);
    lane_ms = lane ? lane_ready_ms(lane, budget, now_ms) : INT64_MAX;
    return lane_ms < ready_ms ? lane_ms : ready_ms;
}
