/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What metrics.c counts and metrics_page.c prints.
 */
#ifndef TB_PROXY_METRICS_METRICS_SERIES_H
#define TB_PROXY_METRICS_METRICS_SERIES_H

#include "proxy/metrics/metrics.h"

#define METRICS_SLOT_BITS  12
#define METRICS_SLOT_COUNT (1u << METRICS_SLOT_BITS) /* at most half full, so that a search ends soon */

#define METRICS_CLIENT_OTHER    INT64_C(-2)
#define METRICS_OPERATION_OTHER UINT32_MAX

#define METRICS_BOUND_COUNT 10

/* An upper bound of a bucket, as it is compared and as it is printed. */
struct metrics_bound {
    int64_t ms;
    const char *seconds;
};

extern const struct metrics_bound metrics_bounds[METRICS_BOUND_COUNT];

/* Each bucket without those below it; the last is beyond all bounds. */
struct histogram {
    uint64_t buckets[METRICS_BOUND_COUNT + 1];
    uint64_t sum_ms;
};

struct status_count {
    int status;
    uint64_t count;
};

struct series {
    uint32_t operation; /* the id as in struct operation: one id can have several paths; 0: unknown */
    int64_t client;
    struct status_count statuses[METRICS_STATUSES_MAX]; /* those with a count */
    uint64_t other_statuses;
    struct histogram waiting, upstream;
};

struct metrics {
    uint64_t events[METRICS_EVENT_COUNT];
    struct series *series[METRICS_SERIES_MAX];
    size_t count;
    uint16_t slots[METRICS_SLOT_COUNT]; /* open addressing: an index of SERIES plus 1; 0: free */
    struct series other;
};

#endif
