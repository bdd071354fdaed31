/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response to a client, as libmicrohttpd has it: its body and its headers.
 */
#ifndef TB_PROXY_EXCHANGE_RESPONSE_H
#define TB_PROXY_EXCHANGE_RESPONSE_H

#include "proxy/exchange/exchange.h"

struct response {
    struct MHD_Response *mhd; /* NULL: there was no memory, and the connection will be closed */
    const void *body;         /* if all of it is there; otherwise NULL */
    size_t length;
    /* Of an error of tbproxyd's own: its message, valid until respond() returns, and its type
     * (http/proxy_status.h); NULL: the server's answer, or no error. */
    const char *reason, *error;
};

/* LENGTH bytes of BODY; MODE says whether libmicrohttpd copies them, frees them, or neither. */
struct response response_from_buffer(void *body, size_t length, enum MHD_ResponseMemoryMode mode);

/* Adds a header. All response_add functions are harmless if response.mhd is NULL. */
void response_add(struct response response, const char *name, const char *value);

/* Proxy-Status (RFC 9209): "tbproxyd; PARAMETER=VALUE". */
void response_add_proxy_status(struct response response, const char *parameter, const char *value);

/* The same for an error of tbproxyd's own, of the type TYPE (http/proxy_status.h). */
void response_set_error(struct response *response, const char *type);

/* "Connection: close", if the connection ends after the response. respond() adds it, too, but the server's
 * Date must come after it: otherwise libmicrohttpd 0.9.75 forgets that Date, and adds its own. */
void response_add_close(struct response response, const struct exchange *exchange);

/* How long the request waited, and how long the server took, in ms; -1: it was not sent. One that waited in
 * vain has only the first. */
void response_read_timing(const struct exchange *exchange, int64_t *waited_ms, int64_t *upstream_ms);

/* Server-Timing (https://www.w3.org/TR/server-timing/) with these two. */
void response_add_timing(struct response response, const struct exchange *exchange);

#endif
