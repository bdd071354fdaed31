/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request of a local program, from its first line until its response is written or given up.
 *
 *     listen/receive.h    receives and checks it: head, inbound
 *     listen/dispatch.h   gives it to a handler (handler.h)
 *     reply.h             responds, once: outbound
 *     exchange_retire()   ends it, answered or not
 *
 * A handler that needs time has its connection suspended, which libmicrohttpd does not serve meanwhile.
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

struct exchange {
    struct list link; /* in services->exchanges */
    struct services *services;
    struct peer *peer;
    struct MHD_Connection *connection;
    bool suspended;
    struct head head;
    struct inbound inbound;
    struct outbound outbound;
    int64_t dispatched_ms;         /* boot clock */
    const struct handler *handler; /* NULL: not dispatched */
    void *state;                   /* the handler's own */
    struct timer hang_up_timer;    /* until it is given up because the peer sends no more, or does not read */
    bool hung_up;                  /* given up: nobody waits for the response */
};

/* A new exchange for a request whose first line has just arrived. NULL if there is no memory. */
struct exchange *exchange_new(struct MHD_Connection *connection, const char *raw_target);

/* The request is refused, unless it is already; REASON is static text. reply_held() responds. */
void exchange_refuse(struct exchange *exchange, int status, const char *reason);

/* The connection is not served until exchange_resume() or the response. Both are harmless if it is so
 * already. */
void exchange_suspend(struct exchange *exchange);
void exchange_resume(struct exchange *exchange);

/* For a suspended exchange: its peer has ended, or may have. */
void exchange_peer_changed(struct exchange *exchange);

/* Gives it up: its peer is gone, or sends no more and is not waited for any longer. */
void exchange_hung_up(struct exchange *exchange);

/* Calls its handler's leave(). Harmless without a handler. */
void exchange_leave(struct exchange *exchange);

/* The one end: frees everything. */
void exchange_retire(struct exchange *exchange);

/* Whether a response has begun, or is decided. */
static inline bool exchange_has_response(const struct exchange *exchange)
{
    return exchange->outbound.state != OUTBOUND_NONE;
}

#endif
