/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forward handler's state of one exchange. The call to the server, which several exchanges may share, is
 * an upstream_call.
 */
#ifndef TB_PROXY_FORWARD_FORWARDING_H
#define TB_PROXY_FORWARD_FORWARDING_H

#include "proxy/exchange/exchange.h"
#include "proxy/forward/merge_body.h"
#include "proxy/forward/queue.h"

enum forwarding_state {
    FORWARDING_NEW,
    FORWARDING_WAITING,     /* in the queue */
    FORWARDING_BACKING_OFF, /* after a 429, before it waits in the queue again */
    FORWARDING_SENT,        /* its call is under way; call->request.state says how far */
    FORWARDING_ENDED,       /* it has a response, or nobody waits for one */
};

struct forwarding {
    struct exchange *exchange;
    enum forwarding_state state;
    bool is_read;
    bool stamped;          /* telemetry, and every value has its timestamp */
    enum merge_kind merge; /* how its body can be merged with others */
    unsigned retries;      /* after a 429 */
    unsigned doubts;       /* how often it is sent again after a failure although a server seems healthy */
    int64_t server_ms;     /* that failed sendings took */
    bool may_have_run;     /* it was sent, and the server may have executed it */

    struct queue_item item;
    struct timer wait_timer;
    int64_t waiting_since_ms; /* boot clock */
    int64_t wait_left_ms;     /* how long it may still wait, from waiting_since_ms */
    int64_t wait_max_ms;
    int64_t hold_max_ms;   /* how long it may wait for a server that is away */
    int64_t held_since_ms; /* when it first failed because of that; 0: it has not */

    void *spool_state;     /* the spool's own (forward_spool.h); NULL: none */
    bool may_be_spooled;   /* the spool takes it instead of an error that is the server's absence */
    const char *order_key; /* the spool's: one request with this key is at the server at a time; NULL: none */

    struct upstream_call *call; /* the call under way for it, or the one that holds its answer; NULL: none */
    struct list member;         /* in call->members */

    /* A request body that streams (body_stream.h). */
    struct timer send_timer;
    size_t body_sent; /* bytes of the window */
    bool body_let_go; /* a part was sent and is no longer in memory, so it cannot be sent again */

    size_t answer_read; /* of an answer body that streams: bytes of the window that the client has read */
};

static inline struct forwarding *forwarding_of(const struct exchange *exchange)
{
    return exchange->state;
}

/* The request body; NULL if there is none, or it streams. */
static inline struct buf *forwarding_body(const struct forwarding *forwarding)
{
    struct inbound *inbound = &forwarding->exchange->inbound;

    return inbound->length != 0 && !inbound->streams ? &inbound->body : NULL;
}

#endif
