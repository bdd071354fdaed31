/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The principals of the queue (queue.h): they exist while something of theirs is waiting or in flight.
 */
#ifndef TB_PROXY_FORWARD_QUEUE_PRINCIPAL_H
#define TB_PROXY_FORWARD_QUEUE_PRINCIPAL_H

#include "proxy/forward/queue.h"

/* The principal ID, which is added if there is none. NULL if there is no memory. */
struct queue_principal *queue_principal_get(struct queue *queue, uint64_t id);

/* Removes and frees PRINCIPAL if nothing of it is waiting or in flight. */
void queue_principal_free_if_unused(struct queue *queue, struct queue_principal *principal);

/* LANE has items from now on, or none. */
void queue_principal_add_lane(struct queue *queue, struct queue_lane *lane);
void queue_principal_remove_lane(struct queue_lane *lane);

/* Whether PRINCIPAL may not have another place in flight now. */
bool queue_principal_has_its_share(const struct queue_principal *principal, const struct budget *budget);

/* Tokens of a turn: the highest cost of a call, so that every turn sends something. */
#define QUEUE_QUANTUM 2

/* Whether the turn has fewer tokens left than CHARGE. */
static inline bool queue_principal_is_used_up(const struct queue_principal *principal, unsigned charge)
{
    return principal->has_turn && principal->deficit < charge;
}

static inline void queue_principal_begin_turn(struct queue_principal *principal)
{
    principal->has_turn = true;
    principal->deficit += QUEUE_QUANTUM;
}

static inline void queue_principal_end_turn(struct queue *queue, struct queue_principal *principal)
{
    principal->has_turn = false;
    list_remove(&principal->link);
    list_append(&queue->turns, &principal->link);
}

#endif
