/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "proxy/metrics/metrics_private.h"

/* A page being printed; nothing is appended after the first error. A full page has tens of thousands of
 * lines, so printf() would be too slow. */
struct page {
    struct buf *out;
    int result;
};

static void put(struct page *page, const char *text)
{
    if (page->result == 0)
        page->result = buf_append_string(page->out, text);
}

static void put_number(struct page *page, uint64_t number)
{
    char text[24];
    char *digit = text + sizeof(text) - 1;

    *digit = '\0';
    do
        *--digit = (char)('0' + number % 10);
    while (number /= 10);
    put(page, digit);
}

static void put_family(struct page *page, const char *name, const char *type, const char *help)
{
    put(page, "# HELP ");
    put(page, name);
    put(page, " ");
    put(page, help);
    put(page, "\n# TYPE ");
    put(page, name);
    put(page, " ");
    put(page, type);
    put(page, "\n");
}

/* The name and the labels that all samples of a series share. No operation id needs escaping; the tests check
 * all of them. */
static void put_series(struct page *page, const char *name, const char *suffix, const struct series *series)
{
    put(page, name);
    put(page, suffix);
    put(page, "{operation=\"");
    put(page, series->operation == METRICS_OPERATION_OTHER ? "other"
              : series->operation == 0                     ? "unknown"
                                                           : operation_texts + series->operation);
    put(page, "\",client=\"");
    if (series->client < 0) {
        put(page, series->client == METRICS_CLIENT_OTHER ? "other" : "unknown");
    } else {
        put(page, "uid:");
        put_number(page, (uint64_t)series->client);
    }
    put(page, "\"");
}

static void put_value(struct page *page, uint64_t value)
{
    put(page, "} ");
    put_number(page, value);
    put(page, "\n");
}

static void print_statuses(struct page *page, const struct series *series)
{
    static const char name[] = "tbproxyd_requests_total";
    size_t i;

    for (i = 0; i < METRICS_STATUSES_MAX && series->statuses[i].count > 0; i++) {
        put_series(page, name, "", series);
        put(page, ",code=\"");
        put_number(page, (uint64_t)series->statuses[i].status);
        put(page, "\"");
        put_value(page, series->statuses[i].count);
    }
    if (series->other_statuses > 0) {
        put_series(page, name, "", series);
        put(page, ",code=\"other\"");
        put_value(page, series->other_statuses);
    }
}

static void put_sum(struct page *page, uint64_t ms)
{
    char fraction[8];

    snprintf(fraction, sizeof(fraction), ".%03u", (unsigned)(ms % 1000));
    put(page, "} ");
    put_number(page, ms / 1000);
    put(page, fraction);
    put(page, "\n");
}

/* Prints nothing if nothing was observed: a request that is never sent would fill a page with zeros. */
static void print_histogram(struct page *page, const char *name, const struct series *series,
                            const struct histogram *histogram)
{
    uint64_t count = 0;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(histogram->buckets); i++)
        count += histogram->buckets[i];
    if (count == 0)
        return;
    for (count = 0, i = 0; i < ARRAY_SIZE(histogram->buckets); i++) {
        count += histogram->buckets[i];
        put_series(page, name, "_bucket", series);
        put(page, ",le=\"");
        put(page, i < METRICS_BOUND_COUNT ? metrics_bounds[i].seconds : "+Inf");
        put(page, "\"");
        put_value(page, count);
    }
    put_series(page, name, "_sum", series);
    put_sum(page, histogram->sum_ms);
    put_series(page, name, "_count", series);
    put_value(page, count);
}

static void print_waiting(struct page *page, const struct series *series)
{
    print_histogram(page, "tbproxyd_queue_wait_seconds", series, &series->waiting);
}

static void print_upstream(struct page *page, const struct series *series)
{
    print_histogram(page, "tbproxyd_upstream_seconds", series, &series->upstream);
}

static void print_each(struct page *page, const struct metrics *metrics,
                       void (*print)(struct page *page, const struct series *series))
{
    size_t i;

    for (i = 0; i < metrics->count; i++)
        print(page, metrics->series[i]);
    print(page, &metrics->other);
}

/* A family of one sample without labels. */
static void print_one(struct page *page, const char *name, const char *type, const char *help, uint64_t value)
{
    put_family(page, name, type, help);
    put(page, name);
    put(page, " ");
    put_number(page, value);
    put(page, "\n");
}

static void print_events(struct page *page, const uint64_t events[METRICS_EVENT_COUNT])
{
    static const struct {
        const char *name, *help;
    } texts[METRICS_EVENT_COUNT] = {
        [METRICS_RATE_LIMITED] = {"tbproxyd_rate_limited_total", "429 responses from the server."},
        [METRICS_RETRIES] = {"tbproxyd_retries_total",
                             "Requests put back into the queue after a 429 from the server."},
        [METRICS_MERGED_CALLS] = {"tbproxyd_merged_calls_total", "Calls that carried more than one request."},
        [METRICS_MERGED_REQUESTS] = {"tbproxyd_merged_requests_total", "Requests sent in merged calls."},
        [METRICS_MERGE_SPLITS] = {"tbproxyd_merge_splits_total",
                                  "Merged calls that the server refused and that were split."},
        [METRICS_JOINED_READS] = {"tbproxyd_joined_reads_total", "Reads that shared another request's call."},
        [METRICS_QUEUE_FULL] = {"tbproxyd_queue_full_total", "Requests refused because the queue was full."},
        [METRICS_QUEUE_LATE] = {"tbproxyd_queue_late_total",
                                "Requests refused because they waited in the queue too long."},
        [METRICS_HANG_UPS] = {"tbproxyd_hang_ups_total",
                              "Requests whose client disconnected while they waited."},
        [METRICS_CONNECTIONS_REFUSED] = {"tbproxyd_connections_refused_total",
                                         "Connections refused because there were too many."},
        [METRICS_SUBSCRIPTION_EVENTS] = {"tbproxyd_subscription_events_total", "Events sent to subscribers."},
        [METRICS_SUBSCRIPTION_LOSSES] = {"tbproxyd_subscription_connections_lost_total",
                                         "Times that the WebSocket shared by subscribers was lost."},
        [METRICS_SUBSCRIBERS_BEHIND] = {"tbproxyd_subscribers_behind_total",
                                        "Times that a subscriber did not read fast enough."},
    };
    size_t i;

    for (i = 0; i < METRICS_EVENT_COUNT; i++)
        print_one(page, texts[i].name, "counter", texts[i].help, events[i]);
}

static void print_pace(struct page *page, double pace)
{
    static const char name[] = "tbproxyd_learned_pace_tokens_per_second";
    char text[32];

    if (!(pace > 0))
        return;
    snprintf(text, sizeof(text), " %.6g\n", pace);
    put_family(page, name, "gauge", "Pace learned from 429 responses.");
    put(page, name);
    put(page, text);
}

static void print_gauges(struct page *page, const struct metrics_gauges *gauges)
{
    print_one(page, "tbproxyd_queue_requests", "gauge", "Requests waiting to be sent.",
              gauges->queue_requests);
    print_one(page, "tbproxyd_queue_bytes", "gauge", "Bytes in the bodies of waiting requests.",
              gauges->queue_bytes);
    print_one(page, "tbproxyd_upstream_in_flight", "gauge", "Calls that the server has not answered yet.",
              gauges->in_flight);
    print_one(page, "tbproxyd_local_connections", "gauge", "Open connections of local programs.",
              gauges->local_connections);
    print_one(page, "tbproxyd_websockets", "gauge", "Open WebSockets of local programs.", gauges->websockets);
    print_one(page, "tbproxyd_subscribers", "gauge", "Programs reading /-/subscribe/.", gauges->subscribers);
    print_one(page, "tbproxyd_subscriptions", "gauge", "Distinct subscriptions of these programs.",
              gauges->subscriptions);
    print_one(page, "tbproxyd_session_ready", "gauge", "1 if requests can be sent with a credential, else 0.",
              gauges->session_ready);
    print_pace(page, gauges->pace);
    put_family(page, "tbproxyd_build_info", "gauge", "Always 1; the label is the version of tbproxyd.");
    put(page, "tbproxyd_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
}

int metrics_print(const struct metrics *metrics, const struct metrics_gauges *gauges, struct buf *out)
{
    size_t before = out->len;
    struct page page = {.out = out};

    put_family(&page, "tbproxyd_requests_total", "counter", "Requests answered.");
    print_each(&page, metrics, print_statuses);
    put_family(&page, "tbproxyd_queue_wait_seconds", "histogram",
               "How long requests waited before they were sent.");
    print_each(&page, metrics, print_waiting);
    put_family(&page, "tbproxyd_upstream_seconds", "histogram", "How long the server took to answer calls.");
    print_each(&page, metrics, print_upstream);
    print_events(&page, metrics->events);
    print_gauges(&page, gauges);
    if (page.result < 0)
        buf_truncate(out, before);
    return page.result;
}
