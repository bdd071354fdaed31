/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call to the server for one forwarding, or for several: writes to the same entity that were merged,
 * identical reads that were joined. Those are its members.
 *
 *     request.waits()   there is no login: each member waits for it as long as it may itself
 *     request.ready()   there is one: the bodies of the members that are still there are merged and sent
 *     request.done()    each member gets a response, or waits again after a 429 or for a server that is away,
 *                       or a refused merge is split
 *
 * Clients read their own writes: a read joins a call in flight only if no write was sent, and none has ended,
 * since that call was sent.
 */
#ifndef TB_PROXY_FORWARD_UPSTREAM_CALL_H
#define TB_PROXY_FORWARD_UPSTREAM_CALL_H

#include "proxy/forward/forwarding.h"
#include "upstream/request.h"

#define UPSTREAM_CALL_SHARED_MAX 1000 /* most members of a call */

struct upstream_call {
    struct services *services;
    struct request request;
    struct principal *principal; /* of the lead; its share has the bodies */
    struct list members;         /* forwardings that wait for the answer, in the order of their arrival */
    size_t member_count;
    size_t users; /* references: from members, and from forwardings whose response needs its memory */
    struct forwarding *lead; /* its target, headers and, unless merged, body are sent; NULL: it has gone */
    bool under_way;
    bool is_queued; /* it came through the queue, and the budget counts it */
    bool is_merged;
    bool is_read;
    bool streams; /* the response to its only member has begun, and streams */
    unsigned cost;
    uint32_t operation;           /* for the budget */
    uint64_t turn_of;             /* the principal in whose turn it was sent */
    struct allowance *sent_under; /* queue_item.sent_under */
    uint64_t generation;          /* forward->write_generation when it was sent */
    uint64_t start;               /* from slow_start_sent(); 0: given back */
    int64_t sent_us;              /* when it was last sent, boot clock; 0: the server does not have it */
    struct queue_key *key;        /* the key that it is in flight for; NULL: none */
    struct timer pause;           /* after its end, until the key is released */
    struct list paused;           /* in forward->paused */
    struct buf body;              /* merged */
    struct headers headers;       /* of a lead that has gone */
    struct buf target;            /* of a lead that has gone */
};

/* FORWARDING no longer waits for an answer: it gets another response, or its client has gone. Harmless in
 * every state. */
void upstream_call_leave(struct forwarding *forwarding);

/* FORWARDING no longer needs the answer. Harmless if it has no call. */
void upstream_call_release(struct forwarding *forwarding);

/* Whether the server may have executed what was sent for FORWARDING, or may do so now. */
bool upstream_call_may_have_run(const struct forwarding *forwarding);

/* ---- for the files below ---- */

struct forwarding *upstream_call_first(const struct upstream_call *call);
void upstream_call_add(struct upstream_call *call, struct forwarding *forwarding);
void upstream_call_remove(struct forwarding *forwarding);

/* Gives back a reference that was taken with call->users++. */
void upstream_call_unref(struct upstream_call *call);

/* ---- in call_send.c ---- */

/* Sends LEAD, which came from queue_pop(), together with what can share its call. */
void upstream_call_send(struct forwarding *lead);

/* FORWARDING becomes a member of CALL, which is in flight. */
void upstream_call_join(struct upstream_call *call, struct forwarding *forwarding);

/* For telemetry without timestamps: waits until the server's time is known, then calls admission_begin(). */
void upstream_call_wait_for_clock(struct forwarding *forwarding);

/* ---- in call_outcome.c ---- */

/* The callback of request.done. */
void upstream_call_done(struct request *request);

/* The answer has begun, and its body streams from here on. */
void upstream_call_answer_begun(struct upstream_call *call);

/* The member leaves the call and waits again, as admission_again() says. */
void upstream_call_requeue(struct forwarding *forwarding, int64_t back_off_ms);

/* The member gets its response. */
void upstream_call_respond(struct forwarding *forwarding);

/* The call has ended, with any outcome. Harmless if it has ended already. */
void upstream_call_end(struct upstream_call *call, enum budget_result result);

/* The server has it no longer, or its answer has begun. */
void upstream_call_end_timing(struct upstream_call *call);

/* A call that came from the queue, or could not be made, is no longer at the server. */
void upstream_call_give_place_back(struct services *services, uint64_t turn_of, struct allowance *sent_under);

/* Ends the pause of CALL, which is in forward->paused. */
void upstream_call_end_pause(struct upstream_call *call);

/* What the server counted for a call that has ended; and what the budget learns from its answer. For calls of
 * the spool, too. */
enum budget_result upstream_call_result(const struct request *request);
void upstream_call_note_acceptance(struct services *services, const struct transfer *transfer,
                                   uint32_t operation, unsigned cost);

/* ---- in retry.c ---- */

/* The answer is 429, after RETRIES in a row: the budget closes the operation, or all. Returns how long what
 * was sent must wait; -1: longer than any request may. For calls of the spool, too. */
int64_t upstream_call_note_refusal(struct services *services, const struct transfer *transfer,
                                   uint32_t operation, unsigned cost, unsigned retries);

/* The answer is 429: each member waits and is sent again, or gets the 429. */
void upstream_call_retry(struct upstream_call *call);

/* ---- in hold.c ---- */

/* The server is away, and the request may be sent again (resend.h): each member waits for the server and is
 * sent again, or gets its response. */
void upstream_call_hold(struct upstream_call *call);

/* ---- in merge.c ---- */

/* Adds requests that wait for the same key as LEAD, as many as may share the call and fit. */
void upstream_call_gather(struct upstream_call *call, struct forwarding *lead);

/* Merges the bodies of the members that are still there. If there is no memory, the first goes alone. */
void upstream_call_merge(struct upstream_call *call);
void upstream_call_free_body(struct upstream_call *call);

/* Whether the server may have refused the merged call because of one bad body; and sends its halves again
 * separately, until the bad body is alone. */
bool upstream_call_may_be_split(const struct upstream_call *call);
void upstream_call_split(struct upstream_call *call);

#endif
