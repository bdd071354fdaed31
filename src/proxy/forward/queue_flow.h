/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flows of the queue (queue.h): they exist while something of theirs is waiting.
 */
#ifndef TB_PROXY_FORWARD_QUEUE_FLOW_H
#define TB_PROXY_FORWARD_QUEUE_FLOW_H

#include "proxy/forward/queue.h"

/* The flow of ITEM, which is added if there is none. NULL if there is no memory. */
struct queue_flow *queue_flow_get(struct queue *queue, const struct queue_item *item);

/* Removes and frees FLOW if nothing of it is waiting; and its principal, if nothing of that is in flight
 * either. */
void queue_flow_free_if_unused(struct queue *queue, struct queue_flow *flow);

#endif
