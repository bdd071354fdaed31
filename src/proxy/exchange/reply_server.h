/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responses made of what came of a call to the server: its answer, with the headers of
 * http/header_filter.h, or the reason why there is none.
 */
#ifndef TB_PROXY_EXCHANGE_REPLY_SERVER_H
#define TB_PROXY_EXCHANGE_REPLY_SERVER_H

#include "proxy/exchange/exchange.h"

/* What came of REQUEST, which has ended. An answer's body is not copied: it must be there until the exchange
 * is retired. */
void reply_request(struct exchange *exchange, const struct request *request);

/* The server's answer in TRANSFER, with a copy of its body. */
void reply_transfer(struct exchange *exchange, const struct transfer *transfer);

/* The server's answer in TRANSFER, whose body goes on as it comes: READ gives its bytes, with ARG. */
void reply_transfer_streaming(struct exchange *exchange, const struct transfer *transfer,
                              MHD_ContentReaderCallback read, void *arg);

/* Why there is no answer: transfer.error. */
void reply_transfer_error(struct exchange *exchange, const struct transfer *transfer);

/* 503: the login, which it needs, took longer than it may wait. */
void reply_session_late(struct exchange *exchange, int64_t waited_ms);

/* 101: UPGRADED gets the connection, with ARG. HEADERS: the server's; ACCEPT: the answer to the program's
 * key.
 */
void reply_upgrade(struct exchange *exchange, const struct headers *headers, const char *accept,
                   MHD_UpgradeHandler upgraded, void *arg);

#endif
