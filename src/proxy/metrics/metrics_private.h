/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters and histograms that metrics.c updates and metrics_page.c prints.
 */
#ifndef TB_PROXY_METRICS_METRICS_PRIVATE_H
#define TB_PROXY_METRICS_METRICS_PRIVATE_H

#include "proxy/metrics/metrics.h"

#define METRICS_SLOT_BITS  12
#define METRICS_SLOT_COUNT (1u << METRICS_SLOT_BITS) /* at most half full, to keep searches short */

#define METRICS_CLIENT_OTHER    INT64_C(-2)
#define METRICS_OPERATION_OTHER UINT32_MAX

#define METRICS_BOUND_COUNT 10

/* The upper bound of a bucket, for comparing and for printing. */
struct metrics_bound {
    int64_t ms;
    const char *seconds;
};

extern const struct metrics_bound metrics_bounds[METRICS_BOUND_COUNT];

/* A bucket does not include those below it; the last one is above all bounds. */
struct histogram {
    uint64_t buckets[METRICS_BOUND_COUNT + 1];
    uint64_t sum_ms;
};

struct status_count {
    int status;
    uint64_t count;
};

struct series {
    uint32_t operation; /* id as in struct operation, because one id can have several paths; 0: unknown */
    int64_t client;
    struct status_count statuses[METRICS_STATUSES_MAX]; /* those with a count come first */
    uint64_t other_statuses;
    struct histogram waiting, upstream;
};

struct metrics {
    uint64_t events[METRICS_EVENT_COUNT];
    struct series *series[METRICS_SERIES_MAX];
    size_t count;
    uint16_t slots[METRICS_SLOT_COUNT]; /* open addressing: index into SERIES plus 1; 0: free */
    struct series other;
};

#endif
