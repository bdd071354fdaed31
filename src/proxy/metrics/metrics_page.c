/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "proxy/metrics/metrics_private.h"

#define OPERATION_SERIES (METRICS_CLASS_COUNT + METRICS_BOUND_COUNT + 3)
#define OTHER_SERIES                                                                                         \
    (METRICS_CLASS_COUNT * (METRICS_LISTENER_COUNT + METRICS_PRINCIPALS_MAX + 1) + METRICS_EVENT_COUNT +     \
     METRICS_REFUSAL_COUNT + METRICS_FAILURE_COUNT + 2 * (METRICS_BOUND_COUNT + 3) + METRICS_GAUGES_SERIES + \
     1)

_Static_assert((METRICS_OPERATIONS_MAX + 1) * OPERATION_SERIES + OTHER_SERIES <= METRICS_SERIES_MAX,
               "too many series");

/* Those that are not zero: most operations have one or two. LABEL and VALUE: of the series. */
static void print_classes(struct page *page, const char *label, const char *value,
                          const struct classes *classes)
{
    static const char *const names[METRICS_CLASS_COUNT] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    size_t i;

    for (i = 0; i < METRICS_CLASS_COUNT; i++) {
        if (classes->counts[i] == 0)
            continue;
        page_sample(page, NULL);
        page_label(page, label, value);
        page_label(page, "code", names[i]);
        page_number(page, classes->counts[i]);
    }
}

static void begin_part(struct page *page, const char *part, const char *operation)
{
    page_sample(page, part);
    if (operation)
        page_label(page, "operation", operation);
}

/* OPERATION: the label; NULL: none. */
static void print_histogram(struct page *page, const char *operation, const struct metrics_bound *bounds,
                            const struct histogram *histogram)
{
    uint64_t count = 0;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(histogram->buckets); i++) {
        count += histogram->buckets[i];
        begin_part(page, "_bucket", operation);
        page_label(page, "le", i < METRICS_BOUND_COUNT ? bounds[i].seconds : "+Inf");
        page_number(page, count);
    }
    begin_part(page, "_sum", operation);
    page_micro(page, histogram->sum_us);
    begin_part(page, "_count", operation);
    page_number(page, count);
}

/* No id needs escaping, and none is "other" or "unknown"; the tests check all of them. */
static const char *operation_name(const struct metrics *metrics, size_t index)
{
    uint32_t id = metrics->operations[index].operation;

    return index == METRICS_OPERATIONS_MAX ? "other" : id == 0 ? "unknown" : operation_texts + id;
}

static void print_operations(struct page *page, const struct metrics *metrics)
{
    size_t i;

    page_family(page, PAGE_COUNTER, "tbproxyd_requests", "Requests answered, by operation.");
    for (i = 0; i <= METRICS_OPERATIONS_MAX; i++)
        print_classes(page, "operation", operation_name(metrics, i), &metrics->operations[i].classes);
}

static bool is_empty(const struct histogram *histogram)
{
    size_t i = 0;

    while (i < ARRAY_SIZE(histogram->buckets) && histogram->buckets[i] == 0)
        i++;
    return i == ARRAY_SIZE(histogram->buckets);
}

static void print_upstream(struct page *page, const struct metrics *metrics)
{
    size_t i;

    page_family(page, PAGE_HISTOGRAM, "tbproxyd_upstream_seconds",
                "How long the server had requests, by operation.");
    for (i = 0; i <= METRICS_OPERATIONS_MAX; i++)
        if (!is_empty(&metrics->operations[i].upstream))
            print_histogram(page, operation_name(metrics, i), metrics_bounds,
                            &metrics->operations[i].upstream);
}

static void print_listeners(struct page *page, const struct metrics *metrics)
{
    static const char *const names[METRICS_LISTENER_COUNT] = {"tcp", "unix", "admin"};
    size_t i;

    page_family(page, PAGE_COUNTER, "tbproxyd_listener_requests", "Requests answered, by listener.");
    for (i = 0; i < METRICS_LISTENER_COUNT; i++)
        print_classes(page, "listener", names[i], &metrics->listeners[i]);
}

static void print_principals(struct page *page, const struct metrics *metrics)
{
    char name[32];
    size_t i;

    page_family(page, PAGE_COUNTER, "tbproxyd_principal_requests", "Requests answered, by user.");
    for (i = 0; i <= METRICS_PRINCIPALS_MAX; i++) {
        const struct principal_series *series = &metrics->principals[i];

        snprintf(name, sizeof(name), "uid:%" PRId64, series->principal);
        print_classes(page, "principal",
                      i == METRICS_PRINCIPALS_MAX            ? "other"
                      : series->principal == METRICS_UNKNOWN ? "unknown"
                                                             : name,
                      &series->classes);
    }
}

/* A counter for each of NAMES, also those that are zero: a rate needs the zero before the first. */
static void print_counters(struct page *page, const char *label, const char *const *names,
                           const uint64_t *counts, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        page_sample(page, NULL);
        page_label(page, label, names[i]);
        page_number(page, counts[i]);
    }
}

static void print_reasons(struct page *page, const struct metrics *metrics)
{
    static const char *const refusals[METRICS_REFUSAL_COUNT] = {
        [METRICS_REFUSED_QUEUE_FULL] = "queue_full",       [METRICS_REFUSED_TOO_LATE] = "queue_wait",
        [METRICS_REFUSED_CONNECTIONS] = "connections",     [METRICS_REFUSED_POLICY] = "policy",
        [METRICS_REFUSED_BROWSER_GUARD] = "browser_guard", [METRICS_REFUSED_LOGIN] = "login",
        [METRICS_REFUSED_BODY_SIZE] = "body_size",         [METRICS_REFUSED_MALFORMED] = "malformed",
        [METRICS_REFUSED_TOO_SLOW] = "too_slow",           [METRICS_REFUSED_SUBSCRIBERS] = "subscribers",
        [METRICS_REFUSED_WEBSOCKETS] = "websockets",       [METRICS_REFUSED_SPOOL_FULL] = "spool_full",
        [METRICS_REFUSED_SPOOL_DISK] = "spool_disk",       [METRICS_REFUSED_MEMORY] = "memory",
        [METRICS_REFUSED_STOPPING] = "stopping",
    };

    page_family(page, PAGE_COUNTER, "tbproxyd_failures", "Requests that failed, by cause.");
    print_counters(page, "reason", metrics_failures, metrics->failures, METRICS_FAILURE_COUNT);
    page_family(page, PAGE_COUNTER, "tbproxyd_refusals",
                "Requests and connections that tbproxyd itself refused.");
    print_counters(page, "reason", refusals, metrics->refusals, METRICS_REFUSAL_COUNT);
}

static void print_times(struct page *page, const struct metrics *metrics)
{
    page_family(page, PAGE_HISTOGRAM, "tbproxyd_queue_wait_seconds",
                "How long requests waited for their turn, or for a login.");
    print_histogram(page, NULL, metrics_bounds, &metrics->waiting);
    page_family(page, PAGE_HISTOGRAM, "tbproxyd_added_seconds",
                "How long tbproxyd itself needed for requests that were sent.");
    print_histogram(page, NULL, metrics_short_bounds, &metrics->added);
}

static void print_saved(struct page *page, const uint64_t events[METRICS_EVENT_COUNT])
{
    static const char *const names[] = {"merge", "join"};
    const uint64_t saved[] = {events[METRICS_MERGE_SAVED], events[METRICS_JOIN_SAVED]};

    page_family(page, PAGE_COUNTER, "tbproxyd_calls_saved",
                "Calls that were not needed, because requests shared one.");
    print_counters(page, "by", names, saved, ARRAY_SIZE(names));
}

static void print_events(struct page *page, const uint64_t events[METRICS_EVENT_COUNT])
{
    static const struct {
        const char *name, *help;
    } texts[METRICS_EVENT_COUNT] = {
        [METRICS_RATE_LIMITED] = {"tbproxyd_rate_limited", "429 responses from the server."},
        [METRICS_RETRIES] = {"tbproxyd_retries",
                             "Requests put back into the queue after a 429 from the server."},
        [METRICS_MERGED_CALLS] = {"tbproxyd_merged_calls", "Calls that carried more than one request."},
        [METRICS_MERGE_SPLITS] = {"tbproxyd_merge_splits",
                                  "Merged calls that the server refused and that were split."},
        [METRICS_HANG_UPS] = {"tbproxyd_hang_ups", "Requests whose client disconnected while they waited."},
        [METRICS_REQUEST_BYTES] = {"tbproxyd_local_received_bytes",
                                   "Bytes of bodies received from local programs."},
        [METRICS_RESPONSE_BYTES] = {"tbproxyd_local_sent_bytes", "Bytes of bodies sent to local programs."},
        [METRICS_SUBSCRIPTION_EVENTS] = {"tbproxyd_subscription_events", "Events sent to subscribers."},
        [METRICS_SUBSCRIPTION_LOSSES] = {"tbproxyd_subscription_connections_lost",
                                         "Times that the WebSocket shared by subscribers was lost."},
        [METRICS_SUBSCRIBERS_BEHIND] = {"tbproxyd_subscribers_behind",
                                        "Times that a subscriber did not read fast enough."},
        [METRICS_SPOOL_STORED] = {"tbproxyd_spool_stored", "Writes that the spool has taken."},
        [METRICS_SPOOL_DELIVERED] = {"tbproxyd_spool_delivered",
                                     "Rows of the spool that the server has taken."},
        [METRICS_SPOOL_SET_ASIDE] = {"tbproxyd_spool_set_aside",
                                     "Rows of the spool that were set aside for the administrator."},
        [METRICS_SPOOL_DROPPED] =
            {"tbproxyd_spool_dropped",
             "Rows of the spool that were given up: too old, no room, or by the administrator."},
        [METRICS_SPOOL_DAMAGED] =
            {"tbproxyd_spool_damaged",
             "Files of the spool that were damaged and moved aside, or removed while they were used."},
    };
    size_t i;

    for (i = 0; i < METRICS_EVENT_COUNT; i++)
        if (texts[i].name)
            page_one(page, PAGE_COUNTER, texts[i].name, texts[i].help, events[i]);
    print_saved(page, events);
}

static void print_start(struct page *page, const struct metrics *metrics)
{
    page_family(page, PAGE_GAUGE, "process_start_time_seconds", "When the process started, since the epoch.");
    page_sample(page, NULL);
    page_micro(page, (uint64_t)metrics->started_ms * 1000);
}

int metrics_print(const struct metrics *metrics, const struct metrics_gauges *gauges,
                  const struct metrics_format *format, struct buf *out)
{
    size_t before = out->len;
    struct page page = {.out = out, .is_openmetrics = format->is_openmetrics};

    print_operations(&page, metrics);
    print_listeners(&page, metrics);
    if (format->has_principals)
        print_principals(&page, metrics);
    print_reasons(&page, metrics);
    print_times(&page, metrics);
    print_upstream(&page, metrics);
    print_events(&page, metrics->events);
    metrics_print_gauges(&page, gauges);
    print_start(&page, metrics);
    page_end(&page);
    if (page.result < 0)
        buf_truncate(out, before);
    return page.result;
}
