/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange that is forwarded: the state that the forward handler has of it. The call to the server, which
 * it may share with others, is an upstream_call.
 */
#ifndef TB_PROXY_FORWARD_FORWARDING_H
#define TB_PROXY_FORWARD_FORWARDING_H

#include "proxy/exchange/exchange.h"
#include "proxy/forward/merge.h"
#include "proxy/forward/queue.h"

enum forwarding_state {
    FORWARDING_NEW,
    FORWARDING_WAITING,     /* in the queue */
    FORWARDING_BACKING_OFF, /* after a 429, before it waits in the queue again */
    FORWARDING_SENT,        /* its call is under way, in one of the request's own states */
    FORWARDING_ENDED,       /* there is a response, or nobody waits for one */
};

struct forwarding {
    struct exchange *exchange;
    enum forwarding_state state;
    bool is_read;
    bool stamped;          /* telemetry, every value of which has its time */
    enum merge_kind merge; /* how its body can go with others */
    unsigned retries;      /* after a 429 */

    struct queue_item item;
    struct timer wait_timer;
    int64_t waiting_since_ms; /* boot clock */
    int64_t wait_left_ms;     /* that it may still wait, from waiting_since_ms */
    int64_t wait_max_ms;

    struct upstream_call *call; /* for it, or that which holds its answer; NULL: none */
    struct list member;         /* in call->members */

    /* A body that streams to the server (body_stream.h). */
    struct timer send_timer;
    size_t body_sent;  /* of what is in the window */
    bool body_refused; /* the server has answered with an error before it was all sent */
    bool body_let_go;  /* a part of it has been sent and is no longer there */

    size_t answer_read; /* of an answer that streams, what the client has of the window */
};

static inline struct forwarding *forwarding_of(const struct exchange *exchange)
{
    return exchange->state;
}

/* The body that is sent with it; NULL: it has none, or that streams. */
static inline struct buf *forwarding_body(const struct forwarding *forwarding)
{
    struct inbound *inbound = &forwarding->exchange->inbound;

    return inbound->length != 0 && !inbound->streams ? &inbound->body : NULL;
}

#endif
