/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The response on its way out.
 */
#ifndef TB_PROXY_EXCHANGE_OUTBOUND_H
#define TB_PROXY_EXCHANGE_OUTBOUND_H

#include <stdbool.h>
#include <stdint.h>

enum outbound_state {
    OUTBOUND_NONE,      /* no response yet */
    OUTBOUND_HELD,      /* the request is refused; the response comes when its body has been discarded */
    OUTBOUND_EARLY,     /* it is written before all of the body has arrived (early_response.h) */
    OUTBOUND_QUEUED,    /* libmicrohttpd has it, or could not take it and closes the connection */
    OUTBOUND_STREAMING, /* libmicrohttpd has it, and reads its body as it comes */
};

struct early_response;

struct outbound {
    enum outbound_state state;
    int status;                   /* 0: none yet; of the response to come while it is held */
    int64_t bytes;                /* of its body so far; those of a WebSocket are not counted */
    const char *reason;           /* OUTBOUND_HELD; static text */
    struct early_response *early; /* OUTBOUND_EARLY; otherwise NULL */
    bool close;                   /* the connection after the response: what follows may not be a request */
    bool lost;                    /* libmicrohttpd could not take it */
    bool wait_applied;            /* the request waited at most as long as the client asked for (RFC 7240) */
    bool async_applied;           /* the same: respond-async */
    const char *wait_reason;      /* why it waited; static text; NULL: it did not, or nobody knows */
};

#endif
