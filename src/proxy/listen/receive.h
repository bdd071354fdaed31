/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receives a request. One that could be read in two ways, is too large or comes from a web page is refused;
 * the others are dispatched.
 */
#ifndef TB_PROXY_LISTEN_RECEIVE_H
#define TB_PROXY_LISTEN_RECEIVE_H

#include "proxy/exchange/exchange.h"

/* The header has arrived: checks it. */
void receive_header(struct exchange *exchange, const char *method, const char *version);

/* A part of the body has arrived. Sets *LENGTH to the number of bytes that were not taken and come again.
 * False: the client sends without end, close the connection. */
bool receive_body(struct exchange *exchange, const char *data, size_t *length);

/* All of the request has arrived. False: the response has been written already, close the connection. */
bool receive_end(struct exchange *exchange);

#endif
