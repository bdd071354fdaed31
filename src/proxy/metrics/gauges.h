/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Current values, and the counters that other rooms keep, for a page of metrics.
 */
#ifndef TB_PROXY_METRICS_GAUGES_H
#define TB_PROXY_METRICS_GAUGES_H

#include "proxy/metrics/process.h"
#include "upstream/rate_limit.h"
#include "upstream/server_state.h"
#include "upstream/upstream.h"

struct metrics_server {
    const char *url;
    bool is_healthy;
    struct transport_state connections;
};

struct metrics_bucket {
    struct rate_limit_pair limit;
    double tokens; /* left */
};

struct metrics_spool {
    bool is_on;   /* or nothing of it is printed */
    bool is_open; /* its file is */
    uint64_t waiting, waiting_bytes, aside, aside_bytes, max_rows, max_bytes;
    int64_t oldest_ms; /* age of the row that waits longest */
    uint64_t disk_bytes, commits;
};

struct metrics_gauges {
    uint64_t queue_requests, queue_bytes, queue_max_requests, queue_max_bytes;
    int64_t queue_oldest_ms;
    uint64_t in_flight, max_in_flight;
    uint64_t local_connections, websockets, subscribers, subscriptions;
    enum server_condition condition;
    bool session_ready;
    uint64_t session_calls[SESSION_CALL_KINDS][SESSION_OUTCOMES];
    double pace; /* learned, in tokens a second; 0: none, not printed */
    int64_t closed_ms;
    size_t bucket_count, server_count;
    struct metrics_bucket buckets[RATE_LIMIT_PAIRS_MAX];
    struct metrics_server servers[FAILOVER_SERVERS_MAX];
    struct metrics_spool spool;
    struct process process;
};

#endif
