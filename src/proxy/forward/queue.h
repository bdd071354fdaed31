/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait until the budget of the server's rate limit takes them: bounded in number and bytes,
 * fair between principals (users), and within one between its connections.
 *
 * Principals take turns by deficit round robin (Shreedhar and Varghese, 1995), counted in tokens of the
 * server's limit: while all have requests waiting, each gets as many tokens as any other. So one with few
 * requests waits for at most one turn of every other, however many those have. A turn is two tokens, or three
 * if one is left over from the last turn.
 *
 * A flow is a connection. Within a principal, each flow that waits sends one call in a round, the more urgent
 * first (RFC 9218: 0 is the most urgent, 7 the least), then those that have waited longer. Urgency is not
 * compared between principals, or one could put itself before all others (RFC 9218, section 13.3).
 *
 * Places in flight are shared as base/quota.h says: there are a third more than one principal may have, and
 * it gets another one only while it has fewer than three times those that are free; the last eighth is for
 * those that have none. So its slow calls never keep others out.
 *
 * If the budget holds back one operation (refused_operations_find()), its requests hold up nothing else: they
 * move from their flow's lane to one of their own, which takes turns as the flow does, and return when the
 * budget no longer holds them back.
 *
 * A policy can bound the calls of a user (allowance.h). Lanes whose next item is over such a bound are passed
 * over. A call counts in the bounds of the lane in whose turn it is sent, and those that go along cost
 * nothing.
 *
 * Requests with the same key can go as one call: writes of a principal to the same entity, identical reads
 * of anybody. They are kept
 * together in the order of their arrival. The first of each flow has a place in that flow. Whichever flow's
 * turn comes first, the first request of the key is sent, and queue_take_next() takes further ones along, as
 * many as fit. A request that must go alone goes only in a turn of its own flow. So no flow loses a turn
 * because a busier one asked for the same before.
 *
 * Knows nothing of HTTP and reads no clock. Not thread-safe: used by the daemon's thread only.
 */
#ifndef TB_PROXY_FORWARD_QUEUE_H
#define TB_PROXY_FORWARD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "proxy/exchange/allowance.h"
#include "proxy/route/urgency.h"
#include "upstream/budget.h"

#define QUEUE_PRINCIPAL_SLOTS 64
#define QUEUE_FLOW_SLOTS      256
#define QUEUE_KEY_SLOTS       1024

struct queue_principal;
struct queue_flow;
struct queue_key;
struct queue_lane;

/* A waiting request. Must be zeroed; the owner fills in the first part before pushing it. */
struct queue_item {
    uint64_t principal_id;
    uint64_t flow_id;
    uint64_t *last_round; /* of its connection, which outlives it: the round in which it last had a turn */
    unsigned cost;        /* tokens; 0: the server's limit does not count it */
    uint32_t operation;   /* for the budget; the same for all items of a key */
    unsigned urgency;     /* 0 to 7 */
    size_t bytes;         /* of its body */
    uint64_t group;       /* only items of the same group go together; 0: not part of a split merge */
    bool alone;           /* never goes together with another */
    struct allowance *allowance; /* its user's bounds; NULL: none */

    uint64_t sequence;            /* its place in the order of first arrivals */
    uint64_t pass;                /* queue->pass when it was pushed */
    uint64_t turn_of;             /* the principal in whose turn it was sent */
    struct allowance *sent_under; /* the bounds in which that call counts; NULL: none */
    struct queue_flow *flow;
    struct queue_key *key; /* NULL: none; stays until queue_forget() */
    struct queue_lane *lane;
    struct list in_lane; /* in lane->items; unlinked while another of its flow and key is before it */
    struct list in_key;  /* in key->items */
    bool is_waiting;     /* if false, it is in no list */
};

struct queue_lane {
    struct list link;                  /* in principal->lanes while it has items */
    struct list items[URGENCY_LEVELS]; /* by arrival */
    size_t ready_count;                /* items in those lists */
    struct queue_flow *flow;
    uint32_t operation;      /* of all its items; not used for a flow's first lane, which has items of many */
    struct queue_lane *next; /* the next lane of the flow */
};

struct queue_flow {
    struct queue_lane lane; /* the first; others live as long as the flow */
    size_t count;           /* waiting, including those behind another of their key */
    uint64_t id;
    uint64_t round; /* in which it last had a turn */
    uint64_t visit; /* the last visit of a key that found an item of this flow */
    struct queue_principal *principal;
    struct queue_flow *next; /* in its slot */
};

/* Principals take turns. */
struct queue_principal {
    struct list link;             /* in queue->turns while a lane of it has items */
    struct list lanes;            /* those with items; those that had no turn for longest come first */
    bool has_turn;                /* it has got its tokens for this turn */
    unsigned deficit;             /* tokens left in this turn */
    uint64_t round;               /* of its flows; a new one begins when all that may send have had a turn */
    size_t ready[URGENCY_LEVELS]; /* items in its lanes */
    size_t ready_count, free_ready; /* those; and those of them of cost 0 */
    size_t count, bytes;            /* waiting; of their bodies */
    unsigned in_flight;             /* calls sent in its turns */
    struct allowance *allowance;    /* of the first item in its lanes; NULL: none */
    bool has_several;               /* allowances, because others have another one */
    uint64_t id;
    struct queue_principal *next; /* in its slot */
};

/* What is waiting and in flight for one entity or one read. */
struct queue_key {
    struct list items;       /* waiting, by arrival */
    void *in_flight;         /* the latest call for it; NULL: none */
    struct list *next_to_go; /* for queue_take_next() after queue_pop(): a place in items */
    bool held;               /* none of its items is sent before that call has ended */
    size_t users;            /* references: from items, waiting or not, and from calls */
    uint64_t hash;
    struct queue_key *next; /* in its slot */
    size_t length;
    char text[];
};

struct queue {
    size_t max_count; /* of one principal; all have a third more (quota.h) */
    size_t max_bytes;
    size_t count;
    size_t bytes;
    struct list turns; /* principals; it is the turn of the first */
    size_t free_ready; /* items of cost 0 that have a place in a lane */
    size_t apart;      /* items in lanes of operations */
    size_t bounded;    /* items with an allowance that have a place in a lane */
    uint64_t sequence;
    uint64_t pass;
    uint64_t visits; /* counts the visits of keys to give their items places */
    uint64_t rounds; /* the last number that a round has got */
    struct queue_principal *principals[QUEUE_PRINCIPAL_SLOTS];
    struct queue_flow *flows[QUEUE_FLOW_SLOTS];
    struct queue_key *keys[QUEUE_KEY_SLOTS];
};

/* QUEUE must be zeroed. */
void queue_init(struct queue *queue, size_t max_count, size_t max_bytes);

/* Frees its memory. Call it when nothing is waiting. */
void queue_free(struct queue *queue);

/* Adds a new request. KEY of KEY_LENGTH bytes is copied; NULL: it never goes together with another. Returns
 * 0, -ENOBUFS if the queue is full for its principal, or -ENOMEM. */
int queue_push(struct queue *queue, struct queue_item *item, const char *key, size_t key_length);

/* Adds a request that was sent before, with its old key, in the order of its first arrival. The bounds do not
 * apply, since it was admitted before. Returns 0 or -ENOMEM. */
int queue_push_again(struct queue *queue, struct queue_item *item);

/* ITEM, which never waited, gets its answer from the call in flight for KEY. It refers to KEY until
 * queue_forget(). */
void queue_refer(struct queue *queue, struct queue_item *item, struct queue_key *key);

/* The request has ended: removes it and releases its key. Harmless if it never waited. */
void queue_forget(struct queue *queue, struct queue_item *item);

/* Removes the item to be sent next, and takes its cost from BUDGET. Returns NULL if nothing can be sent now.
 */
struct queue_item *queue_pop(struct queue *queue, struct budget *budget, int64_t now_ms);

/* A call for an item from queue_pop() has ended: gives the principal TURN_OF (the item's turn_of) its place
 * back. The owner gives the item's sent_under its place back (POLICY_MAX_REQUESTS). */
void queue_call_ended(struct queue *queue, uint64_t turn_of);

/* After queue_pop(): removes the next waiting item of the same key, to go with the same call at no cost.
 * Returns NULL if there is none, or it is of another group or larger than MAX_BYTES. */
struct queue_item *queue_take_next(struct queue *queue, const struct queue_item *item, size_t max_bytes);

/* Whether ITEM had to wait: queue_end_pass() has been called since it was pushed. */
bool queue_was_passed_over(const struct queue *queue, const struct queue_item *item);

/* Nothing more is sent in this turn of the loop: the items that still wait have been passed over. */
void queue_end_pass(struct queue *queue);

/* The earliest time that queue_pop() can succeed; INT64_MAX: not before a call ends or a request arrives. */
int64_t queue_ready_ms(const struct queue *queue, const struct budget *budget, int64_t now_ms);

/* The key with that text, or NULL. */
struct queue_key *queue_find_key(const struct queue *queue, const char *text, size_t length);

/* CALL, for items of KEY, is in flight. HOLD: no other item of the key is sent before it has ended. */
void queue_key_use(struct queue *queue, struct queue_key *key, void *call, bool hold);

/* CALL has ended, and no longer refers to KEY. */
void queue_key_release(struct queue *queue, struct queue_key *key, const void *call);

/* The principal ID; NULL if nothing of it is waiting or in flight. */
const struct queue_principal *queue_find_principal(const struct queue *queue, uint64_t id);

/* For queue_pop.c: ITEM, which is waiting, no longer waits. */
void queue_remove(struct queue *queue, struct queue_item *item);

#endif
