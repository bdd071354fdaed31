/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request of a local program on its way through: received, checked, queued, sent, perhaps sent again,
 * answered, retired. This structure owns everything of one request; the call to the server, which it may
 * share with others, is a call.
 *
 *     receive.c      receives and checks it                     exchange_begin() ... exchange_complete()
 *     exchange.c    answers it here or has it forwarded        exchange_dispatch()
 *     admission.c   joins it to a call, or lets it wait        admission_begin()
 *     upstream_call.c  sends it, alone or with others             upstream_call_run()
 *     exchange.c    makes an answer of what came of it         exchange_answer()
 *     reply.c       answers it                                 reply_*()
 *     tunnel.c      or makes a WebSocket of it                 tunnel_begin()
 *     sse.c or a stream of updates                    sse_begin()
 *     exchange.c    ends it, answered or not                   exchange_retire()
 */
#ifndef TB_PROXY_EXCHANGE_EXCHANGE_H
#define TB_PROXY_EXCHANGE_EXCHANGE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timer.h"
#include "http/target.h"
#include "proxy/exchange/peer.h"
#include "proxy/forward/merge.h"
#include "proxy/forward/queue.h"
#include "proxy/route/operation.h"
#include "proxy/route/route.h"
#include "upstream/request.h"

struct services;
struct early_answer;
struct sse;
struct upstream_call;
struct tunnel;

/* A body that nobody wants is read to its end, up to this size, where the answer can only come after it; one
 * without end is cut off. */
#define DISCARD_MAX_BYTES (INT64_C(1) << 30)

enum exchange_state {
    EXCHANGE_RECEIVING,   /* header and body are arriving */
    EXCHANGE_DISCARDING,  /* refused; the rest of its body is read so that the client reads the answer */
    EXCHANGE_WAITING,     /* in the queue */
    EXCHANGE_BACKING_OFF, /* after a 429, before it waits in the queue again */
    EXCHANGE_SENT,        /* the call to the server is under way, in one of its own states */
    EXCHANGE_ANSWERED,    /* the answer is on its way to the client */
};

struct exchange {
    struct list link; /* in services->exchanges */
    struct services *services;
    struct MHD_Connection *connection;
    struct peer *peer;
    enum exchange_state state;
    bool suspended; /* the connection is not served until the answer is there */

    char *raw_target;      /* as it came */
    uintptr_t raw_address; /* where it stood */
    struct target target;
    const char *method;
    struct route route;
    const struct operation *operation; /* NULL: none that a document knows */
    enum tb_retry retry;
    struct headers headers; /* those that are forwarded */
    struct buf body;
    bool has_body;         /* of one byte or more, or of unknown length */
    int64_t length;        /* of the body; -1: not known */
    bool expects;          /* the client waits for 100 Continue, which is sent when its body is wanted */
    bool body_ended;       /* it has arrived, or there is none */
    bool keeps_connection; /* the client wants to use its connection again, and speaks HTTP/1.1 */

    /* A body that streams (body_stream.h). */
    bool streams_body;
    bool at_header; /* the client's connection waits between header and body */
    int64_t received;
    size_t body_sent;  /* of what is in body */
    size_t body_quota; /* taken for it instead of its length, once it was sent; 0: not yet */
    struct timer send_timer;
    bool body_refused; /* the server has answered with an error before it was all sent */
    bool body_let_go;  /* a part of it has been sent and is no longer there */

    bool streams_answer;     /* it has begun, and goes on as it comes */
    size_t answer_read;      /* of what is in the window */
    const void *answer_body; /* of the answer that was made last, if it is there in full; NULL: none */
    size_t answer_length;
    struct early_answer *early; /* is written before all of the client's body is there; NULL: none */

    int refusal; /* status of the answer once the body is discarded; 0: none, or it is early */
    const char *refusal_reason;
    bool close; /* the connection after the answer: what follows may not be a request */
    int64_t discarded;

    struct timer hang_up_timer; /* for a client that sends no more */
    bool hung_up;               /* given up, because nobody waits for the answer */

    int urgency;            /* that the client asks for (RFC 9218); -1: it does not */
    int64_t prefer_wait_ms; /* the same (RFC 7240); -1: it does not */
    int64_t arrived_ms;     /* in full; boot clock, as all times */
    struct queue_item item;
    struct timer wait_timer;
    int64_t waiting_since_ms;
    int64_t wait_left_ms; /* that it may still wait, from waiting_since_ms */
    int64_t wait_max_ms;
    bool is_read;
    bool stamped;          /* telemetry, every value of which has its time */
    enum merge_kind merge; /* how its body can go with others */
    unsigned retries;      /* after a 429 */

    struct upstream_call *call; /* the call for it, or that which holds its answer; NULL: none */
    struct list member;         /* in call->members */
    struct tunnel *tunnel;      /* of a WebSocket, for as long as it lasts; NULL: none */
    struct sse *sse;            /* of a subscriber; NULL: none */
};

/* A new exchange for a request whose request line has just arrived; NULL without memory. */
struct exchange *exchange_new(struct MHD_Connection *connection, const char *raw_target);

/* The header is complete: checks it, and answers where it is refused and nothing is left to be read. */
void exchange_begin(struct exchange *exchange, const char *method, const char *version);

/* A part of the body; *LENGTH: what is left of it, for later. False where the client sends without end: close
 * the connection. */
bool exchange_receive(struct exchange *exchange, const char *data, size_t *length);

/* The connection has waited between header and body, and the body is wanted, or nobody wants it any more.
 * False: close the connection. */
bool exchange_continue(struct exchange *exchange);

/* The request has arrived in full: answers it where it was refused, else dispatches it. False: it has been
 * answered, close the connection. */
bool exchange_complete(struct exchange *exchange);

/* The client's connection is not served until exchange_resume(), or the answer. Both are harmless where it is
 * so already. */
void exchange_suspend(struct exchange *exchange);
void exchange_resume(struct exchange *exchange);

/* Answers it or has it forwarded. */
void exchange_dispatch(struct exchange *exchange);

/* For a suspended exchange: the client has hung up, or perhaps: the request is given up, at once or a little
 * later. */
void exchange_peer_changed(struct exchange *exchange);

/* Answers it with what came of REQUEST, the call that was made for it. */
void exchange_answer(struct exchange *exchange, const struct request *request);

/* Gives it up: its client is gone, or sends no more and is not waited for any longer. */
void exchange_hung_up(struct exchange *exchange);

/* The one end: cancels what is under way and frees everything. */
void exchange_retire(struct exchange *exchange);

#endif
