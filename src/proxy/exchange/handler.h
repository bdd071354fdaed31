/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A destination of requests: the server, a WebSocket to it, the daemon itself. An exchange knows its handler
 * only by this; listen/dispatch.c knows them all.
 */
#ifndef TB_PROXY_EXCHANGE_HANDLER_H
#define TB_PROXY_EXCHANGE_HANDLER_H

#include "proxy/exchange/peer.h"

struct exchange;

/* Each function but begin() may be NULL: nothing is to be done. */
struct handler {
    const char *name;

    /* The exchange is dispatched: responds, now or later. Its state is exchange->state, which it allocates.
     * The body is complete, unless exchange->inbound.streams. */
    void (*begin)(struct exchange *exchange);

    /* More of a body that streams is in the window, or that was all of it. */
    void (*body)(struct exchange *exchange);

    /* The response has begun, its connection is suspended, and the peer sends no more or is gone. NULL: it is
     * cut off, a little later if the peer may still read. */
    void (*peer_ended)(struct exchange *exchange, enum peer_end end);

    /* A response is about to begin, or one that has begun is cut off, or the exchange is retired: lets go of
     * what is shared with others, and responds no more. May be called several times. */
    void (*leave)(struct exchange *exchange);

    /* The daemon stops; called again when the time for that is over (services->stopping). NULL: it is waited
     * for, and gets 503 at the end. */
    void (*drain)(struct exchange *exchange);

    /* The exchange is retired: frees its state. */
    void (*free)(struct exchange *exchange);
};

#endif
