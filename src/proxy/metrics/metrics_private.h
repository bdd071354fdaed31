/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters and histograms that metrics.c updates and metrics_page.c prints.
 */
#ifndef TB_PROXY_METRICS_METRICS_PRIVATE_H
#define TB_PROXY_METRICS_METRICS_PRIVATE_H

#include "proxy/metrics/metrics.h"
#include "proxy/metrics/page.h"

#define METRICS_BOUND_COUNT   10
#define METRICS_FAILURE_COUNT 20

/* The most that gauges_page.c prints. */
#define METRICS_GAUGES_SERIES                                                                                \
    (31 + 9 * FAILOVER_SERVERS_MAX + 2 * RATE_LIMIT_PAIRS_MAX + SERVER_CONDITIONS +                          \
     SESSION_CALL_KINDS * SESSION_OUTCOMES)

/* The upper bound of a bucket, for comparing and for printing. */
struct metrics_bound {
    int64_t us;
    const char *seconds;
};

/* Of times that are mostly the server's, and of those that tbproxyd needs itself. */
extern const struct metrics_bound metrics_bounds[METRICS_BOUND_COUNT],
    metrics_short_bounds[METRICS_BOUND_COUNT];

/* Error types of Proxy-Status, then what the server itself answers, then "other". */
extern const char *const metrics_failures[METRICS_FAILURE_COUNT];

/* A bucket does not include those below it; the last one is above all bounds. */
struct histogram {
    uint64_t buckets[METRICS_BOUND_COUNT + 1];
    uint64_t sum_us;
};

struct classes {
    uint64_t counts[METRICS_CLASS_COUNT];
};

struct operation_series {
    uint32_t operation; /* id as in struct operation, because one id can have several paths; 0: unknown */
    int64_t principal;  /* who asked for it first */
    struct classes classes;
    struct histogram upstream;
};

struct principal_series {
    int64_t principal;
    struct classes classes;
};

struct metrics {
    int64_t started_ms; /* since the epoch */
    uint64_t events[METRICS_EVENT_COUNT];
    uint64_t refusals[METRICS_REFUSAL_COUNT];
    uint64_t failures[METRICS_FAILURE_COUNT];
    struct classes listeners[METRICS_LISTENER_COUNT];
    struct histogram waiting, added;
    size_t operation_count, principal_count;
    struct operation_series operations[METRICS_OPERATIONS_MAX + 1]; /* the last is "other" */
    struct principal_series principals[METRICS_PRINCIPALS_MAX + 1]; /* the last is "other" */
    uint16_t rows[]; /* of the table of operations: index into OPERATIONS plus 1; 0: none or "other"; last:
                        unknown */
};

/* gauges_page.c */
void metrics_print_gauges(struct page *page, const struct metrics_gauges *gauges);

#endif
