/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /-/metrics, for Prometheus and programs that read its formats.
 */
#ifndef TB_PROXY_STATUS_METRICS_REPLY_H
#define TB_PROXY_STATUS_METRICS_REPLY_H

#include "proxy/exchange/exchange.h"

/* OpenMetrics if the client prefers it (Accept), otherwise Prometheus' text. Only admin
 * listeners tell the names of users. */
void metrics_reply(struct exchange *exchange);

#endif
