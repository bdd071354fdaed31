/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responses made from the result of a call to the server: its answer, with the headers that
 * http/header_filter.h passes on, or an error that says why there is no answer.
 */
#ifndef TB_PROXY_EXCHANGE_REPLY_SERVER_H
#define TB_PROXY_EXCHANGE_REPLY_SERVER_H

#include "proxy/exchange/exchange.h"

/* The result of REQUEST, which has ended. The body of its answer is not copied: it must exist until the
 * exchange is retired. */
void reply_request(struct exchange *exchange, const struct request *request);

/* The server's answer in TRANSFER, with a copy of its body. */
void reply_transfer(struct exchange *exchange, const struct transfer *transfer);

/* The server's answer in TRANSFER, whose body streams: READ, called with ARG, gives its bytes. The body of
 * the request has arrived. */
void reply_transfer_streaming(struct exchange *exchange, const struct transfer *transfer,
                              MHD_ContentReaderCallback read, void *arg);

/* transfer->error: why there is no answer. */
void reply_transfer_error(struct exchange *exchange, const struct transfer *transfer);

/* 503 with Retry-After: the server is known to be away, and the request does not wait for it. */
void reply_server_away(struct exchange *exchange);

/* The server was away for WAITED_MS, as long as the request may wait for it, or until tbproxyd stops: 503
 * with Retry-After, or 502 if it MAY_HAVE_RUN. */
void reply_held_too_long(struct exchange *exchange, int64_t waited_ms, bool may_have_run);

/* 503: there was no login within WAITED_MS, the longest that the request may wait. */
void reply_session_late(struct exchange *exchange, int64_t waited_ms);

/* 101. UPGRADED is called with ARG and gets the connection. HEADERS: of the server's answer. ACCEPT: the
 * Sec-WebSocket-Accept for the client's key. */
void reply_upgrade(struct exchange *exchange, const struct headers *headers, const char *accept,
                   MHD_UpgradeHandler upgraded, void *arg);

#endif
