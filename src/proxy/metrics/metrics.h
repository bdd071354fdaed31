/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and histograms since the start, by operation and client, printed in the text format of Prometheus
 * (version 0.0.4). Gauges are passed in when they are printed. Not thread-safe.
 *
 * A client is the user who asks ("uid:1000"), or "unknown". The number of series is bounded: after
 * METRICS_SERIES_MAX pairs of operation id and client, further pairs are counted as operation "other", client
 * "other"; after METRICS_STATUSES_MAX statuses of a series, further ones are counted as code "other".
 */
#ifndef TB_PROXY_METRICS_METRICS_H
#define TB_PROXY_METRICS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "proxy/route/operation.h"

#define METRICS_SERIES_MAX     2048
#define METRICS_STATUSES_MAX   8
#define METRICS_PAGE_MAX_BYTES (16 * 1024 * 1024) /* of the largest possible page */

struct metrics;

/* A client is the uid of the user who asks, or METRICS_UNKNOWN. */
#define METRICS_UNKNOWN INT64_C(-1)

enum metrics_event {
    METRICS_RATE_LIMITED,        /* 429 responses from the server */
    METRICS_RETRIES,             /* requests put back into the queue after a 429 */
    METRICS_MERGED_CALLS,        /* calls that carried more than one request */
    METRICS_MERGED_REQUESTS,     /* requests sent in such calls */
    METRICS_MERGE_SPLITS,        /* merged calls that were refused and split */
    METRICS_JOINED_READS,        /* reads that shared another request's call */
    METRICS_QUEUE_FULL,          /* requests refused because the queue was full */
    METRICS_QUEUE_LATE,          /* requests that waited too long */
    METRICS_HANG_UPS,            /* requests whose client disconnected while they waited */
    METRICS_CONNECTIONS_REFUSED, /* because there were too many */
    METRICS_SUBSCRIPTION_EVENTS, /* handed to subscribers */
    METRICS_SUBSCRIPTION_LOSSES, /* of the WebSocket that the subscribers share */
    METRICS_SUBSCRIBERS_BEHIND,  /* how often a subscriber did not read fast enough */
    METRICS_EVENT_COUNT,
};

/* Current values. */
struct metrics_gauges {
    uint64_t queue_requests, queue_bytes, in_flight, local_connections, websockets;
    uint64_t subscribers, subscriptions;
    bool session_ready;
    double pace; /* learned, in tokens a second; 0: none, not printed */
};

/* Returns NULL if there is no memory. */
struct metrics *metrics_new(void);

/* METRICS may be NULL. */
void metrics_free(struct metrics *metrics);

void metrics_count(struct metrics *metrics, enum metrics_event event, uint64_t times);

/* Counts a request of CLIENT for OPERATION (NULL: "unknown") that was answered with STATUS. It waited
 * WAITED_MS before it was sent, and its call took UPSTREAM_MS; -1: it was not sent, or had no call of its
 * own. Counts it as "other" if there is no memory for a new series. */
void metrics_responded(struct metrics *metrics, const struct operation *operation, int64_t client, int status,
                       int64_t waited_ms, int64_t upstream_ms);

/* Appends the page to OUT. 0, -EMSGSIZE, -ENOMEM; OUT is unchanged on error. */
int metrics_print(const struct metrics *metrics, const struct metrics_gauges *gauges, struct buf *out);

#endif
