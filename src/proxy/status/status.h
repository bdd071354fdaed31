/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages about tbproxyd itself: /-/status for people and tbproxyctl, /-/metrics for Prometheus.
 */
#ifndef TB_PROXY_STATUS_STATUS_H
#define TB_PROXY_STATUS_STATUS_H

#include "proxy/exchange/handler.h"

/* The handler of both. /-/status is JSON:
 * {"limits": {"source": "configured" | "auto" | "none", "limit": TEXT, "buckets": [{"capacity", "seconds",
 * "tokens"}, ...], "learn": BOOLEAN, "pace": tokens a second or null, "closed_for_ms",
 * "operations": [{"operation": its id, "closed_for_ms", "pace"}, ...], "in_flight", "max_in_flight"},
 * "queue": {"requests", "bytes", "max_requests", "max_bytes", "oldest_ms", "max_wait_ms", "merge": "pressure"
 * | ..., "clients": [{"client": "uid:1000" | "tcp:7", "requests"}, ...]},
 * "servers": [{"url", "in_use", "healthy", "ejected_for_ms"}, ...]} */
extern const struct handler status_handler;

#endif
