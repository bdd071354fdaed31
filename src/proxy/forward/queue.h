/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait until the server's budget takes them: bounded in number and bytes, fair between local
 * clients, ordered by urgency within one client.
 *
 * A flow is what is treated fairly: a user of the Unix socket, else a connection. Flows take turns by deficit
 * round robin (Shreedhar and Varghese, 1995), counted in tokens of the server's limit: while all wait, each
 * gets as many tokens as any other, so a client that asks little waits for at most one turn of every other
 * client, of two tokens (three where one is left over from its last turn), however much those ask. Within a
 * flow the more urgent goes first (RFC 9218: 0 is the most urgent, 7 the least), then the earlier. Urgency
 * says nothing between flows: a client could else put itself before all others (RFC 9218, section 13.3).
 *
 * The places in flight are shared, too: one flow has at most three quarters of them.
 *
 * What the budget holds back of one operation (refused_operations_find()) holds back nothing else: it leaves
 * its flow's lane for one of its own, which has turns as the flow has, and returns when the budget holds it
 * back no more.
 *
 * Requests with the same key can go as one call: writes to the same entity, identical reads. They are kept
 * together in the order of their arrival. The first of each flow has a place in that flow; whichever's turn
 * comes first, it is the first of the key that goes, and queue_take_next() takes further ones along, as many
 * as fit. What must go alone goes in its own flow's turn only. So nobody's turn is lost because somebody
 * else, who asks much, has asked for the same before.
 *
 * Knows nothing of HTTP and no clock. Not thread-safe: it belongs to its daemon's thread.
 */
#ifndef TB_PROXY_FORWARD_QUEUE_H
#define TB_PROXY_FORWARD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "proxy/route/urgency.h"
#include "upstream/budget.h"

#define QUEUE_FLOW_SLOTS 256
#define QUEUE_KEY_SLOTS  1024

struct queue_flow;
struct queue_key;
struct queue_lane;

/* One waiting request. The owner fills the first part before it is pushed, in memory of zeros. */
struct queue_item {
    uint64_t flow_id;
    unsigned cost;      /* tokens; 0: it counts against no limit of the server's */
    uint32_t operation; /* for the budget; items of the same key have the same */
    unsigned urgency;   /* 0 to 7 */
    size_t bytes;       /* of its body */
    uint64_t group;     /* only items of the same group go together; 0: all that were never split */
    bool alone;         /* it never goes together with another */

    uint64_t sequence; /* of its first arrival */
    uint64_t pass;     /* when it was pushed */
    uint64_t turn_of;  /* the flow in whose turn it went */
    struct queue_flow *flow;
    struct queue_key *key; /* NULL: none. Stays until queue_forget(). */
    struct queue_lane *lane;
    struct list in_lane; /* in lane->items; in none while another of its flow and key is before it */
    struct list in_key;  /* in key->items */
    bool is_waiting;     /* it is in no list otherwise */
};

/* What takes turns. */
struct queue_lane {
    struct list link;                  /* in queue->turns while it has something to send */
    struct list items[URGENCY_LEVELS]; /* by arrival */
    size_t ready_count;                /* in those lists */
    bool has_turn;                     /* it got its tokens for this turn */
    unsigned deficit;                  /* tokens that it may still use in it */
    struct queue_flow *flow;
    uint32_t operation;      /* of all its items; a flow's first lane has items of many */
    struct queue_lane *next; /* of the flow */
};

struct queue_flow {
    struct queue_lane lane; /* the first; others are there as long as the flow is */
    size_t count;           /* waiting, with those behind another of their key */
    unsigned in_flight;     /* calls that were sent in its turns */
    uint64_t id;
    uint64_t visit;          /* the last in which its first item of a key was found */
    struct queue_flow *next; /* in its slot */
};

/* What waits, and what is in flight, for one entity or one read. */
struct queue_key {
    struct list items;       /* waiting, by arrival */
    void *in_flight;         /* the owner's latest call for it; NULL: none */
    struct list *next_to_go; /* between queue_pop() and queue_take_next(): its place in items */
    bool held;               /* nothing of it is sent before that call has ended */
    size_t users;            /* items, waiting or not, and calls that refer to it */
    uint64_t hash;
    struct queue_key *next; /* in its slot */
    size_t length;
    char text[];
};

struct queue {
    size_t max_count;
    size_t max_bytes;
    size_t count;
    size_t bytes;
    struct list turns; /* lanes; the first is the one whose turn it is */
    size_t free_ready; /* items with cost 0 that have a place in a lane */
    size_t apart;      /* items in the lane of an operation */
    uint64_t sequence;
    uint64_t pass;
    uint64_t visits; /* of keys whose items get their places */
    struct queue_flow *flows[QUEUE_FLOW_SLOTS];
    struct queue_key *keys[QUEUE_KEY_SLOTS];
};

/* QUEUE is memory of zeros. */
void queue_init(struct queue *queue, size_t max_count, size_t max_bytes);

/* Frees what it holds; nothing waits any more. */
void queue_free(struct queue *queue);

/* A new request begins to wait. KEY of KEY_LENGTH bytes is copied; NULL: it never goes together with another.
 * -ENOBUFS: the queue is full, -ENOMEM. */
int queue_push(struct queue *queue, struct queue_item *item, const char *key, size_t key_length);

/* One that was sent waits again, in the place that its first arrival gives it. It was admitted before, so the
 * bounds do not count. Its key is the one that it had. 0 or -ENOMEM. */
int queue_push_again(struct queue *queue, struct queue_item *item);

/* ITEM, which never waited, is answered by the call in flight for KEY and refers to it until queue_forget().
 */
void queue_refer(struct queue *queue, struct queue_item *item, struct queue_key *key);

/* The end of a request: it waits no more, and its key is let go. Harmless where it never waited. */
void queue_forget(struct queue *queue, struct queue_item *item);

/* The item that is to be sent, no longer waiting, its cost taken from BUDGET; NULL: nothing can be sent now.
 */
struct queue_item *queue_pop(struct queue *queue, struct budget *budget, int64_t now_ms);

/* The call for an item that queue_pop() gave has ended: its flow, ITEM->turn_of, has a place more. */
void queue_call_ended(struct queue *queue, uint64_t turn_of);

/* After queue_pop(): takes along the item that waits next for the same key, where it is of the same group and
 * keeps at most MAX_BYTES; else NULL. It costs nothing: it goes with the same call. */
struct queue_item *queue_take_next(struct queue *queue, const struct queue_item *item, size_t max_bytes);

/* Whether it had to wait: something else, or nothing, was sent since it was pushed. */
bool queue_was_passed_over(const struct queue *queue, const struct queue_item *item);

/* Nothing more is sent in this turn of the loop: what waits now has been passed over. */
void queue_end_pass(struct queue *queue);

/* When queue_pop() can succeed at the earliest; INT64_MAX: not before a call has ended or a request comes. */
int64_t queue_ready_ms(const struct queue *queue, const struct budget *budget, int64_t now_ms);

/* The key of that text, or NULL. */
struct queue_key *queue_find_key(const struct queue *queue, const char *text, size_t length);

/* CALL, made of what waited for KEY, is in flight. HOLD: nothing else of the key is sent before it has ended.
 */
void queue_key_use(struct queue *queue, struct queue_key *key, void *call, bool hold);

/* That call has ended, and does not refer to the key any more. */
void queue_key_release(struct queue *queue, struct queue_key *key, const void *call);

/* The next flow that has something waiting or in flight, in no order; NULL: begins, and ends. */
const struct queue_flow *queue_next_flow(const struct queue *queue, const struct queue_flow *flow);

#endif
