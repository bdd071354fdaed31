/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flows of the queue (queue.h): they exist while something of theirs is waiting or in flight.
 */
#ifndef TB_PROXY_FORWARD_QUEUE_FLOW_H
#define TB_PROXY_FORWARD_QUEUE_FLOW_H

#include "proxy/forward/queue.h"

/* The flow ID. NULL if there is none. */
struct queue_flow *queue_flow_find(struct queue *queue, uint64_t id);

/* The flow ID, which is added if there is none. NULL if there is no memory. */
struct queue_flow *queue_flow_get(struct queue *queue, uint64_t id);

/* Removes and frees FLOW if nothing of it is waiting or in flight. */
void queue_flow_free_if_unused(struct queue *queue, struct queue_flow *flow);

#endif
