/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response that comes before the client has sent all of its body. libmicrohttpd takes a response before the
 * first byte of the body or after the last, so this one is written past it, and the connection is closed
 * after it. What still comes of the body is read and thrown away until the client closes: a connection that
 * is closed with something unread is reset, and the client might not see the response.
 */
#ifndef TB_PROXY_EXCHANGE_EARLY_RESPONSE_H
#define TB_PROXY_EXCHANGE_EARLY_RESPONSE_H

#include "base/buf.h"
#include "proxy/exchange/response.h"

struct early_response {
    struct MHD_Response *response; /* keeps the body */
    struct buf head;
    const char *body;
    size_t length;
    size_t written; /* of both */
    bool is_over;
};

/* Begins to write RESPONSE, which is taken over. */
void early_response_begin(struct exchange *exchange, int status, struct response response);

/* Goes on; harmless for an exchange that has none. */
void early_response_write(struct exchange *exchange);

/* All of the body has arrived: whether the connection can be closed, or waits for the rest of the answer. */
bool early_response_body_ended(struct exchange *exchange);

/* Gives up what is not written yet. */
void early_response_abandon(struct exchange *exchange);

void early_response_free(struct exchange *exchange);

#endif
