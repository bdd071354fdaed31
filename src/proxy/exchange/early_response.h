/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response that comes before the client has sent all of its body. libmicrohttpd takes a response only
 * before the first byte of the body or after the last, so this one is written to the socket directly, and
 * ends the connection. The rest of the body is read and discarded until the client closes: closing a
 * connection with unread bytes resets it, and the client might not see the response.
 */
#ifndef TB_PROXY_EXCHANGE_EARLY_RESPONSE_H
#define TB_PROXY_EXCHANGE_EARLY_RESPONSE_H

#include "base/buf.h"
#include "proxy/exchange/response.h"

struct early_response {
    struct MHD_Response *response; /* owns the body */
    struct buf head;
    const char *body;
    size_t length;
    size_t written; /* bytes of head and body */
    bool is_over;   /* written, or given up */
};

/* Begins to write RESPONSE, which it takes over. */
void early_response_begin(struct exchange *exchange, int status, struct response response);

/* Writes as much as the socket takes. Harmless if the exchange has no early response. */
void early_response_write(struct exchange *exchange);

/* All of the body has arrived. Returns whether the connection can be closed; if not, it is suspended until
 * the response has been written, or the client has not read for listen.idle_timeout_s. */
bool early_response_body_ended(struct exchange *exchange);

/* Gives up what has not been written. */
void early_response_abandon(struct exchange *exchange);

void early_response_free(struct exchange *exchange);

#endif
