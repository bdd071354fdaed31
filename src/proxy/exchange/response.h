/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response to a local program, as libmicrohttpd has it, and the one place where an exchange gets it.
 */
#ifndef TB_PROXY_EXCHANGE_RESPONSE_H
#define TB_PROXY_EXCHANGE_RESPONSE_H

#include "proxy/exchange/exchange.h"

struct response {
    struct MHD_Response *mhd; /* NULL: there was no memory for it; its connection is then closed */
    const void *body;         /* if it is there in full; NULL: it is not */
    size_t length;
};

struct response response_from_buffer(void *body, size_t length, enum MHD_ResponseMemoryMode mode);

/* The same for an error of tbproxyd's own, in the shape of ThingsBoard's. */
struct response response_from_error(int status, const char *message);

/* Adds a header. Harmless without memory, as are the next. */
void response_add(struct response response, const char *name, const char *value);

/* "tbproxyd; PARAMETER=VALUE" (RFC 9209). */
void response_add_proxy_status(struct response response, const char *parameter, const char *value);

/* "Connection: close", if the connection ends after it. To be called before Date is added: libmicrohttpd
 * 0.9.75 else forgets that there is one, and adds its own. respond() does it, too. */
void response_add_close(struct response response, const struct exchange *exchange);

/* Server-Timing (https://www.w3.org/TR/server-timing/): how long the request waited, and how long the server
 * took. */
void response_add_timing(struct response response, const struct exchange *exchange);

/* Responds: the handler leaves, and then RESPONSE, which is taken over, is queued, or written at once if the
 * request's body has not arrived. A response that has begun already is cut off instead. */
void respond(struct exchange *exchange, int status, struct response response);

/* The same for a response whose body goes on as it comes: the handler stays. */
void respond_streaming(struct exchange *exchange, int status, struct response response);

#endif
