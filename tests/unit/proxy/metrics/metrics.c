/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/util.h"
#include "prometheus.h"
#include "proxy/metrics/metrics.h"
#include "unit.h"

#define SERIES_SIZE 256

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool without_memory;

/* The linker puts this in front of the real one (--wrap=calloc). */
void *__wrap_calloc(size_t count, size_t size)
{
    return without_memory ? NULL : __real_calloc(count, size);
}

static struct metrics *metrics;
static struct metrics_gauges gauges;
static struct buf page = BUF_INIT(METRICS_PAGE_MAX_BYTES);

static void set_up(void)
{
    metrics = metrics_new();
    ck_assert_ptr_nonnull(metrics);
    gauges = (struct metrics_gauges){0};
}

static void tear_down(void)
{
    metrics_free(metrics);
    buf_free(&page);
}

static const struct operation *operation_called(const char *id)
{
    size_t i;

    for (i = 0; i < operation_count; i++)
        if (strcmp(operation_id(&operations[i]), id) == 0)
            return &operations[i];
    ck_abort_msg("%s is in no document", id);
}

static void print_page(void)
{
    buf_clear(&page);
    ck_assert_int_eq(metrics_print(metrics, &gauges, &page), 0);
}

/* The value of the sample with this name and labels; -1 if there is none. */
static double PRINTF_LIKE(1, 2) value_of(const char *format, ...)
{
    char series[SERIES_SIZE] = "\n";
    const char *found;
    va_list args;
    size_t length;

    va_start(args, format);
    vsnprintf(series + 1, sizeof(series) - 2, format, args);
    va_end(args);
    length = strlen(series);
    series[length] = ' ';
    series[length + 1] = '\0';
    found = strstr(page.data, series);
    return found ? strtod(found + length, NULL) : -1;
}

static const char page_text[] =
    "# HELP tbproxyd_requests_total Requests answered.\n"
    "# TYPE tbproxyd_requests_total counter\n"
    "tbproxyd_requests_total{operation=\"saveDevice\",client=\"uid:1000\",code=\"200\"} 3\n"
    "tbproxyd_requests_total{operation=\"saveDevice\",client=\"uid:1000\",code=\"429\"} 1\n"
    "tbproxyd_requests_total{operation=\"unknown\",client=\"unknown\",code=\"404\"} 1\n"
    "# HELP tbproxyd_queue_wait_seconds How long requests waited before they were sent.\n"
    "# TYPE tbproxyd_queue_wait_seconds histogram\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.001\"} 1\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.005\"} 1\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.01\"} 2\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.05\"} 2\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.1\"} 2\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.5\"} 2\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"1\"} 2\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"5\"} 2\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"10\"} 2\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"30\"} 3\n"
    "tbproxyd_queue_wait_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"+Inf\"} 3\n"
    "tbproxyd_queue_wait_seconds_sum{operation=\"saveDevice\",client=\"uid:1000\"} 12.007\n"
    "tbproxyd_queue_wait_seconds_count{operation=\"saveDevice\",client=\"uid:1000\"} 3\n"
    "# HELP tbproxyd_upstream_seconds How long the server took to answer calls.\n"
    "# TYPE tbproxyd_upstream_seconds histogram\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.001\"} 0\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.005\"} 0\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.01\"} 0\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.05\"} 0\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.1\"} 1\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"0.5\"} 2\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"1\"} 2\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"5\"} 2\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"10\"} 2\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"30\"} 2\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",client=\"uid:1000\",le=\"+Inf\"} 3\n"
    "tbproxyd_upstream_seconds_sum{operation=\"saveDevice\",client=\"uid:1000\"} 40.300\n"
    "tbproxyd_upstream_seconds_count{operation=\"saveDevice\",client=\"uid:1000\"} 3\n"
    "# HELP tbproxyd_rate_limited_total 429 responses from the server.\n"
    "# TYPE tbproxyd_rate_limited_total counter\n"
    "tbproxyd_rate_limited_total 4\n"
    "# HELP tbproxyd_retries_total Requests put back into the queue after a 429 from the server.\n"
    "# TYPE tbproxyd_retries_total counter\n"
    "tbproxyd_retries_total 3\n"
    "# HELP tbproxyd_merged_calls_total Calls that carried more than one request.\n"
    "# TYPE tbproxyd_merged_calls_total counter\n"
    "tbproxyd_merged_calls_total 0\n"
    "# HELP tbproxyd_merged_requests_total Requests sent in merged calls.\n"
    "# TYPE tbproxyd_merged_requests_total counter\n"
    "tbproxyd_merged_requests_total 18446744073709551615\n"
    "# HELP tbproxyd_merge_splits_total Merged calls that the server refused and that were split.\n"
    "# TYPE tbproxyd_merge_splits_total counter\n"
    "tbproxyd_merge_splits_total 0\n"
    "# HELP tbproxyd_joined_reads_total Reads that shared another request's call.\n"
    "# TYPE tbproxyd_joined_reads_total counter\n"
    "tbproxyd_joined_reads_total 0\n"
    "# HELP tbproxyd_queue_full_total Requests refused because the queue was full.\n"
    "# TYPE tbproxyd_queue_full_total counter\n"
    "tbproxyd_queue_full_total 0\n"
    "# HELP tbproxyd_queue_late_total Requests refused because they waited in the queue too long.\n"
    "# TYPE tbproxyd_queue_late_total counter\n"
    "tbproxyd_queue_late_total 0\n"
    "# HELP tbproxyd_hang_ups_total Requests whose client disconnected while they waited.\n"
    "# TYPE tbproxyd_hang_ups_total counter\n"
    "tbproxyd_hang_ups_total 1\n"
    "# HELP tbproxyd_connections_refused_total Connections refused because there were too many.\n"
    "# TYPE tbproxyd_connections_refused_total counter\n"
    "tbproxyd_connections_refused_total 0\n"
    "# HELP tbproxyd_subscription_events_total Events sent to subscribers.\n"
    "# TYPE tbproxyd_subscription_events_total counter\n"
    "tbproxyd_subscription_events_total 0\n"
    "# HELP tbproxyd_subscription_connections_lost_total Times that the WebSocket shared by subscribers was lost.\n"
    "# TYPE tbproxyd_subscription_connections_lost_total counter\n"
    "tbproxyd_subscription_connections_lost_total 0\n"
    "# HELP tbproxyd_subscribers_behind_total Times that a subscriber did not read fast enough.\n"
    "# TYPE tbproxyd_subscribers_behind_total counter\n"
    "tbproxyd_subscribers_behind_total 0\n"
    "# HELP tbproxyd_queue_requests Requests waiting to be sent.\n"
    "# TYPE tbproxyd_queue_requests gauge\n"
    "tbproxyd_queue_requests 5\n"
    "# HELP tbproxyd_queue_bytes Bytes in the bodies of waiting requests.\n"
    "# TYPE tbproxyd_queue_bytes gauge\n"
    "tbproxyd_queue_bytes 1234\n"
    "# HELP tbproxyd_upstream_in_flight Calls that the server has not answered yet.\n"
    "# TYPE tbproxyd_upstream_in_flight gauge\n"
    "tbproxyd_upstream_in_flight 3\n"
    "# HELP tbproxyd_local_connections Open connections of local programs.\n"
    "# TYPE tbproxyd_local_connections gauge\n"
    "tbproxyd_local_connections 17\n"
    "# HELP tbproxyd_websockets Open WebSockets of local programs.\n"
    "# TYPE tbproxyd_websockets gauge\n"
    "tbproxyd_websockets 6\n"
    "# HELP tbproxyd_subscribers Programs reading /-/subscribe/.\n"
    "# TYPE tbproxyd_subscribers gauge\n"
    "tbproxyd_subscribers 8\n"
    "# HELP tbproxyd_subscriptions Distinct subscriptions of these programs.\n"
    "# TYPE tbproxyd_subscriptions gauge\n"
    "tbproxyd_subscriptions 7\n"
    "# HELP tbproxyd_session_ready 1 if requests can be sent with a credential, else 0.\n"
    "# TYPE tbproxyd_session_ready gauge\n"
    "tbproxyd_session_ready 1\n"
    "# HELP tbproxyd_learned_pace_tokens_per_second Pace learned from 429 responses.\n"
    "# TYPE tbproxyd_learned_pace_tokens_per_second gauge\n"
    "tbproxyd_learned_pace_tokens_per_second 12.5\n"
    "# HELP tbproxyd_build_info Always 1; the label is the version of tbproxyd.\n"
    "# TYPE tbproxyd_build_info gauge\n"
    "tbproxyd_build_info{version=\"" PACKAGE_VERSION "\"} 1\n";

START_TEST(a_page)
{
    const struct operation *save = operation_called("saveDevice");
    size_t same = 0;

    gauges = (struct metrics_gauges){5, 1234, 3, 17, 6, 8, 7, true, 12.5};
    metrics_responded(metrics, save, 1000, 200, 0, 100);
    metrics_responded(metrics, NULL, METRICS_UNKNOWN, 404, -1, -1);
    metrics_responded(metrics, save, 1000, 200, 7, 200);
    metrics_responded(metrics, save, 1000, 200, 12000, 40000);
    metrics_responded(metrics, save, 1000, 429, -1, -1);
    metrics_count(metrics, METRICS_RATE_LIMITED, 1);
    metrics_count(metrics, METRICS_RATE_LIMITED, 3);
    metrics_count(metrics, METRICS_RETRIES, 3);
    metrics_count(metrics, METRICS_MERGED_REQUESTS, UINT64_MAX);
    metrics_count(metrics, METRICS_HANG_UPS, 1);
    print_page();
    while (page_text[same] && page.data[same] == page_text[same])
        same++;
    ck_assert_msg(page.data[same] == page_text[same], "differs at %.200s", page.data + same);
    assert_prometheus(page.data, page.len);
}
END_TEST

START_TEST(a_page_without_requests)
{
    print_page();
    assert_prometheus(page.data, page.len);
    ck_assert_ptr_null(strstr(page.data, "operation="));
    ck_assert_double_eq(value_of("tbproxyd_session_ready"), 0);
    ck_assert_ptr_null(strstr(page.data, "learned_pace"));
}
END_TEST

/* A value above the bound of a bucket is in the next one. */
START_TEST(the_bounds_of_the_buckets)
{
    static const struct {
        int64_t ms;
        const char *le;
    } cases[] = {{1, "0.001"}, {5, "0.005"}, {10, "0.01"}, {50, "0.05"},  {100, "0.1"},
                 {500, "0.5"}, {1000, "1"},  {5000, "5"},  {10000, "10"}, {30000, "30"}};
    static const char bucket[] =
        "tbproxyd_upstream_seconds_bucket{operation=\"unknown\",client=\"uid:0\",le=\"%s\"}";
    size_t i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        metrics_responded(metrics, NULL, 0, 200, 0, cases[i].ms);
        metrics_responded(metrics, NULL, 0, 200, 0, cases[i].ms + 1);
    }
    print_page();
    assert_prometheus(page.data, page.len);
    for (i = 0; i < ARRAY_SIZE(cases); i++)
        ck_assert_double_eq(value_of(bucket, cases[i].le), (double)(2 * i + 1));
    ck_assert_double_eq(value_of(bucket, "+Inf"), 20);
    ck_assert_double_eq(value_of("tbproxyd_upstream_seconds_sum{operation=\"unknown\",client=\"uid:0\"}"),
                        93.342);
}
END_TEST

START_TEST(a_request_without_a_call_of_its_own)
{
    metrics_responded(metrics, NULL, METRICS_UNKNOWN, 200, 2000, -1);
    print_page();
    assert_prometheus(page.data, page.len);
    ck_assert_double_eq(value_of("tbproxyd_queue_wait_seconds_sum{operation=\"unknown\",client=\"unknown\"}"),
                        2);
    ck_assert_ptr_null(strstr(page.data, "tbproxyd_upstream_seconds_"));
}
END_TEST

START_TEST(the_bound_of_the_statuses)
{
    static const char series[] =
        "tbproxyd_requests_total{operation=\"unknown\",client=\"unknown\",code=\"%s\"}";
    static const int no_statuses[] = {-1, 0, 99, 600, INT32_MAX};
    char code[8];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(no_statuses); i++)
        metrics_responded(metrics, NULL, METRICS_UNKNOWN, no_statuses[i], 0, 0);
    for (i = 0; i < METRICS_STATUSES_MAX; i++)
        metrics_responded(metrics, NULL, METRICS_UNKNOWN, i == 0 ? 100 : 600 - (int)i, 0, 0);
    print_page();
    ck_assert_double_eq(value_of(series, "other"), ARRAY_SIZE(no_statuses));
    metrics_responded(metrics, NULL, METRICS_UNKNOWN, 200, 0, 0); /* the first too many */
    metrics_responded(metrics, NULL, METRICS_UNKNOWN, 100, 0, 0);
    print_page();
    assert_prometheus(page.data, page.len);
    for (i = 1; i < METRICS_STATUSES_MAX; i++) {
        snprintf(code, sizeof(code), "%d", 600 - (int)i);
        ck_assert_double_eq(value_of(series, code), 1);
    }
    ck_assert_double_eq(value_of(series, "100"), 2);
    ck_assert_double_eq(value_of(series, "200"), -1);
    ck_assert_double_eq(value_of(series, "other"), ARRAY_SIZE(no_statuses) + 1);
}
END_TEST

/* Fills every status of a series and "other", with the largest times that are counted. */
static void fill(const struct operation *operation, int64_t client)
{
    int status;

    for (status = 200; status <= 200 + METRICS_STATUSES_MAX; status++)
        metrics_responded(metrics, operation, client, status, INT64_MAX / 16, INT64_MAX / 16);
}

static size_t series_count(void)
{
    const char *found = page.data;
    size_t count = 0;

    for (; (found = strstr(found, "\ntbproxyd_upstream_seconds_count{")); found++)
        count++;
    return count;
}

/* Rows of the table with the same id are one series. */
static void fill_all(size_t wanted)
{
    size_t i, count = 0;
    int64_t client = UINT32_MAX;

    for (; count < wanted; client--)
        for (i = 0; i < operation_count && count < wanted; i++) {
            const struct operation *operation = &operations[i];
            size_t j = 0;

            while (operations[j].id != operation->id)
                j++;
            fill(operation, client);
            count += j == i;
        }
}

START_TEST(the_bound_of_the_series)
{
    static const char other[] = "tbproxyd_requests_total{operation=\"other\",client=\"other\",code=\"200\"}";

    fill_all(METRICS_SERIES_MAX);
    print_page();
    if (unit_rounds(10) == 10) /* five megabytes */
        assert_prometheus(page.data, page.len);
    ck_assert_uint_eq(series_count(), METRICS_SERIES_MAX);
    ck_assert_double_eq(value_of(other), -1);
    fill(NULL, 7);
    fill(NULL, 8);
    fill(&operations[0], UINT32_MAX); /* an old one */
    print_page();
    ck_assert_uint_eq(series_count(), METRICS_SERIES_MAX + 1);
    ck_assert_double_eq(value_of(other), 2);
    ck_assert_ptr_null(strstr(page.data, "unknown"));
}
END_TEST

START_TEST(without_memory_a_request_counts_as_other)
{
    metrics_responded(metrics, NULL, 1, 200, 0, 0);
    without_memory = true;
    metrics_responded(metrics, NULL, 1, 200, 0, 0);
    metrics_responded(metrics, NULL, 2, 200, 0, 0);
    ck_assert_ptr_null(metrics_new());
    without_memory = false;
    metrics_responded(metrics, NULL, 2, 200, 0, 0);
    print_page();
    assert_prometheus(page.data, page.len);
    ck_assert_double_eq(
        value_of("tbproxyd_requests_total{operation=\"unknown\",client=\"uid:1\",code=\"200\"}"), 2);
    ck_assert_double_eq(
        value_of("tbproxyd_requests_total{operation=\"unknown\",client=\"uid:2\",code=\"200\"}"), 1);
    ck_assert_double_eq(
        value_of("tbproxyd_requests_total{operation=\"other\",client=\"other\",code=\"200\"}"), 1);
}
END_TEST

START_TEST(a_page_that_does_not_fit)
{
    struct buf small = BUF_INIT(0);
    size_t length;

    metrics_responded(metrics, NULL, METRICS_UNKNOWN, 200, 0, 0);
    print_page();
    for (length = page.len - 1; length > 0; length = length * 3 / 4) {
        small.max = length + 3;
        ck_assert_int_eq(buf_append_string(&small, "abc"), 0);
        ck_assert_int_eq(metrics_print(metrics, &gauges, &small), -EMSGSIZE);
        ck_assert_str_eq(small.data, "abc");
        buf_free(&small);
    }
    small.max = page.len;
    ck_assert_int_eq(metrics_print(metrics, &gauges, &small), 0);
    ck_assert_str_eq(small.data, page.data);
    buf_free(&small);
}
END_TEST

/* No id needs escaping, and none is "other" or "unknown". */
START_TEST(ids_are_labels_without_escaping)
{
    size_t i, j;

    for (i = 0; i < operation_count; i++) {
        const char *id = operation_id(&operations[i]);

        ck_assert_msg(*id &&
                          !id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")],
                      "%s", id);
        ck_assert_msg(strcmp(id, "unknown") != 0 && strcmp(id, "other") != 0, "%s", id);
        for (j = 0; j < i; j++) /* a series is known by the place of its id */
            ck_assert((strcmp(operation_id(&operations[j]), id) == 0) ==
                      (operations[j].id == operations[i].id));
    }
}
END_TEST

/* The test's own counters of one series. */
struct expected {
    unsigned statuses[3], waited, sent;
    int64_t waited_ms, sent_ms;
};

static void assert_series(const char *operation, const char *client, const struct expected *expected)
{
    static const char *const codes[] = {"200", "404", "503"};
    char labels[SERIES_SIZE];
    size_t i;

    snprintf(labels, sizeof(labels), "operation=\"%s\",client=\"%s\"", operation, client);
    for (i = 0; i < ARRAY_SIZE(codes); i++)
        if (expected->statuses[i])
            ck_assert_double_eq(value_of("tbproxyd_requests_total{%s,code=\"%s\"}", labels, codes[i]),
                                expected->statuses[i]);
    if (expected->waited) {
        ck_assert_double_eq(value_of("tbproxyd_queue_wait_seconds_count{%s}", labels), expected->waited);
        ck_assert_double_eq_tol(value_of("tbproxyd_queue_wait_seconds_sum{%s}", labels),
                                (double)expected->waited_ms / 1000, 1e-6);
    }
    if (expected->sent) {
        ck_assert_double_eq(value_of("tbproxyd_upstream_seconds_count{%s}", labels), expected->sent);
        ck_assert_double_eq_tol(value_of("tbproxyd_upstream_seconds_sum{%s}", labels),
                                (double)expected->sent_ms / 1000, 1e-6);
    }
}

START_TEST(sums_of_random_requests)
{
    static const char *const clients[] = {"unknown", "uid:0", "uid:1", "uid:4294967295"};
    static const int64_t uids[] = {METRICS_UNKNOWN, 0, 1, UINT32_MAX};
    static const int statuses[] = {200, 404, 503};
    struct expected expected[50][ARRAY_SIZE(clients)] = {0};
    const struct operation *used[ARRAY_SIZE(expected)];
    unsigned i, j;

    for (i = 0; i < ARRAY_SIZE(used); i++)
        used[i] = i ? &operations[unit_random() % operation_count] : NULL;
    for (i = 0; i < (size_t)unit_rounds(50000); i++) {
        unsigned o = unit_random() % ARRAY_SIZE(used), c = unit_random() % ARRAY_SIZE(clients);
        unsigned s = unit_random() % ARRAY_SIZE(statuses);
        int64_t waited_ms = (int64_t)(unit_random() % 1000) - 300,
                sent_ms = (int64_t)(unit_random() % 70000) - 9000;
        struct expected *series;

        for (j = 0; used[o] && (!used[j] || used[j]->id != used[o]->id); j++) /* the first of the same id */
            ;
        series = &expected[j][c];
        metrics_responded(metrics, used[o], uids[c], statuses[s], waited_ms, sent_ms);
        series->statuses[s]++;
        series->waited += waited_ms >= 0;
        series->sent += sent_ms >= 0;
        series->waited_ms += waited_ms >= 0 ? waited_ms : 0;
        series->sent_ms += sent_ms >= 0 ? sent_ms : 0;
    }
    print_page();
    assert_prometheus(page.data, page.len);
    for (i = 0; i < ARRAY_SIZE(used); i++)
        for (j = 0; j < ARRAY_SIZE(clients); j++)
            assert_series(used[i] ? operation_id(used[i]) : "unknown", clients[j], &expected[i][j]);
}
END_TEST

UNIT_SUITE(metrics)
{
    TCase *tests;
    Suite *suite = unit_suite_create("metrics", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_page);
    tcase_add_test(tests, a_page_without_requests);
    tcase_add_test(tests, the_bounds_of_the_buckets);
    tcase_add_test(tests, a_request_without_a_call_of_its_own);
    tcase_add_test(tests, the_bound_of_the_statuses);
    tcase_add_test(tests, the_bound_of_the_series);
    tcase_add_test(tests, without_memory_a_request_counts_as_other);
    tcase_add_test(tests, a_page_that_does_not_fit);
    tcase_add_test(tests, ids_are_labels_without_escaping);
    tcase_add_test(tests, sums_of_random_requests);
    return suite;
}
