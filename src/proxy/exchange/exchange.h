/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request of a client, from its first line until its response has been written or given up.
 *
 *     listen/receive.h    receives and checks it: head, inbound
 *     listen/dispatch.h   gives it to a handler (handler.h)
 *     reply.h             responds, once: outbound
 *     exchange_retire()   ends it, with or without a response
 *
 * While a handler needs time, the connection is suspended: libmicrohttpd does not serve it.
 */
#ifndef TB_PROXY_EXCHANGE_EXCHANGE_H
#define TB_PROXY_EXCHANGE_EXCHANGE_H

#include <microhttpd.h>

#include "base/list.h"
#include "base/timer.h"
#include "proxy/exchange/handler.h"
#include "proxy/exchange/head.h"
#include "proxy/exchange/inbound.h"
#include "proxy/exchange/outbound.h"
#include "proxy/exchange/peer.h"
#include "proxy/exchange/services.h"
#include "proxy/exchange/timing.h"

struct exchange {
    struct list link; /* in services->exchanges */
    struct services *services;
    struct peer *peer;
    struct MHD_Connection *connection;
    bool suspended;
    bool served; /* libmicrohttpd is receiving or answering it */
    struct head head;
    struct inbound inbound;
    struct outbound outbound;
    int64_t dispatched_ms;         /* boot clock */
    struct timing timing;          /* from then on */
    const struct handler *handler; /* NULL: not dispatched */
    void *state;                   /* the handler's own; NULL: none */
    struct timer hang_up_timer;    /* until it is given up: its peer sends no more, or does not read */
    bool hung_up;                  /* it was given up: nobody waits for the response */
};

/* A new exchange for a request whose first line has just arrived. Returns NULL if there is no memory. */
struct exchange *exchange_new(struct MHD_Connection *connection, const char *raw_target);

/* Refuses the request, unless it is refused already. REASON is static text. reply_held() responds later. */
void exchange_refuse(struct exchange *exchange, int status, const char *reason);

/* Stops serving the connection until exchange_resume(); a response resumes it, too. Suspend it only in a
 * callback of libmicrohttpd. Both functions are harmless if nothing changes. */
void exchange_suspend(struct exchange *exchange);
void exchange_resume(struct exchange *exchange);

/* The connection belongs to its handler from now on. */
void exchange_upgraded(struct exchange *exchange);

/* HANDLER has the exchange from now on, without a state: the handler before lets go of it. Calls no begin().
 */
void exchange_hand_over(struct exchange *exchange, const struct handler *handler);

/* Acts on the end of the peer, if it has ended. The exchange is suspended. */
void exchange_peer_changed(struct exchange *exchange);

/* Gives the exchange up, because its peer is gone or does not read. */
void exchange_hung_up(struct exchange *exchange);

/* Calls the handler's leave(). Harmless without a handler. */
void exchange_leave(struct exchange *exchange);

/* It has got its response, or its response that streams has ended: for the log, and those who watch. REASON:
 * why tbproxyd made an error of it; NULL: it did not. */
void exchange_note_end(const struct exchange *exchange, const char *reason);

/* Ends the exchange and frees everything. libmicrohttpd has completed the request, or never began it. */
void exchange_retire(struct exchange *exchange);

/* Whether the response has begun, or is held. */
static inline bool exchange_has_response(const struct exchange *exchange)
{
    return exchange->outbound.state != OUTBOUND_NONE;
}

/* Whether libmicrohttpd takes a response now: it does before the body or after it. */
static inline bool exchange_takes_response(const struct exchange *exchange)
{
    return !exchange->inbound.streams || exchange->inbound.state == INBOUND_COMPLETE;
}

/* BYTES of the body of a response that streams were passed on to the client. */
static inline void exchange_passed_on(struct exchange *exchange, size_t bytes)
{
    peer_moved(exchange->peer, bytes);
    exchange->outbound.bytes += (int64_t)bytes;
    metrics_count(exchange->services->metrics, METRICS_RESPONSE_BYTES, bytes);
}

#endif
