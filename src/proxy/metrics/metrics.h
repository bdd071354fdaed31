/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and histograms since the start, printed in the text format of Prometheus (version 0.0.4) or as
 * OpenMetrics 1.0. docs/metrics.md lists them. Gauges are passed in when they are printed. Counting allocates
 * nothing and cannot fail. Not thread-safe.
 *
 * The number of series is bounded: operations after the first METRICS_OPERATIONS_MAX, and principals after
 * the first METRICS_PRINCIPALS_MAX, are counted as "other"; so are those of one principal that has first
 * asked for three quarters of the former. A histogram has 13 series, so only one has the operation as a
 * label: the server's time, which differs by operation. What tbproxyd adds and how long a request waits
 * hardly depends on the operation.
 */
#ifndef TB_PROXY_METRICS_METRICS_H
#define TB_PROXY_METRICS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "proxy/metrics/gauges.h"
#include "proxy/route/operation.h"

#define METRICS_SERIES_MAX     4096 /* samples of a page */
#define METRICS_OPERATIONS_MAX 192
#define METRICS_PRINCIPALS_MAX 32
#define METRICS_PAGE_MAX_BYTES (1024 * 1024)

struct metrics;

/* A principal is the uid of the user who asks, or METRICS_UNKNOWN. */
#define METRICS_UNKNOWN INT64_C(-1)

enum metrics_event {
    METRICS_RATE_LIMITED,        /* 429 responses from the server */
    METRICS_RETRIES,             /* requests put back into the queue after a 429 */
    METRICS_MERGED_CALLS,        /* calls that carried more than one request */
    METRICS_MERGE_SAVED,         /* calls saved by that */
    METRICS_MERGE_SPLITS,        /* merged calls that were refused and split */
    METRICS_JOIN_SAVED,          /* calls saved because reads shared one */
    METRICS_HANG_UPS,            /* requests whose client disconnected while they waited */
    METRICS_REQUEST_BYTES,       /* of bodies */
    METRICS_RESPONSE_BYTES,      /* of bodies */
    METRICS_SUBSCRIPTION_EVENTS, /* handed to subscribers */
    METRICS_SUBSCRIPTION_LOSSES, /* of the WebSocket that the subscribers share */
    METRICS_SUBSCRIBERS_BEHIND,  /* how often a subscriber did not read fast enough */
    METRICS_SPOOL_STORED,        /* writes; the disk has them */
    METRICS_SPOOL_DELIVERED,     /* rows, of which a write has several if the server refused it */
    METRICS_SPOOL_SET_ASIDE,     /* rows */
    METRICS_SPOOL_DROPPED,       /* rows: too old, for want of room, or by the administrator */
    METRICS_SPOOL_DAMAGED,       /* files, each with all its rows */
    METRICS_EVENT_COUNT,
};

/* Why tbproxyd itself refused a request or a connection. */
enum metrics_refusal {
    METRICS_REFUSED_QUEUE_FULL,
    METRICS_REFUSED_TOO_LATE, /* it waited as long as it may */
    METRICS_REFUSED_CONNECTIONS,
    METRICS_REFUSED_POLICY,
    METRICS_REFUSED_BROWSER_GUARD,
    METRICS_REFUSED_LOGIN, /* as another user */
    METRICS_REFUSED_BODY_SIZE,
    METRICS_REFUSED_MALFORMED,
    METRICS_REFUSED_TOO_SLOW,
    METRICS_REFUSED_SUBSCRIBERS,
    METRICS_REFUSED_WEBSOCKETS,
    METRICS_REFUSED_SPOOL_FULL, /* by its own bounds */
    METRICS_REFUSED_SPOOL_DISK, /* an error of the disk, also if that is full */
    METRICS_REFUSED_MEMORY,
    METRICS_REFUSED_STOPPING,
    METRICS_REFUSAL_COUNT,
};

enum metrics_listener { METRICS_TCP, METRICS_UNIX, METRICS_ADMIN, METRICS_LISTENER_COUNT };

struct metrics_response {
    const struct operation *operation; /* NULL: "unknown" */
    enum metrics_listener listener;
    int64_t principal;
    int status;
    bool was_sent; /* to the server; otherwise the times do not count */
    int64_t waited_us, upstream_us, added_us;
};

/* Returns NULL if there is no memory. */
struct metrics *metrics_new(void);

/* METRICS may be NULL. */
void metrics_free(struct metrics *metrics);

void metrics_count(struct metrics *metrics, enum metrics_event event, uint64_t times);

void metrics_refused(struct metrics *metrics, enum metrics_refusal reason);

/* A request got its response. */
void metrics_responded(struct metrics *metrics, const struct metrics_response *response);

/* It was a failure, if it was tbproxyd's own error, of the type ERROR of Proxy-Status (http/proxy_status.h;
 * NULL: none), or the server's 5xx or 429. */
void metrics_failed(struct metrics *metrics, int status, const char *error);

/* The principals that are not counted as "other" are numbered from 0 on. Returns whether there is one with
 * this NUMBER; *RET is the principal, and *ANSWERED how many requests got their response. */
bool metrics_principal(const struct metrics *metrics, size_t number, int64_t *ret, uint64_t *answered);

#define METRICS_CLASS_COUNT 5 /* of statuses: 1xx to 5xx */

struct metrics_time {
    uint64_t count, sum_us;
};

/* Of programs, without the administrators' own requests. */
struct metrics_traffic {
    uint64_t responses[METRICS_CLASS_COUNT];
    struct metrics_time upstream, waiting; /* of what was sent to the server */
};

/* When it was made, which is when the process started: since the epoch, and the same for ever. */
int64_t metrics_started_ms(const struct metrics *metrics);

/* The sums since the start. */
struct metrics_traffic metrics_traffic(const struct metrics *metrics);

struct metrics_format {
    bool is_openmetrics;
    bool has_principals; /* of all users: not for everybody */
};

/* Appends the page to OUT. 0, -EMSGSIZE, -ENOMEM; OUT is unchanged on error. */
int metrics_print(const struct metrics *metrics, const struct metrics_gauges *gauges,
                  const struct metrics_format *format, struct buf *out);

#endif
