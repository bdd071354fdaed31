/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/queue.h"

#include <errno.h>

#include "base/hash.h"

/* Tokens that a flow gets with each turn: the cost of the dearest call, so that every turn sends something.
 */
#define QUANTUM 2

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
            free(flow);
        }
    for (i = 0; i < QUEUE_KEY_SLOTS; i++)
        while (queue->keys[i]) {
            struct queue_key *key = queue->keys[i];

            queue->keys[i] = key->next;
            free(key);
        }
}

/* What an item takes from its flow's turn: sending takes its time also where the server counts nothing. */
static unsigned charge(const struct queue_item *item)
{
    return item->cost ? item->cost : 1;
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
    size_t i;

    if (flow)
        return flow;
    flow = calloc(1, sizeof(*flow));
    if (!flow)
        return NULL;
    flow->id = id;
    list_init(&flow->link);
    for (i = 0; i < QUEUE_URGENCIES; i++)
        list_init(&flow->items[i]);
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
    list_remove(&flow->link);
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

static struct queue_item *first_of_flow(const struct queue_flow *flow)
{
    size_t i;

    for (i = 0; i < QUEUE_URGENCIES; i++)
        if (!list_is_empty(&flow->items[i]))
            return CONTAINER_OF(flow->items[i].next, struct queue_item, in_flow);
    return NULL;
}

/* When the item with this link first arrived. OFFSET is the link's in struct queue_item. */
static uint64_t sequence_of(const struct list *link, size_t offset)
{
    return ((const struct queue_item *)(const void *)((const char *)link - offset))->sequence;
}

/* Puts a link before the first item of LIST that arrived later. New items are the latest; those that wait
 * again are mostly the earliest. */
static void insert_by_arrival(struct list *list, struct list *link, uint64_t sequence, size_t offset)
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

/* Gives an item its place in its flow. */
static void make_ready(struct queue *queue, struct queue_item *item)
{
    struct queue_flow *flow = item->flow;

    insert_by_arrival(&flow->items[item->urgency], &item->in_flow, item->sequence,
                      offsetof(struct queue_item, in_flow));
    queue->free_ready += item->cost == 0;
    if (flow->ready_count++ == 0) {
        flow->has_turn = false;
        flow->deficit = 0;
        list_append(&queue->turns, &flow->link);
    }
}

static void make_unready(struct queue *queue, struct queue_item *item)
{
    if (list_is_empty(&item->in_flow))
        return;
    list_remove(&item->in_flow);
    queue->free_ready -= item->cost == 0;
    if (--item->flow->ready_count == 0)
        list_remove(&item->flow->link);
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
        make_unready(queue, item_of_key(link));
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
        make_ready(queue, item);
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

/* What is in a flow already stays in its turn: a place is given before another is taken. */
static void wait_for_key(struct queue *queue, struct queue_item *item)
{
    struct queue_item *next;

    insert_by_arrival(&item->key->items, &item->in_key, item->sequence, offsetof(struct queue_item, in_key));
    if (item->key->held || !is_first_of_its_flow(item))
        return;
    make_ready(queue, item);
    next = next_of_its_flow(item);
    if (next)
        make_unready(queue, next);
}

static void begin_to_wait(struct queue *queue, struct queue_item *item)
{
    item->pass = queue->pass;
    item->is_waiting = true;
    item->flow->count++;
    queue->count++;
    queue->bytes += item->bytes;
    list_init(&item->in_flow);
    list_init(&item->in_key);
    if (item->key)
        wait_for_key(queue, item);
    else
        make_ready(queue, item);
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
    bool has_place = !list_is_empty(&item->in_flow);
    struct queue_item *next = has_place && item->key ? next_of_its_flow(item) : NULL;

    if (next)
        make_ready(queue, next);
    make_unready(queue, item);
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

/* One flow never has all the places, or its slow calls would keep out who comes later. */
static bool has_its_share(const struct queue_flow *flow, const struct budget *budget)
{
    unsigned places = budget->options.max_in_flight;

    return flow->in_flight >= places - places / 4;
}

/* The first flow whose next item is, or is not, one that counts against no limit of the server's: what holds
 * the one kind back need not hold back the other. */
static struct queue_flow *flow_of_kind(const struct queue *queue, const struct budget *budget, bool is_free)
{
    struct list *link;

    if (is_free && queue->free_ready == 0)
        return NULL;
    for (link = queue->turns.next; link != &queue->turns; link = link->next) {
        struct queue_flow *flow = CONTAINER_OF(link, struct queue_flow, link);

        if ((first_of_flow(flow)->cost == 0) == is_free && !has_its_share(flow, budget))
            return flow;
    }
    return NULL;
}

static struct queue_flow *first_in_turn(const struct queue *queue)
{
    return list_is_empty(&queue->turns) ? NULL : CONTAINER_OF(queue->turns.next, struct queue_flow, link);
}

/* It has used up its turn: something dearer came to its front, or went there as others left. */
static bool is_used_up(const struct queue_flow *flow)
{
    return flow->has_turn && flow->deficit < charge(first_of_flow(flow));
}

static struct queue_flow *flow_whose_turn_it_is(const struct queue *queue, const struct budget *budget)
{
    struct queue_flow *used_up = NULL;
    struct list *link;

    for (link = queue->turns.next; link != &queue->turns; link = link->next) {
        struct queue_flow *flow = CONTAINER_OF(link, struct queue_flow, link);

        if (has_its_share(flow, budget))
            continue;
        if (!is_used_up(flow))
            return flow;
        if (!used_up)
            used_up = flow;
    }
    return used_up; /* a new turn begins for all of them */
}

static void end_turn(struct queue *queue, struct queue_flow *flow)
{
    flow->has_turn = false;
    list_remove(&flow->link);
    list_append(&queue->turns, &flow->link);
}

static void begin_turn(struct queue_flow *flow)
{
    flow->has_turn = true;
    flow->deficit += QUANTUM;
}

static bool go_together(const struct queue_item *a, const struct queue_item *b)
{
    return a->group == b->group && !a->alone && !b->alone;
}

/* What goes in the turn of ITEM: the first of its key; but not what must go alone, or one client could have
 * all turns of the others with such. */
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

/* One call in the flow's turn, which ends where it has no tokens for the next. */
static struct queue_item *take(struct queue *queue, struct queue_flow *flow)
{
    struct queue_item *item = first_of_flow(flow);
    struct queue_item *first = item->key ? first_to_go(item) : item;
    const struct queue_item *next;

    if (!flow->has_turn || is_used_up(flow))
        begin_turn(flow);
    flow->deficit -= charge(item);
    flow->in_flight++;
    first->turn_of = flow->id;
    if (first->key)
        first->key->next_to_go = first->in_key.next;
    end_waiting(queue, first);
    next = first_of_flow(flow);
    if (next && charge(next) > flow->deficit)
        end_turn(queue, flow);
    return first;
}

struct queue_item *queue_pop(struct queue *queue, struct budget *budget, int64_t now_ms)
{
    struct queue_flow *flow = flow_whose_turn_it_is(queue, budget);
    unsigned cost;

    if (!flow)
        return NULL;
    cost = first_of_flow(flow)->cost;
    if (budget_take(budget, now_ms, cost)) {
        while (is_used_up(first_in_turn(queue)))
            end_turn(queue, first_in_turn(queue));
        return take(queue, flow);
    }
    flow = flow_of_kind(queue, budget, cost > 0);
    if (!flow || !budget_take(budget, now_ms, first_of_flow(flow)->cost))
        return NULL;
    return take(queue, flow);
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

int64_t queue_ready_ms(const struct queue *queue, const struct budget *budget, int64_t now_ms)
{
    const struct queue_flow *flow = flow_whose_turn_it_is(queue, budget);
    int64_t ready_ms;

    if (!flow)
        return INT64_MAX;
    ready_ms = budget_ready_ms(budget, now_ms, first_of_flow(flow)->cost);
    flow = ready_ms > now_ms ? flow_of_kind(queue, budget, first_of_flow(flow)->cost > 0) : NULL;
    if (flow && budget_ready_ms(budget, now_ms, first_of_flow(flow)->cost) < ready_ms)
        ready_ms = budget_ready_ms(budget, now_ms, first_of_flow(flow)->cost);
    return ready_ms;
}
