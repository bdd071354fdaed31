/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which request the queue sends next: turns of principals and their flows, and the budget.
 */
#include "proxy/forward/queue_key.h"
#include "proxy/forward/queue_lane.h"
#include "proxy/forward/queue_principal.h"

enum kind {
    ANY,
    FREE,  /* of cost 0 */
    COSTLY /* takes tokens */
};

static bool has_kind(const struct queue_principal *principal, enum kind kind)
{
    return kind == ANY ||
           (kind == FREE ? principal->free_ready > 0 : principal->free_ready < principal->ready_count);
}

static bool is_of_kind(const struct queue_lane *lane, enum kind kind)
{
    return kind == ANY || (lane_first(lane)->cost == 0) == (kind == FREE);
}

/* The tokens that an item takes from the turn: at least 1, since sending takes time even if the server does
 * not count it. */
static unsigned charge_of(const struct queue_lane *lane)
{
    const struct queue_item *item = lane_first(lane);

    return item->cost ? item->cost : 1;
}

static bool had_its_turn(const struct queue_lane *lane)
{
    return lane->flow->round >= lane->flow->principal->round;
}

/* Whether A goes before B, which is before it in the list. */
static bool goes_first(const struct queue_lane *a, const struct queue_lane *b)
{
    if (had_its_turn(a) != had_its_turn(b))
        return had_its_turn(b);
    return lane_first(a)->urgency < lane_first(b)->urgency;
}

static unsigned highest_urgency(const struct queue_principal *principal)
{
    unsigned urgency = 0;

    while (urgency < URGENCY_LEVELS - 1 && principal->ready[urgency] == 0)
        urgency++;
    return urgency;
}

/* Whether a policy allows its user no call now. */
static bool is_over_bound(const struct allowance *allowance, int64_t now_ms)
{
    return allowance && allowance_request_ready_ms(allowance, now_ms) > now_ms;
}

/* The same for all that a principal has waiting, if that has one allowance. */
static bool all_are_over_bound(const struct queue_principal *principal, int64_t now_ms)
{
    return !principal->has_several && is_over_bound(principal->allowance, now_ms);
}

static bool lane_is_over_bound(const struct queue_lane *lane, int64_t now_ms)
{
    return lane->flow->principal->has_several && is_over_bound(lane_first(lane)->allowance, now_ms);
}

/* The lane that sends next of those of PRINCIPAL that may send. Mostly it is the first. */
static struct queue_lane *lane_in_turn(const struct queue_principal *principal, const struct budget *budget,
                                       int64_t now_ms, enum kind kind)
{
    unsigned highest = highest_urgency(principal);
    struct queue_lane *lane, *first = NULL;

    if (!has_kind(principal, kind) || all_are_over_bound(principal, now_ms))
        return NULL;
    list_for_each(lane, &principal->lanes, link) {
        if (!is_of_kind(lane, kind) || lane_is_held(lane, budget, now_ms) || lane_is_over_bound(lane, now_ms))
            continue;
        if (!first || goes_first(lane, first))
            first = lane;
        if (first->flow->round < principal->round && lane_first(first)->urgency == highest)
            break;
    }
    return first;
}

/* KIND: either may be held back while the other is not. */
static struct queue_lane *lane_whose_turn_it_is(const struct queue *queue, const struct budget *budget,
                                                int64_t now_ms, enum kind kind)
{
    const struct queue_principal *principal;
    struct queue_lane *used_up = NULL;

    if (kind == FREE && queue->free_ready == 0)
        return NULL;
    list_for_each(principal, &queue->turns, link) {
        struct queue_lane *lane = queue_principal_has_its_share(principal, budget)
                                      ? NULL
                                      : lane_in_turn(principal, budget, now_ms, kind);

        if (lane && !queue_principal_is_used_up(principal, charge_of(lane)))
            return lane;
        if (!used_up)
            used_up = lane;
    }
    return used_up; /* all of them begin a new turn */
}

/* The lane that may go, after it was arranged. */
static struct queue_lane *arranged_lane(struct queue *queue, const struct budget *budget, int64_t now_ms,
                                        enum kind kind)
{
    struct queue_lane *lane;

    do
        lane = lane_whose_turn_it_is(queue, budget, now_ms, kind);
    while (lane && lane_arrange(queue, lane, budget, now_ms));
    return lane;
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

/* A principal whose turn has too few tokens left for what it would send goes to the end. */
static void end_used_up_turns(struct queue *queue, const struct budget *budget, int64_t now_ms)
{
    for (;;) {
        struct queue_principal *principal = CONTAINER_OF(queue->turns.next, struct queue_principal, link);
        const struct queue_lane *lane = lane_in_turn(principal, budget, now_ms, ANY);

        if (!lane || !queue_principal_is_used_up(principal, charge_of(lane)))
            return;
        queue_principal_end_turn(queue, principal);
    }
}

static void begin_round_if_over(struct queue *queue, const struct queue_lane *lane)
{
    if (had_its_turn(lane))
        lane->flow->principal->round = ++queue->rounds;
}

/* Takes one call in the lane's turn. The principal's turn ends if it has no tokens left for the next. */
static struct queue_item *take(struct queue *queue, struct queue_lane *lane, const struct budget *budget,
                               int64_t now_ms)
{
    struct queue_principal *principal = lane->flow->principal;
    struct queue_item *item = lane_first(lane);
    struct queue_item *first = item->key ? first_to_go(item) : item;

    if (!principal->has_turn || queue_principal_is_used_up(principal, charge_of(lane)))
        queue_principal_begin_turn(principal);
    begin_round_if_over(queue, lane);
    principal->deficit -= charge_of(lane);
    principal->in_flight++;
    lane_had_turn(lane);
    first->turn_of = principal->id;
    first->sent_under = item->allowance;
    allowance_take_request(item->allowance, now_ms);
    if (first->key)
        first->key->next_to_go = first->in_key.next;
    queue_remove(queue, first);
    lane = lane_in_turn(principal, budget, now_ms, ANY);
    if (lane && charge_of(lane) > principal->deficit)
        queue_principal_end_turn(queue, principal);
    return first;
}

static bool try_to_take(const struct queue_lane *lane, struct budget *budget, int64_t now_ms)
{
    const struct queue_item *item = lane_first(lane);

    return budget_take(budget, now_ms, item->operation, item->cost);
}

static enum kind other_kind(const struct queue_lane *lane)
{
    return lane_first(lane)->cost > 0 ? FREE : COSTLY;
}

struct queue_item *queue_pop(struct queue *queue, struct budget *budget, int64_t now_ms)
{
    struct queue_lane *lane = arranged_lane(queue, budget, now_ms, ANY);

    if (!lane)
        return NULL;
    if (try_to_take(lane, budget, now_ms)) {
        end_used_up_turns(queue, budget, now_ms);
        return take(queue, lane, budget, now_ms);
    }
    lane = arranged_lane(queue, budget, now_ms, other_kind(lane));
    return lane && try_to_take(lane, budget, now_ms) ? take(queue, lane, budget, now_ms) : NULL;
}

void queue_call_ended(struct queue *queue, uint64_t turn_of)
{
    struct queue_principal *principal = queue_principal_get(queue, turn_of);

    principal->in_flight--;
    queue_principal_free_if_unused(queue, principal);
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

static int64_t held_lanes_ready_ms(const struct queue_principal *principal, const struct budget *budget,
                                   int64_t now_ms)
{
    const struct queue_lane *lane;
    int64_t ready_ms = INT64_MAX;

    if (all_are_over_bound(principal, now_ms))
        return allowance_request_ready_ms(principal->allowance, now_ms);
    list_for_each(lane, &principal->lanes, link) {
        int64_t lane_ms = lane_is_held(lane, budget, now_ms)
                              ? refused_operations_ready_ms(&budget->refusals.operations, now_ms,
                                                            lane->operation, lane_first(lane)->cost)
                          : lane_is_over_bound(lane, now_ms)
                              ? allowance_request_ready_ms(lane_first(lane)->allowance, now_ms)
                              : INT64_MAX;

        ready_ms = lane_ms < ready_ms ? lane_ms : ready_ms;
    }
    return ready_ms;
}

/* When the first item that is held back because of its operation or a bound of its user can go. */
static int64_t held_ready_ms(const struct queue *queue, const struct budget *budget, int64_t now_ms)
{
    const struct queue_principal *principal;
    int64_t ready_ms = INT64_MAX;

    if (queue->apart == 0 && queue->bounded == 0)
        return INT64_MAX;
    list_for_each(principal, &queue->turns, link) {
        int64_t first_ms = queue_principal_has_its_share(principal, budget)
                               ? INT64_MAX
                               : held_lanes_ready_ms(principal, budget, now_ms);

        ready_ms = first_ms < ready_ms ? first_ms : ready_ms;
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
    int64_t ready_ms = held_ready_ms(queue, budget, now_ms);
    const struct queue_lane *lane = lane_whose_turn_it_is(queue, budget, now_ms, ANY);
    int64_t lane_ms = lane ? lane_ready_ms(lane, budget, now_ms) : INT64_MAX;

    ready_ms = lane_ms < ready_ms ? lane_ms : ready_ms;
    if (lane && lane_ms > now_ms)
        lane = lane_whose_turn_it_is(queue, budget, now_ms, other_kind(lane));
    lane_ms = lane ? lane_ready_ms(lane, budget, now_ms) : INT64_MAX;
    return lane_ms < ready_ms ? lane_ms : ready_ms;
}
