/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/queue_key.h"

#include "base/hash.h"
#include "proxy/forward/queue_lane.h"

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

struct queue_key *queue_key_get(struct queue *queue, const char *text, size_t length)
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

void queue_key_drop(struct queue *queue, struct queue_key *key)
{
    struct queue_key **place;

    if (--key->users > 0)
        return;
    for (place = key_slot(queue, key->hash); *place != key; place = &(*place)->next)
        ;
    *place = key->next;
    free(key);
}

static bool is_first_of_its_flow(const struct queue_item *item)
{
    const struct list *link;

    for (link = item->in_key.previous; link != &item->key->items; link = link->previous)
        if (queue_key_item(link)->flow == item->flow)
            return false;
    return true;
}

static struct queue_item *next_of_its_flow(const struct queue_item *item)
{
    const struct list *link;

    for (link = item->in_key.next; link != &item->key->items; link = link->next)
        if (queue_key_item(link)->flow == item->flow)
            return queue_key_item(link);
    return NULL;
}

static void take_places(struct queue *queue, const struct queue_key *key)
{
    struct queue_item *item;

    list_for_each(item, &key->items, in_key)
        lane_remove(queue, item);
}

static void give_places(struct queue *queue, const struct queue_key *key)
{
    struct queue_item *item;

    queue->visits++;
    list_for_each(item, &key->items, in_key) {
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
    queue_key_drop(queue, key);
}

/* A place is given before the other is taken, so that the lane is never empty and keeps its turn. */
void queue_key_add_item(struct queue *queue, struct queue_item *item)
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

void queue_key_remove_item(struct queue *queue, struct queue_item *item)
{
    struct queue_item *next = list_is_empty(&item->in_lane) ? NULL : next_of_its_flow(item);

    if (next)
        lane_add(queue, &next->flow->lane, next);
    lane_remove(queue, item);
    list_remove(&item->in_key);
}
