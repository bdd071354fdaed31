/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler that forwards to the server: what all forwarded requests share.
 *
 *     admission_begin()     the request joins a call in flight, or waits in the queue
 *     forward_run()         takes from the queue what the budget allows, and sends it
 *     upstream_call.h       a call to the server, for one request or several
 *     reply_*()             answers each with what came of it
 */
#ifndef TB_PROXY_FORWARD_FORWARD_H
#define TB_PROXY_FORWARD_FORWARD_H

#include "proxy/exchange/handler.h"
#include "proxy/exchange/services.h"
#include "proxy/forward/queue.h"
#include "proxy/route/urgency.h"

extern const struct handler forward_handler;

struct forward {
    struct services *services;
    struct queue queue;
    struct urgencies urgencies;
    struct timer queue_timer;  /* when the budget will take the next */
    struct list paused;        /* calls that hold their key for a moment after their end */
    uint64_t write_generation; /* counts writes that were sent, and those that ended */
    uint64_t merge_groups;     /* the last number of a part of a split merge */
};

/* FORWARD is memory of zeros; SERVICES get it. */
void forward_open(struct forward *forward, struct services *services);

/* Takes over what the configuration says, at the start and after a reload. */
void forward_configure(struct forward *forward);

/* When the queue may have moved on, or the budget takes a call of ITEM's operation again, in ms; 0 or less:
 * that is not known. */
int64_t forward_busy_ms(const struct forward *forward, const struct queue_item *item);

/* forward_run() is called again in DELAY_MS at the latest. */
void forward_wake_in(struct forward *forward, int64_t delay_ms);

/* Sends what may be sent now: to be called in each turn of the loop. */
void forward_run(struct forward *forward);

struct forward_queue_state {
    size_t requests, bytes; /* that wait */
    size_t max_requests, max_bytes;
    int64_t oldest_ms; /* age of the one that waits longest */
};

struct forward_queue_state forward_queue_state(const struct forward *forward);

/* The next flow that has something waiting, in no order; NULL: begins, and ends. */
const struct queue_flow *forward_next_waiting(const struct forward *forward, const struct queue_flow *flow);

/* No exchange may be left. */
void forward_close(struct forward *forward);

#endif
