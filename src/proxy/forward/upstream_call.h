/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call to the server for one exchange, or for several at once: writes to the same entity that were merged,
 * identical reads that were joined.
 *
 *     admission_begin()   the exchange joins a call in flight, or waits in the queue
 *     upstream_call_run()    takes from the queue what the budget allows, and sends it
 *     request.waits()     there is no login: each waits for it as long as it may itself
 *     request.ready()     there is one: the bodies of those who are still there are merged and sent
 *     request.done()      all are answered; or after a 429 they wait again; or a refused merge is split
 *
 * Read your own writes: a read joins a call in flight only where no write has been sent, and none has ended,
 * since that call was sent.
 */
#ifndef TB_PROXY_FORWARD_UPSTREAM_CALL_H
#define TB_PROXY_FORWARD_UPSTREAM_CALL_H

#include "base/buf.h"
#include "base/list.h"
#include "proxy/forward/queue.h"
#include "upstream/request.h"

#define UPSTREAM_CALL_SHARED_MAX 1000 /* requests that are answered by one call that they waited for */

struct services;
struct exchange;

struct upstream_call {
    struct services *services;
    struct request request;
    struct list members; /* exchanges that wait for its answer, in the order of their arrival */
    size_t member_count;
    size_t users;          /* exchanges that refer to it: members, and those whose answer it holds */
    struct exchange *lead; /* whose target, headers and, unless merged, body are sent; NULL: kept here */
    bool under_way;
    bool is_queued; /* it came through the queue and has its place in the budget */
    bool is_merged;
    bool is_read;
    bool streams; /* its answer has begun and goes on as it comes, to its one member */
    unsigned cost;
    uint32_t operation;     /* for the budget */
    uint64_t turn_of;       /* the flow in whose turn it was sent */
    uint64_t generation;    /* services->forward->write_generation when it was sent */
    struct queue_key *key;  /* under which it is in flight; NULL: none */
    struct timer pause;     /* until the key is let go, after its end */
    struct list paused;     /* in services->forward->paused */
    struct buf body;        /* merged */
    struct headers headers; /* of a lead that has gone */
    struct buf target;      /* the same */
};

/* Sends LEAD, which queue_pop() gave, and what goes along with it. */
void upstream_call_send(struct exchange *lead);

/* The exchange is answered with what comes of a call in flight. */
void upstream_call_join(struct upstream_call *call, struct exchange *exchange);

/* The server has begun to answer, with a body that streams. */
void upstream_call_answer_begun(struct upstream_call *call);

/* For an exchange that is answered here, but only while there is a session: waits for that. It may be
 * answered before this returns. */
void upstream_call_begin_login(struct exchange *exchange);

/* For telemetry without a time: waits until the server has told its own, and goes on with admission_begin().
 */
void upstream_call_wait_for_clock(struct exchange *exchange);

/* The exchange waits no longer for an answer of the server: it is answered, or its client has gone. Harmless
 * in every state. */
void upstream_call_leave(struct exchange *exchange);

/* Ends the pause of CALL, which is in forward->paused, at once. */
void upstream_call_end_pause(struct upstream_call *call);

/* The exchange needs the answer no more. */
void upstream_call_release(struct exchange *exchange);

#endif
