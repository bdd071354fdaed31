/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call to the server for one forwarding, or for several at once: writes to the same entity that were
 * merged, identical reads that were joined.
 *
 *     request.waits()   there is no login: each member waits for it as long as it may itself
 *     request.ready()   there is one: the bodies of the members that are still there are merged and sent
 *     request.done()    each gets a response; or waits again after a 429; or a refused merge is split
 *
 * Read your own writes: a read joins a call in flight only if no write has been sent, and none has ended,
 * since that call was sent.
 */
#ifndef TB_PROXY_FORWARD_UPSTREAM_CALL_H
#define TB_PROXY_FORWARD_UPSTREAM_CALL_H

#include "proxy/forward/forwarding.h"
#include "upstream/request.h"

#define UPSTREAM_CALL_SHARED_MAX 1000 /* forwardings that get their response from one call */

struct upstream_call {
    struct services *services;
    struct request request;
    struct list members; /* forwardings that wait for its answer, in the order of their arrival */
    size_t member_count;
    size_t users;            /* forwardings that refer to it: members, and those whose response it holds */
    struct forwarding *lead; /* whose target, headers and, unless merged, body are sent; NULL: kept here */
    bool under_way;
    bool is_queued; /* it came through the queue and has its place in the budget */
    bool is_merged;
    bool is_read;
    bool streams; /* its answer has begun and goes on as it comes, to its one member */
    unsigned cost;
    uint32_t operation;     /* for the budget */
    uint64_t turn_of;       /* the flow in whose turn it was sent */
    uint64_t generation;    /* forward->write_generation when it was sent */
    struct queue_key *key;  /* under which it is in flight; NULL: none */
    struct timer pause;     /* until the key is let go, after its end */
    struct list paused;     /* in forward->paused */
    struct buf body;        /* merged */
    struct headers headers; /* of a lead that has gone */
    struct buf target;      /* the same */
};

/* Sends LEAD, which queue_pop() gave, and what goes along with it. */
void upstream_call_send(struct forwarding *lead);

/* FORWARDING gets its response from a call in flight, too. */
void upstream_call_join(struct upstream_call *call, struct forwarding *forwarding);

/* The server has begun to answer, with a body that streams. */
void upstream_call_answer_begun(struct upstream_call *call);

/* For telemetry without a time: waits until the server has told its own, and goes on with admission_begin().
 */
void upstream_call_wait_for_clock(struct forwarding *forwarding);

/* FORWARDING waits no longer for an answer: it gets another response, or its client has gone. Harmless in
 * every state. */
void upstream_call_leave(struct forwarding *forwarding);

/* FORWARDING needs the answer no more. Harmless without a call. */
void upstream_call_release(struct forwarding *forwarding);

/* Ends the pause of CALL, which is in forward->paused, at once. */
void upstream_call_end_pause(struct upstream_call *call);

/* ---- for retry.c and share.c ---- */

struct forwarding *upstream_call_first(const struct upstream_call *call);
void upstream_call_add(struct upstream_call *call, struct forwarding *forwarding);
void upstream_call_remove(struct forwarding *forwarding);

/* The member waits again, in the place of its arrival; at first outside the queue for BACK_OFF_MS. */
void upstream_call_requeue(struct forwarding *forwarding, int64_t back_off_ms);

/* The member gets its response. */
void upstream_call_answer(struct forwarding *forwarding);

/* ---- in retry.c ---- */

/* The answer was 429: its members wait and are sent again, or get it. */
void upstream_call_retry(struct upstream_call *call);

/* ---- in share.c ---- */

/* Takes along what waits for the same key as LEAD, as far as it may go and fits. */
void upstream_call_gather(struct upstream_call *call, struct forwarding *lead);

/* Makes one body of those of the members that are still there. Without memory for it, the first goes alone.
 */
void upstream_call_merge(struct upstream_call *call);
void upstream_call_free_body(struct upstream_call *call);

/* Whether one bad body may be why the server refused all; and sends both halves again, each by itself, until
 * the bad one is alone. */
bool upstream_call_may_be_split(const struct upstream_call *call);
void upstream_call_split(struct upstream_call *call);

#endif
