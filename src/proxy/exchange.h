/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request of a local program on its way through: received, checked, parked until there is a credential,
 * sent, perhaps sent again, answered, retired. This structure owns everything of one request.
 *
 *     intake.c    receives and checks it            exchange_begin() ... exchange_complete()
 *     exchange.c  sends it and judges the answer    exchange_dispatch()
 *     reply.c     answers it                        reply_*()
 *     exchange.c  ends it, answered or not          exchange_retire()
 */
#ifndef TB_PROXY_EXCHANGE_H
#define TB_PROXY_EXCHANGE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timer.h"
#include "client/request.h"
#include "proxy/operation.h"
#include "proxy/route.h"
#include "proxy/target.h"

struct client;
struct daemon;
struct listener;

enum exchange_state {
    EXCHANGE_RECEIVING,  /* header and body are arriving */
    EXCHANGE_DISCARDING, /* refused; the rest of its body is read so that the client reads the answer */
    EXCHANGE_REQUESTING, /* the request to the server is under way, in one of its own states */
    EXCHANGE_ANSWERED,   /* the answer is on its way to the client */
};

struct exchange {
    struct list link; /* in daemon->exchanges */
    struct daemon *daemon;
    struct listener *listener;
    struct MHD_Connection *connection;
    struct client *client; /* NULL only without memory */
    enum exchange_state state;
    bool suspended; /* the connection is not served until the answer is there */

    char *raw_target;      /* as it came */
    uintptr_t raw_address; /* where it stood */
    struct target target;
    const char *method;
    struct route route;
    enum repeat repeat;
    struct headers headers; /* those that are forwarded */
    struct buf body;
    bool has_body;

    int refusal; /* status of the answer once the body is discarded; 0: none */
    const char *refusal_reason;
    bool close; /* the connection after the answer: what follows may not be a request */
    int64_t discarded;

    struct timer hang_up_timer; /* for a client that sends no more */
    struct request request;     /* to the server */
};

/* A new exchange for a request whose request line has just arrived; NULL without memory. */
struct exchange *exchange_new(struct listener *listener, struct MHD_Connection *connection,
                              const char *raw_target);

/* The header is complete: checks it, and answers where it is refused and nothing is left to be read. */
void exchange_begin(struct exchange *exchange, const char *method, const char *version);

/* A part of the body. False where the client sends without end: close the connection. */
bool exchange_receive(struct exchange *exchange, const char *data, size_t length);

/* The request has arrived in full: answers it where it was refused, else dispatches it. */
void exchange_complete(struct exchange *exchange);

/* Sends it, parks it or answers it; again whenever something that it waited for has happened. */
void exchange_dispatch(struct exchange *exchange);

/* For a suspended exchange: the client has hung up, or perhaps: the request is given up, at once or a little
 * later. */
void exchange_client_changed(struct exchange *exchange);

/* The one end: cancels what is under way and frees everything. */
void exchange_retire(struct exchange *exchange);

#endif
