/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages about tbproxyd itself: /-/status for people and tbproxyctl, /-/metrics for Prometheus.
 */
#ifndef TB_PROXY_STATUS_STATUS_H
#define TB_PROXY_STATUS_STATUS_H

struct exchange;

/* The limits and the queue as JSON:
 * {"limits": {"source": "configured" | "auto" | "none", "limit": TEXT, "buckets": [{"capacity", "seconds",
 * "tokens"}, ...], "learn": BOOLEAN, "pace": tokens a second or null, "closed_for_ms",
 * "operations": [{"operation": its id, "closed_for_ms", "pace"}, ...], "in_flight", "max_in_flight"},
 * "queue": {"requests", "bytes", "max_requests", "max_bytes", "oldest_ms", "max_wait_ms", "merge": "pressure"
 * | ..., "clients": [{"client": "uid:1000" | "tcp:7", "requests"}, ...]}} */
void status_answer(struct exchange *exchange);

void status_answer_metrics(struct exchange *exchange);

#endif
