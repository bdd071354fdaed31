/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request arrives and is checked: what could be read in two ways, or is too large, or comes from a web
 * page, is refused. What is left is dispatched.
 */
#ifndef TB_PROXY_LISTEN_RECEIVE_H
#define TB_PROXY_LISTEN_RECEIVE_H

#include "proxy/exchange/exchange.h"

/* The header is complete: checks it. */
void receive_header(struct exchange *exchange, const char *method, const char *version);

/* A part of the body; *LENGTH: what is left of it, for later. False: the client sends without end, close the
 * connection. */
bool receive_body(struct exchange *exchange, const char *data, size_t *length);

/* The request has arrived in full. False: there has been a response, close the connection. */
bool receive_end(struct exchange *exchange);

#endif
