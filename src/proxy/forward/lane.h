/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lanes of the queue (queue.h), which take turns: items in the order of urgency and arrival, and the
 * tokens that a lane may still use in its turn.
 */
#ifndef TB_PROXY_FORWARD_LANE_H
#define TB_PROXY_FORWARD_LANE_H

#include "proxy/forward/queue.h"

void lane_init(struct queue_lane *lane, struct queue_flow *flow);

/* Frees the lanes of FLOW but the first. */
void lane_free_all(struct queue_flow *flow);

/* The item that goes next; NULL: none has a place in the lane. */
struct queue_item *lane_first(const struct queue_lane *lane);

/* Puts LINK before the first item of LIST that arrived later. OFFSET is the link's in struct queue_item. */
void lane_insert_by_arrival(struct list *list, struct list *link, uint64_t sequence, size_t offset);

/* Gives ITEM its place in LANE, and takes it. Taking is harmless if it has none. */
void lane_add(struct queue *queue, struct queue_lane *lane, struct queue_item *item);
void lane_remove(struct queue *queue, struct queue_item *item);

/* Whether the lane's first item belongs into another now. */
bool lane_is_disarranged(const struct queue_lane *lane, const struct budget *budget, int64_t now_ms);

/* What BUDGET tells apart now goes from the front of its flow's first lane to that of its operation, or back
 * to the first. True: something has moved, so look again whose turn it is. */
bool lane_arrange(struct queue *queue, struct queue_lane *lane, const struct budget *budget, int64_t now_ms);

/* Whether the operation of the lane's items, and not the budget of all, holds them back. */
bool lane_is_held(const struct queue_lane *lane, const struct budget *budget, int64_t now_ms);

/* What an item takes from its lane's turn: sending takes its time even if the server counts nothing. */
unsigned lane_charge(const struct queue_item *item);

/* It has used up its turn: something dearer came to its front, or went there as others left. */
bool lane_is_used_up(const struct queue_lane *lane);

void lane_begin_turn(struct queue_lane *lane);
void lane_end_turn(struct queue *queue, struct queue_lane *lane);

#endif
