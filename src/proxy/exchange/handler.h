/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A destination of requests: the server, a WebSocket to it, or tbproxyd itself. An exchange knows its handler
 * only through this structure; listen/dispatch.c knows them all.
 */
#ifndef TB_PROXY_EXCHANGE_HANDLER_H
#define TB_PROXY_EXCHANGE_HANDLER_H

#include "proxy/exchange/peer.h"

struct exchange;

/* Each function except begin() may be NULL if there is nothing to do. */
struct handler {
    const char *name;

    /* The exchange has been dispatched. Responds, now or later. Allocates exchange->state if it needs a
     * state. The body is complete, unless exchange->inbound.streams. */
    void (*begin)(struct exchange *exchange);

    /* More of a body that streams has arrived in the window, or its end. */
    void (*body)(struct exchange *exchange);

    /* The response streams, its connection is suspended, and the peer sends no more or is gone. NULL: the
     * response is cut off, a little later if the peer may still read. */
    void (*peer_ended)(struct exchange *exchange, enum peer_end end);

    /* A response that does not stream is about to begin, or one that streams is cut off, or the exchange is
     * retired. Lets go of everything that is shared with other exchanges, and does not respond any more. May
     * be called several times. */
    void (*leave)(struct exchange *exchange);

    /* The daemon stops. Called again when the time to end is over (services->stopping). NULL: the exchange
     * may end by itself until then, and gets 503 if it has not. */
    void (*drain)(struct exchange *exchange);

    /* The exchange is retired. Frees its state. */
    void (*free)(struct exchange *exchange);
};

#endif
