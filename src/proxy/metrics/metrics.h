/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened, in numbers, since the start: counters and histograms by operation and client, printed in the
 * text format of Prometheus (version 0.0.4). Gauges are read from where they live when they are printed. Used
 * by one thread only.
 *
 * A client is the user of a Unix socket ("uid:1000") or "tcp". The number of series is bounded: what comes
 * after METRICS_SERIES_MAX pairs of an operation's id and a client is counted as operation "other", client
 * "other"; so is what comes after METRICS_STATUSES_MAX statuses of one series as code "other".
 */
#ifndef TB_PROXY_METRICS_METRICS_H
#define TB_PROXY_METRICS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "proxy/route/operation.h"

#define METRICS_SERIES_MAX     2048
#define METRICS_STATUSES_MAX   8
#define METRICS_PAGE_MAX_BYTES (16 * 1024 * 1024) /* no page is larger, whatever was counted */

struct metrics;

/* Who asked: the user behind a Unix socket, or METRICS_TCP. */
#define METRICS_TCP INT64_C(-1)

enum metrics_event {
    METRICS_RATE_LIMITED,        /* answers of 429 from the server */
    METRICS_RETRIES,             /* requests that went back into the queue after one */
    METRICS_MERGED_CALLS,        /* calls that carried more than one request */
    METRICS_MERGED_REQUESTS,     /* requests that went in such calls */
    METRICS_MERGE_SPLITS,        /* refused merged calls that were split */
    METRICS_JOINED_READS,        /* reads that were answered by another's call */
    METRICS_QUEUE_FULL,          /* requests refused because the queue was full */
    METRICS_QUEUE_LATE,          /* requests whose time to wait was over */
    METRICS_HANG_UPS,            /* requests whose client left while they waited */
    METRICS_SUBSCRIPTION_EVENTS, /* handed to subscribers */
    METRICS_SUBSCRIPTION_LOSSES, /* of the WebSocket that they share */
    METRICS_SUBSCRIBERS_BEHIND,  /* how often one had no room */
    METRICS_EVENT_COUNT,
};

/* What is read when it is printed. */
struct metrics_gauges {
    uint64_t queue_requests, queue_bytes, in_flight, local_connections, websockets;
    uint64_t subscribers, subscriptions;
    bool session_ready;
    double pace; /* learned, tokens a second; 0: none, which is not printed */
};

/* NULL without memory. */
struct metrics *metrics_new(void);
/* NULL is allowed. */
void metrics_free(struct metrics *metrics);

void metrics_count(struct metrics *metrics, enum metrics_event event, uint64_t times);

/* A request of CLIENT for OPERATION (NULL: none that a document knows, "unknown") was answered with STATUS
 * after it waited WAITED_MS before it was sent, and its call took UPSTREAM_MS; each -1 where there was no
 * such time: it was not sent, or had no call of its own. Without memory for a new series it counts as
 * "other". */
void metrics_answered(struct metrics *metrics, const struct operation *operation, int64_t client, int status,
                      int64_t waited_ms, int64_t upstream_ms);

/* Appends the whole page. 0, -EMSGSIZE, -ENOMEM; OUT is unchanged on error. */
int metrics_print(const struct metrics *metrics, const struct metrics_gauges *gauges, struct buf *out);

#endif
