/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line that the log has for a request: "audit", of one that writes (log.audit), "access" (log.access), or
 * else, at the level debug, "request".
 */
#ifndef TB_PROXY_EXCHANGE_REQUEST_LOG_H
#define TB_PROXY_EXCHANGE_REQUEST_LOG_H

#include "proxy/exchange/exchange.h"

/* EXCHANGE has got its response, or the response that streams has ended. REASON: why tbproxyd made an error
 * of it; NULL: it did not. */
void request_log(const struct exchange *exchange, const char *reason);

#endif
