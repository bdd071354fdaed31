/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log (log.audit): a line for each request that writes.
 */
#ifndef TB_PROXY_EXCHANGE_AUDIT_H
#define TB_PROXY_EXCHANGE_AUDIT_H

#include "proxy/exchange/exchange.h"

/* EXCHANGE gets its response, with STATUS. */
void audit_response(const struct exchange *exchange, int status);

#endif
