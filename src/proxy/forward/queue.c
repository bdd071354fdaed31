/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/queue.h"

#include <errno.h>

#include "base/quota.h"
#include "proxy/forward/queue_flow.h"
#include "proxy/forward/queue_key.h"
#include "proxy/forward/queue_lane.h"

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
    for (i = 0; i < QUEUE_PRINCIPAL_SLOTS; i++)
        while (queue->principals[i]) {
            struct queue_principal *principal = queue->principals[i];

            queue->principals[i] = principal->next;
            free(principal);
        }
    for (i = 0; i < QUEUE_KEY_SLOTS; i++)
        while (queue->keys[i]) {
            struct queue_key *key = queue->keys[i];

            queue->keys[i] = key->next;
            free(key);
        }
}

static void insert(struct queue *queue, struct queue_item *item)
{
    item->pass = queue->pass;
    item->is_waiting = true;
    item->flow->count++;
    item->flow->principal->count++;
    item->flow->principal->bytes += item->bytes;
    queue->count++;
    queue->bytes += item->bytes;
    list_init(&item->in_lane);
    list_init(&item->in_key);
    if (item->key)
        queue_key_add_item(queue, item);
    else
        lane_add(queue, &item->flow->lane, item);
}

static bool has_room(const struct queue *queue, const struct queue_item *item)
{
    const struct queue_principal *principal = queue_find_principal(queue, item->principal_id);

    return quota_allows(queue->max_count, principal ? principal->count : 0, queue->count, 1) &&
           quota_allows(queue->max_bytes, principal ? principal->bytes : 0, queue->bytes, item->bytes);
}

int queue_push(struct queue *queue, struct queue_item *item, const char *key, size_t key_length)
{
    if (!has_room(queue, item))
        return -ENOBUFS;
    item->flow = queue_flow_get(queue, item);
    if (!item->flow)
        return -ENOMEM;
    item->key = key ? queue_key_get(queue, key, key_length) : NULL;
    if (key && !item->key) {
        queue_flow_free_if_unused(queue, TAKE_PTR(item->flow));
        return -ENOMEM;
    }
    if (item->key)
        item->key->users++;
    item->sequence = ++queue->sequence;
    insert(queue, item);
    return 0;
}

int queue_push_again(struct queue *queue, struct queue_item *item)
{
    item->flow = queue_flow_get(queue, item);
    if (!item->flow)
        return -ENOMEM;
    insert(queue, item);
    return 0;
}

void queue_remove(struct queue *queue, struct queue_item *item)
{
    if (item->key)
        queue_key_remove_item(queue, item);
    else
        lane_remove(queue, item);
    item->is_waiting = false;
    item->flow->count--;
    item->flow->principal->count--;
    item->flow->principal->bytes -= item->bytes;
    queue->count--;
    queue->bytes -= item->bytes;
    queue_flow_free_if_unused(queue, TAKE_PTR(item->flow));
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
        queue_remove(queue, item);
    key = TAKE_PTR(item->key);
    if (key)
        queue_key_drop(queue, key);
}
