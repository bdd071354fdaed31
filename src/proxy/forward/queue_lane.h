/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lanes of the queue (queue.h). A lane has its items in the order of urgency and arrival.
 */
#ifndef TB_PROXY_FORWARD_QUEUE_LANE_H
#define TB_PROXY_FORWARD_QUEUE_LANE_H

#include "proxy/forward/queue.h"

void lane_init(struct queue_lane *lane, struct queue_flow *flow);

/* Frees all lanes of FLOW except the first, which is part of it. */
void lane_free_all(struct queue_flow *flow);

/* The item that goes next. NULL if the lane is empty. */
struct queue_item *lane_first(const struct queue_lane *lane);

/* Inserts LINK before the first item of LIST that arrived later. OFFSET is that of the link in struct
 * queue_item. */
void lane_insert_by_arrival(struct list *list, struct list *link, uint64_t sequence, size_t offset);

/* Gives ITEM a place in LANE, and takes it away. Taking it away is harmless if it has none. */
void lane_add(struct queue *queue, struct queue_lane *lane, struct queue_item *item);
void lane_remove(struct queue *queue, struct queue_item *item);

/* Whether the first item belongs in another lane now. */
bool lane_is_disarranged(const struct queue_lane *lane, const struct budget *budget, int64_t now_ms);

/* Moves the first item to the lane of its operation if BUDGET holds that back now, or all items of LANE back
 * to the flow's first lane if BUDGET no longer does. True: something was moved, so the next lane may be
 * another. */
bool lane_arrange(struct queue *queue, struct queue_lane *lane, const struct budget *budget, int64_t now_ms);

/* Whether the items are held back because of their operation alone. */
bool lane_is_held(const struct queue_lane *lane, const struct budget *budget, int64_t now_ms);

/* Its flow has had its turn in this round of the principal. */
void lane_had_turn(struct queue_lane *lane);

#endif
