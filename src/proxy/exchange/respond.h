/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place where an exchange gets its response.
 */
#ifndef TB_PROXY_EXCHANGE_RESPOND_H
#define TB_PROXY_EXCHANGE_RESPOND_H

#include "proxy/exchange/response.h"

/* Responds. Calls the handler's leave(). Then RESPONSE, which it takes over, is queued; or written at once if
 * a body that streams has not arrived in full (early_response.h). A response that streams or is early already
 * is cut off instead, and RESPONSE is freed. */
void respond(struct exchange *exchange, int status, struct response response);

/* The same for a response whose body streams: the handler stays, because its callback gives the body. Only
 * the header is sent if the body of the request has not arrived. */
void respond_streaming(struct exchange *exchange, int status, struct response response);

#endif
