/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response to a client, as libmicrohttpd has it, and the one place where an exchange gets it.
 */
#ifndef TB_PROXY_EXCHANGE_RESPONSE_H
#define TB_PROXY_EXCHANGE_RESPONSE_H

#include "proxy/exchange/exchange.h"

struct response {
    struct MHD_Response *mhd; /* NULL: there was no memory, and the connection will be closed */
    const void *body;         /* if all of it is there; otherwise NULL */
    size_t length;
};

/* LENGTH bytes of BODY; MODE says whether libmicrohttpd copies them, frees them, or neither. */
struct response response_from_buffer(void *body, size_t length, enum MHD_ResponseMemoryMode mode);

/* An error of tbproxyd's own, in the shape of ThingsBoard's. */
struct response response_from_error(int status, const char *message);

/* Adds a header. All response_add functions are harmless if response.mhd is NULL. */
void response_add(struct response response, const char *name, const char *value);

/* Proxy-Status (RFC 9209): "tbproxyd; PARAMETER=VALUE". */
void response_add_proxy_status(struct response response, const char *parameter, const char *value);

/* "Connection: close", if the connection ends after the response. respond() adds it, too, but the server's
 * Date must come after it: otherwise libmicrohttpd 0.9.75 forgets that Date, and adds its own. */
void response_add_close(struct response response, const struct exchange *exchange);

/* Server-Timing (https://www.w3.org/TR/server-timing/): how long the request waited, and how long the server
 * took. */
void response_add_timing(struct response response, const struct exchange *exchange);

/* Responds. Calls the handler's leave(). Then RESPONSE, which it takes over, is queued; or written at once if
 * a body that streams has not arrived in full (early_response.h). A response that streams or is early already
 * is cut off instead, and RESPONSE is freed. */
void respond(struct exchange *exchange, int status, struct response response);

/* The same for a response whose body streams: the handler stays, because its callback gives the body. Only
 * the header is sent if the body of the request has not arrived. */
void respond_streaming(struct exchange *exchange, int status, struct response response);

#endif
