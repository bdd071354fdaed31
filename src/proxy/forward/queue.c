/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/queue.h"

#include <errno.h>

#include "base/hash.h"
#include "proxy/forward/lane.h"

void queue_init(struct queue *queue, size_t max_count, size_t max_bytes)
{
    queue->max_count = max_count;
    queue->max_bytes = max_bytes;
    list_init(&queue->turns);
}

void queue_free(struct queue *queue)
{
    size_t i;

    for (i = 0; i < QUEUE_FLOW_SLOTS; i++)
        while (queue->flows[i]) {
            struct queue_flow *flow = queue->flows[i];

            queue->flows[i] = flow->next;
            lane_free_all(flow);
            free(flow);
        }
    for (i = 0; i < QUEUE_KEY_SLOTS; i++)
        while (queue->keys[i]) {
            struct queue_key *key = queue->keys[i];

            queue->keys[i] = key->next;
            free(key);
        }
}

/* ---- flows ---- */

static struct queue_flow **flow_slot(struct queue *queue, uint64_t id)
{
    return &queue->flows[hash_bytes(&id, sizeof(id)) % QUEUE_FLOW_SLOTS];
}

static struct queue_flow *find_flow(struct queue *queue, uint64_t id)
{
    struct queue_flow *flow;

    for (flow = *flow_slot(queue, id); flow && flow->id != id; flow = flow->next)
        ;
    return flow;
}

static struct queue_flow *flow_of(struct queue *queue, uint64_t id)
{
    struct queue_flow **slot = flow_slot(queue, id);
    struct queue_flow *flow = find_flow(queue, id);

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

static void free_flow_if_unused(struct queue *queue, struct queue_flow *flow)
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

/* ---- keys ---- */

static struct queue_key **key_slot(struct queue *queue, uint64_t hash)
{
    return &queue->keys[hash % QUEUE_KEY_SLOTS];
}

struct queue_key *queue_find_key(const struct queue *queue, const char *text, size_t length)
{
    uint64_t hash = hash_bytes(text, length);
    struct queue_key *key;

    for (key = queue->keys[hash % QUEUE_KEY_SLOTS]; key; key = key->next)
        if (key->hash == hash && key->length == length && memcmp(key->text, text, length) == 0)
            return key;
    return NULL;
}

static struct queue_key *key_of(struct queue *queue, const char *text, size_t length)
{
    struct queue_key *key = queue_find_key(queue, text, length);
    struct queue_key **slot;

    if (key)
        return key;
    key = calloc(1, sizeof(*key) + length);
    if (!key)
        return NULL;
    list_init(&key->items);
    key->hash = hash_bytes(text, length);
    key->length = length;
    memcpy(key->text, text, length);
    slot = key_slot(queue, key->hash);
    key->next = *slot;
    *slot = key;
    return key;
}

static void free_key(struct queue *queue, struct queue_key *key)
{
    struct queue_key **place;

    for (place = key_slot(queue, key->hash); *place != key; place = &(*place)->next)
        ;
    *place = key->next;
    free(key);
}

static struct queue_item *first_of_key(const struct queue_key *key)
{
    return list_is_empty(&key->items) ? NULL : CONTAINER_OF(key->items.next, struct queue_item, in_key);
}

static struct queue_item *item_of_key(const struct list *link)
{
    return CONTAINER_OF((struct list *)(uintptr_t)link, struct queue_item, in_key);
}

static bool is_first_of_its_flow(const struct queue_item *item)
{
    const struct list *link;

    for (link = item->in_key.previous; link != &item->key->items; link = link->previous)
        if (item_of_key(link)->flow == item->flow)
            return false;
    return true;
}

static struct queue_item *next_of_its_flow(const struct queue_item *item)
{
    const struct list *link;

    for (link = item->in_key.next; link != &item->key->items; link = link->next)
        if (item_of_key(link)->flow == item->flow)
            return item_of_key(link);
    return NULL;
}

static void take_places(struct queue *queue, const struct queue_key *key)
{
    const struct list *link;

    for (link = key->items.next; link != &key->items; link = link->next)
        lane_remove(queue, item_of_key(link));
}

static void give_places(struct queue *queue, const struct queue_key *key)
{
    const struct list *link;

    queue->visits++;
    for (link = key->items.next; link != &key->items; link = link->next) {
        struct queue_item *item = item_of_key(link);

        if (item->flow->visit == queue->visits)
            continue;
        item->flow->visit = queue->visits;
        lane_add(queue, &item->flow->lane, item);
    }
}

static void set_held(struct queue *queue, struct queue_key *key, bool held)
{
    if (key->held == held)
        return;
    key->held = held;
    if (held)
        take_places(queue, key);
    else
        give_places(queue, key);
}

void queue_key_use(struct queue *queue, struct queue_key *key, void *call, bool hold)
{
    key->users++;
    key->in_flight = call;
    set_held(queue, key, hold);
}

void queue_key_release(struct queue *queue, struct queue_key *key, const void *call)
{
    if (key->in_flight == call) {
        key->in_flight = NULL;
        set_held(queue, key, false);
    }
    if (--key->users == 0)
        free_key(queue, key);
}

/* ---- waiting ---- */

/* A place is given before the other is taken, so that the lane is never empty and keeps its turn. */
static void wait_for_key(struct queue *queue, struct queue_item *item)
{
    struct queue_item *next;

    lane_insert_by_arrival(&item->key->items, &item->in_key, item->sequence,
                           offsetof(struct queue_item, in_key));
    if (item->key->held || !is_first_of_its_flow(item))
        return;
    lane_add(queue, &item->flow->lane, item);
    next = next_of_its_flow(item);
    if (next)
        lane_remove(queue, next);
}

static void begin_to_wait(struct queue *queue, struct queue_item *item)
{
    item->pass = queue->pass;
    item->is_waiting = true;
    item->flow->count++;
    queue->count++;
    queue->bytes += item->bytes;
    list_init(&item->in_lane);
    list_init(&item->in_key);
    if (item->key)
        wait_for_key(queue, item);
    else
        lane_add(queue, &item->flow->lane, item);
}

int queue_push(struct queue *queue, struct queue_item *item, const char *key, size_t key_length)
{
    if (queue->count >= queue->max_count || item->bytes > queue->max_bytes ||
        queue->bytes > queue->max_bytes - item->bytes)
        return -ENOBUFS;
    item->flow = flow_of(queue, item->flow_id);
    if (!item->flow)
        return -ENOMEM;
    item->key = key ? key_of(queue, key, key_length) : NULL;
    if (key && !item->key) {
        free_flow_if_unused(queue, TAKE_PTR(item->flow));
        return -ENOMEM;
    }
    if (item->key)
        item->key->users++;
    item->sequence = ++queue->sequence;
    begin_to_wait(queue, item);
    return 0;
}

int queue_push_again(struct queue *queue, struct queue_item *item)
{
    item->flow = flow_of(queue, item->flow_id);
    if (!item->flow)
        return -ENOMEM;
    begin_to_wait(queue, item);
    return 0;
}

static void end_waiting(struct queue *queue, struct queue_item *item)
{
    bool has_place = !list_is_empty(&item->in_lane);
    struct queue_item *next = has_place && item->key ? next_of_its_flow(item) : NULL;

    if (next)
        lane_add(queue, &next->flow->lane, next);
    lane_remove(queue, item);
    list_remove(&item->in_key);
    item->is_waiting = false;
    item->flow->count--;
    queue->count--;
    queue->bytes -= item->bytes;
    free_flow_if_unused(queue, TAKE_PTR(item->flow));
}

void queue_refer(struct queue *queue, struct queue_item *item, struct queue_key *key)
{
    item->sequence = ++queue->sequence;
    item->key = key;
    key->users++;
}

void queue_forget(struct queue *queue, struct queue_item *item)
{
    struct queue_key *key;

    if (item->is_waiting)
        end_waiting(queue, item);
    key = TAKE_PTR(item->key);
    if (key && --key->users == 0)
        free_key(queue, key);
}

/* One flow never has all the places, or its slow calls would keep out clients that come later. */
static bool has_its_share(const struct queue_flow *flow, const struct budget *budget)
{
    unsigned places = budget->options.max_in_flight;

    return flow->in_flight >= places - places / 4;
}

/* The first lane whose next item is free (cost 0), or is not: what holds back one kind may not hold back the
 * other. */
static struct queue_lane *lane_of_kind(const struct queue *queue, const struct budget *budget, int64_t now_ms,
                                       bool is_free)
{
    struct list *link;

    if (is_free && queue->free_ready == 0)
        return NULL;
    for (link = queue->turns.next; link != &queue->turns; link = link->next) {
        struct queue_lane *lane = CONTAINER_OF(link, struct queue_lane, link);

        if ((lane_first(lane)->cost == 0) == is_free && !has_its_share(lane->flow, budget) &&
            !lane_is_held(lane, budget, now_ms))
            return lane;
    }
    return NULL;
}

static struct queue_lane *first_in_turn(const struct queue *queue)
{
    return CONTAINER_OF(queue->turns.next, struct queue_lane, link);
}

static struct queue_lane *lane_whose_turn_it_is(const struct queue *queue, const struct budget *budget,
                                                int64_t now_ms)
{
    struct queue_lane *used_up = NULL;
    struct list *link;

    for (link = queue->turns.next; link != &queue->turns; link = link->next) {
        struct queue_lane *lane = CONTAINER_OF(link, struct queue_lane, link);

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
    struct queue_item *first = first_of_key(item->key);
    struct list *link;

    if (!first->alone)
        return first;
    for (link = item->in_key.previous; link != &item->key->items && go_together(item_of_key(link), item);
         link = link->previous)
        first = item_of_key(link);
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
    end_waiting(queue, first);
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

/* One kind of call cannot go now; perhaps the other can. */
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
    struct queue_flow *flow = find_flow(queue, turn_of);

    flow->in_flight--;
    free_flow_if_unused(queue, flow);
}

struct queue_item *queue_take_next(struct queue *queue, const struct queue_item *item, size_t max_bytes)
{
    struct list *link = item->key ? item->key->next_to_go : NULL;
    struct queue_item *next = link && link != &item->key->items ? item_of_key(link) : NULL;

    if (!next || !go_together(next, item) || next->bytes > max_bytes)
        return NULL;
    item->key->next_to_go = link->next;
    end_waiting(queue, next);
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
    int64_t ready_ms = INT64_MAX;
    struct list *link;

    if (queue->apart == 0)
        return INT64_MAX;
    for (link = queue->turns.next; link != &queue->turns; link = link->next) {
        const struct queue_lane *lane = CONTAINER_OF(link, struct queue_lane, link);
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

    if (lane_is_disarranged(lane, budget,
                            now_ms)) /* items behind it may be able to go, unless there was no memory */
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
