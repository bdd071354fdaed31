/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the server as JSON, and the answer of /-/ready.
 */
#ifndef TB_PROXY_LOCAL_READY_H
#define TB_PROXY_LOCAL_READY_H

#include <jansson.h>

#include "proxy/exchange/exchange.h"

/* {"state", "since", "for_ms", "url", "edition", "version", "cause", "remedy", "next_try_ms",
 * "last_failure"}: a new reference, or NULL if there is no memory. */
json_t *ready_server(const struct services *services);

/* The time that AT_MS of the boot clock is from now, at least 0; null for INT64_MAX. A new reference. */
json_t *ready_time_left(const struct services *services, int64_t at_ms);

#define READY_REASON_BYTES (2 * TB_ERROR_MESSAGE_MAX + 2)

/* The cause and what to do about it in one text; "" if all is well. */
void ready_explain(const struct services *services, char ret[READY_REASON_BYTES]);

/* 200 if requests can be sent, otherwise 503; with ready_server() and what is older: "session", "upstream",
 * "reason". */
void reply_ready(struct exchange *exchange);

#endif
