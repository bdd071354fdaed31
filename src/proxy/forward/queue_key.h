/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of the queue (queue.h): requests that can go as one call. Of the items of a key, the first of each
 * flow has a place in a lane, unless the key is held.
 */
#ifndef TB_PROXY_FORWARD_QUEUE_KEY_H
#define TB_PROXY_FORWARD_QUEUE_KEY_H

#include "proxy/forward/queue.h"

/* The key with that text, which is added if there is none. The caller counts itself in key->users. NULL if
 * there is no memory. */
struct queue_key *queue_key_get(struct queue *queue, const char *text, size_t length);

/* Drops a reference, and frees KEY with the last one. */
void queue_key_drop(struct queue *queue, struct queue_key *key);

/* ITEM begins to wait for its key, or no longer waits: gives it and the others of its flow their places. */
void queue_key_add_item(struct queue *queue, struct queue_item *item);
void queue_key_remove_item(struct queue *queue, struct queue_item *item);

/* The item with the link LINK of key->items. */
static inline struct queue_item *queue_key_item(const struct list *link)
{
    return CONTAINER_OF((struct list *)(uintptr_t)link, struct queue_item, in_key);
}

#endif
