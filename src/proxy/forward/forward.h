/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler that forwards requests to the server, and the state that all forwarded requests share.
 *
 *     admission_begin()     the request joins a call in flight, or waits in the queue
 *     forward_run()         takes from the queue what the budget allows, and sends it
 *     upstream_call.h       a call to the server, for one request or several
 *     reply_*()             respond to each with the result of its call
 */
#ifndef TB_PROXY_FORWARD_FORWARD_H
#define TB_PROXY_FORWARD_FORWARD_H

#include "proxy/exchange/handler.h"
#include "proxy/exchange/services.h"
#include "proxy/forward/forward_spool.h"
#include "proxy/forward/queue.h"
#include "proxy/forward/slow_start.h"
#include "proxy/route/urgency.h"

extern const struct handler forward_handler;

struct forward {
    struct services *services;
    struct forward_spool *spool; /* NULL: there is none */
    struct queue queue;
    struct slow_start slow_start; /* while the server is away the queue sends nothing, then slowly */
    struct urgencies urgencies;
    const char *held_by;       /* why requests waited in the queue at the end of the last turn; static text */
    struct timer queue_timer;  /* when the budget may take the next request */
    struct timer away_timer;   /* when the spool takes what has waited for a server that is away */
    struct list paused;        /* calls that hold their key for a moment after they ended */
    int64_t answered_ms;       /* for the spool: the last answer of a server that is there; boot clock */
    uint64_t write_generation; /* counts each write twice: when it is sent and when it ends */
    size_t merged_bytes;       /* in this turn of the loop */
    uint64_t merge_groups;     /* the last number given to a part of a split merge */
    unsigned live_tokens;      /* that requests of the queue took since the spool last had a turn */
    bool yields;               /* it is the spool's turn, and the tokens are not there yet */
};

/* FORWARD must be zeroed. Sets services->forward. */
void forward_open(struct forward *forward, struct services *services);

/* Applies the configuration, at the start and after a reload. */
void forward_configure(struct forward *forward);

/* A server was ejected, or can be used again. */
void forward_health_changed(struct forward *forward);

/* Milliseconds until the queue may have moved on and the budget takes a call of ITEM's operation again; 0 or
 * less: not known. */
int64_t forward_busy_ms(const struct forward *forward, const struct queue_item *item);

/* Makes the loop call forward_run() in DELAY_MS at the latest. */
void forward_wake_in(struct forward *forward, int64_t delay_ms);

/* Bodies that are merged in one turn of the loop; the call that passes it goes as well. */
#define FORWARD_MERGE_BYTES (256 * 1024)

/* The spool sends if no request can go, and after so many tokens of requests. */
#define FORWARD_LIVE_TOKENS 9

/* A reason to wait, for Server-Timing and the log. */
#define FORWARD_SERVER_AWAY "server away"

/* Whether the spool takes FORWARDING, which would get an error otherwise (forward_spool.h). */
bool forward_spool_takes(struct forwarding *forwarding);

/* Sends what may be sent now. Called in each turn of the loop. */
void forward_run(struct forward *forward);

/* The same within a turn, so that the queue has room. */
void forward_make_room(struct forward *forward);

struct forward_queue_state {
    size_t requests, bytes; /* waiting */
    size_t max_requests, max_bytes;
};

struct forward_queue_state forward_queue_state(const struct forward *forward);

/* Age of the request that has waited longest, in ms; 0: none waits. Looks at all exchanges. */
int64_t forward_oldest_ms(const struct forward *forward);

/* Whether the request waits in the queue. */
bool forward_waits(const struct exchange *exchange);

struct forward_principal_state {
    size_t waiting;
    unsigned in_flight;
};

/* What PRINCIPAL has in the queue and at the server. */
struct forward_principal_state forward_principal_state(const struct forward *forward,
                                                       const struct principal *principal);

/* Call it when no exchange is left. */
void forward_close(struct forward *forward);

#endif
