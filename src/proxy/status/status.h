/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages about tbproxyd itself: /-/status for people and tbproxyctl, /-/metrics for Prometheus.
 */
#ifndef TB_PROXY_STATUS_STATUS_H
#define TB_PROXY_STATUS_STATUS_H

#include "proxy/exchange/handler.h"
#include "proxy/exchange/services.h"

/* The handler of both. /-/status is JSON:
 * {"version", "pid", "started": ISO 8601, "uptime_ms", "draining", "log_level",
 * "limits": {"source": "configured" | "auto" | "none", "limit": TEXT, "buckets": [{"capacity", "seconds",
 * "tokens"}, ...], "learn": BOOLEAN, "pace": tokens a second or null, "closed_for_ms",
 * "operations": [{"operation": its id, "closed_for_ms", "pace"}, ...], "in_flight", "max_in_flight"},
 * "queue": {"requests", "bytes", "max_requests", "max_bytes", "oldest_ms", "max_wait_ms", "merge": "pressure"
 * | ..., "clients": [{"client": "uid:1000" | "unknown", "requests", "in_flight", "connections", "streams",
 * "body_bytes", "waiting_ports", "bounds": [{"bound": "policies.x.max_requests", "used", "max"}, ...]},
 * ...]}, "servers": [{"url", "in_use", "healthy", "ejected_for_ms"}, ...], "failures": [{"at": ISO 8601,
 * "operation", "client", "status", "reason", "count"}, ...]} */
extern const struct handler status_handler;

/* The text of /-/status, which the caller frees; NULL if there is no memory. Of clients and failures it has
 * those of ONLY; NULL: of all. */
char *status_report(const struct services *services, const struct principal *only);

#endif
