/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of the server's answer, as a local program gets them.
 */
#ifndef TB_PROXY_EXCHANGE_REPLY_HEADERS_H
#define TB_PROXY_EXCHANGE_REPLY_HEADERS_H

#include "proxy/exchange/response.h"

/*
 * Adds to RESPONSE the headers of TRANSFER's answer that http/header_filter.h passes on. A Location on the
 * server becomes one on the listener. A header that repeats the credential that TRANSFER was sent with is
 * left out. A document that a browser might run, other than the server's API browser, is sandboxed.
 */
void reply_headers_copy(struct response response, const struct exchange *exchange,
                        const struct transfer *transfer);

#endif
