/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/metrics/metrics.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/util.h"
#include "prometheus.h"
#include "unit.h"

#define SERIES_SIZE 256

static struct metrics *metrics;
static struct metrics_gauges gauges;
static struct metrics_format format;
static struct buf page = BUF_INIT(METRICS_PAGE_MAX_BYTES);

static void set_up(void)
{
    metrics = metrics_new();
    ck_assert_ptr_nonnull(metrics);
    gauges = (struct metrics_gauges){0};
    format = (struct metrics_format){.has_principals = true};
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
    ck_assert_int_eq(metrics_print(metrics, &gauges, &format, &page), 0);
}

/* The value of the sample with this name and labels; -1 if there is none. */
static double PRINTF_LIKE(1, 2) value_of(const char *text, ...)
{
    char series[SERIES_SIZE] = "\n";
    const char *found;
    va_list args;
    size_t length;

    va_start(args, text);
    vsnprintf(series + 1, sizeof(series) - 2, text, args);
    va_end(args);
    length = strlen(series);
    series[length] = ' ';
    series[length + 1] = '\0';
    found = strstr(page.data, series);
    return found ? strtod(found + length, NULL) : -1;
}

/* A request that was not sent. */
static void respond(const struct operation *operation, int64_t principal, int status, const char *error)
{
    struct metrics_response response = {.operation = operation, .principal = principal, .status = status};

    metrics_responded(metrics, &response);
    if (status >= 400)
        metrics_failed(metrics, status, error);
}

static void respond_after(const struct operation *operation, int64_t waited_us, int64_t upstream_us,
                          int64_t added_us)
{
    struct metrics_response response = {.operation = operation,
                                        .status = 200,
                                        .was_sent = true,
                                        .waited_us = waited_us,
                                        .upstream_us = upstream_us,
                                        .added_us = added_us};

    metrics_responded(metrics, &response);
}

static void assert_contains(const char *lines)
{
    ck_assert_msg(strstr(page.data, lines), "%s", page.data);
}

static const char histogram_text[] =
    "# HELP tbproxyd_upstream_seconds How long the server had requests, by operation.\n"
    "# TYPE tbproxyd_upstream_seconds histogram\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"0.001\"} 0\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"0.005\"} 0\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"0.01\"} 0\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"0.05\"} 0\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"0.1\"} 1\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"0.5\"} 2\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"1.0\"} 2\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"5.0\"} 2\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"10.0\"} 2\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"30.0\"} 2\n"
    "tbproxyd_upstream_seconds_bucket{operation=\"saveDevice\",le=\"+Inf\"} 3\n"
    "tbproxyd_upstream_seconds_sum{operation=\"saveDevice\"} 40.300007\n"
    "tbproxyd_upstream_seconds_count{operation=\"saveDevice\"} 3\n";

static void count_some(void)
{
    const struct operation *save = operation_called("saveDevice");

    respond_after(save, 0, 100000, 40);
    respond_after(save, 7000, 200007, 51);
    respond_after(save, 12000000, 40000000, 300000);
    respond(save, 1000, 429, NULL);
    respond(NULL, METRICS_UNKNOWN, 404, NULL);
    respond(NULL, 1000, 502, "connection_refused");
    respond(NULL, 1000, 503, NULL);
    respond(NULL, 1000, 502, "no such type");
    metrics_refused(metrics, METRICS_REFUSED_POLICY);
    metrics_count(metrics, METRICS_MERGE_SAVED, UINT64_MAX);
    metrics_count(metrics, METRICS_RETRIES, 1);
    metrics_count(metrics, METRICS_RETRIES, 3);
}

START_TEST(what_is_counted)
{
    count_some();
    print_page();
    assert_prometheus(page.data, page.len);
    assert_contains(histogram_text);
    assert_contains("# HELP tbproxyd_requests_total Requests answered, by operation.\n"
                    "# TYPE tbproxyd_requests_total counter\n"
                    "tbproxyd_requests_total{operation=\"saveDevice\",code=\"2xx\"} 3\n"
                    "tbproxyd_requests_total{operation=\"saveDevice\",code=\"4xx\"} 1\n"
                    "tbproxyd_requests_total{operation=\"unknown\",code=\"4xx\"} 1\n"
                    "tbproxyd_requests_total{operation=\"unknown\",code=\"5xx\"} 3\n"
                    "# HELP ");
    assert_contains("tbproxyd_principal_requests_total{principal=\"uid:0\",code=\"2xx\"} 3\n"
                    "tbproxyd_principal_requests_total{principal=\"uid:1000\",code=\"4xx\"} 1\n"
                    "tbproxyd_principal_requests_total{principal=\"uid:1000\",code=\"5xx\"} 3\n"
                    "tbproxyd_principal_requests_total{principal=\"unknown\",code=\"4xx\"} 1\n");
    ck_assert_double_eq(value_of("tbproxyd_failures_total{reason=\"server_rate_limit\"}"), 1);
    ck_assert_double_eq(value_of("tbproxyd_failures_total{reason=\"server_error\"}"), 1);
    ck_assert_double_eq(value_of("tbproxyd_failures_total{reason=\"connection_refused\"}"), 1);
    ck_assert_double_eq(value_of("tbproxyd_failures_total{reason=\"other\"}"), 1);
    ck_assert_double_eq(value_of("tbproxyd_failures_total{reason=\"dns_error\"}"), 0);
    ck_assert_double_eq(value_of("tbproxyd_refusals_total{reason=\"policy\"}"), 1);
    ck_assert_double_eq(value_of("tbproxyd_refusals_total{reason=\"queue_full\"}"), 0);
    ck_assert_double_eq(value_of("tbproxyd_retries_total"), 4);
    assert_contains("\ntbproxyd_calls_saved_total{by=\"merge\"} 18446744073709551615\n");
    ck_assert_double_eq(value_of("tbproxyd_added_seconds_bucket{le=\"5e-05\"}"), 1);
    ck_assert_double_eq(value_of("tbproxyd_added_seconds_bucket{le=\"0.0001\"}"), 2);
    ck_assert_double_eq(value_of("tbproxyd_queue_wait_seconds_sum"), 12.007);
}
END_TEST

START_TEST(requests_by_listener)
{
    static const char *const names[METRICS_LISTENER_COUNT] = {"tcp", "unix", "admin"};
    struct metrics_response response = {.status = 200};
    unsigned i, times;

    for (i = 0; i < METRICS_LISTENER_COUNT; i++)
        for (times = 0; times <= i; times++) {
            response.listener = (enum metrics_listener)i;
            metrics_responded(metrics, &response);
        }
    print_page();
    for (i = 0; i < METRICS_LISTENER_COUNT; i++)
        ck_assert_double_eq(
            value_of("tbproxyd_listener_requests_total{listener=\"%s\",code=\"2xx\"}", names[i]), i + 1);
}
END_TEST

START_TEST(not_everybody_reads_of_other_users)
{
    respond(NULL, UINT32_MAX, 200, NULL);
    format.has_principals = false;
    print_page();
    ck_assert_ptr_null(strstr(page.data, "principal"));
    ck_assert_ptr_null(strstr(page.data, "4294967295"));
}
END_TEST

START_TEST(gauges_as_they_are_passed)
{
    static const char url[] = "https://a.b/\"\\\n";

    gauges = (struct metrics_gauges){
        .queue_requests = 5,
        .queue_oldest_ms = 1500,
        .condition = SERVER_LIMITED,
        .session_calls = {[SESSION_CALL_REFRESH] = {[SESSION_OUTCOME_REFUSED] = 7}},
        .pace = 12.5,
        .closed_ms = 61001,
        .bucket_count = 1,
        .buckets = {{{100, 1}, 99.5}},
        .server_count = 1,
        .servers = {{url, true, {1, 2, 3, 4, 5, 6, {7, 8}}}},
        .process = {.cpu_us = 1000001, .open_fds = 9},
    };
    print_page();
    assert_prometheus(page.data, page.len);
    ck_assert_double_eq(value_of("tbproxyd_queue_requests"), 5);
    ck_assert_double_eq(value_of("tbproxyd_queue_oldest_seconds"), 1.5);
    ck_assert_double_eq(value_of("tbproxyd_server_up"), 1);
    ck_assert_double_eq(value_of("tbproxyd_server_state{state=\"limited\"}"), 1);
    ck_assert_double_eq(value_of("tbproxyd_server_state{state=\"ready\"}"), 0);
    ck_assert_double_eq(value_of("tbproxyd_session_calls_total{call=\"renewal\",outcome=\"refused\"}"), 7);
    ck_assert_double_eq(value_of("tbproxyd_learned_pace_tokens_per_second"), 12.5);
    ck_assert_double_eq(value_of("tbproxyd_budget_closed_seconds_total"), 61.001);
    ck_assert_double_eq(value_of("tbproxyd_budget_tokens{bucket=\"100:1\"}"), 99.5);
    ck_assert_double_eq(value_of("tbproxyd_budget_capacity_tokens{bucket=\"100:1\"}"), 100);
    ck_assert_double_eq(value_of("process_cpu_seconds_total"), 1.000001);
    ck_assert_double_eq(value_of("process_open_fds"), 9);
    assert_contains("\ntbproxyd_upstream_streams{server=\"https://a.b/\\\"\\\\\\n\"} 4\n");
    assert_contains("\ntbproxyd_upstream_connections{server=\"https://a.b/\\\"\\\\\\n\",state=\"busy\"} 3\n");
    assert_contains("\ntbproxyd_upstream_received_bytes_total{server=\"https://a.b/\\\"\\\\\\n\"} 8\n");
}
END_TEST

/* promtool and a server of Prometheus read such a page in tests/e2e/test_metrics.py. */
START_TEST(openmetrics)
{
    count_some();
    format.is_openmetrics = true;
    print_page();
    assert_contains("# HELP tbproxyd_requests Requests answered, by operation.\n"
                    "# TYPE tbproxyd_requests counter\n"
                    "tbproxyd_requests_total{operation=\"saveDevice\",code=\"2xx\"} 3\n");
    assert_contains("# TYPE tbproxyd_added_seconds histogram\n# UNIT tbproxyd_added_seconds seconds\n");
    assert_contains("# TYPE tbproxyd_local_sent_bytes counter\n# UNIT tbproxyd_local_sent_bytes bytes\n"
                    "tbproxyd_local_sent_bytes_total 0\n");
    ck_assert_str_eq(page.data + page.len - 7, "\n# EOF\n");
}
END_TEST

START_TEST(a_page_without_requests)
{
    print_page();
    assert_prometheus(page.data, page.len);
    ck_assert_ptr_null(strstr(page.data, "operation="));
    ck_assert_ptr_null(strstr(page.data, "\ntbproxyd_learned_pace"));
    ck_assert_double_eq(value_of("tbproxyd_server_up"), 0);
    ck_assert_double_eq(value_of("tbproxyd_added_seconds_count"), 0);
}
END_TEST

/* A value above the bound of a bucket is in the next one. */
START_TEST(the_bounds_of_the_buckets)
{
    static const struct {
        int64_t us;
        const char *le;
    } cases[] = {{1000, "0.001"}, {5000, "0.005"},  {10000, "0.01"},  {50000, "0.05"},    {100000, "0.1"},
                 {500000, "0.5"}, {1000000, "1.0"}, {5000000, "5.0"}, {10000000, "10.0"}, {30000000, "30.0"}};
    static const char bucket[] = "tbproxyd_upstream_seconds_bucket{operation=\"unknown\",le=\"%s\"}";
    size_t i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        respond_after(NULL, 0, cases[i].us, 0);
        respond_after(NULL, 0, cases[i].us + 1, 0);
    }
    print_page();
    for (i = 0; i < ARRAY_SIZE(cases); i++)
        ck_assert_double_eq(value_of(bucket, cases[i].le), (double)(2 * i + 1));
    ck_assert_double_eq(value_of(bucket, "+Inf"), 20);
    ck_assert_double_eq(value_of("tbproxyd_upstream_seconds_sum{operation=\"unknown\"}"), 93.33201);
}
END_TEST

START_TEST(classes_of_statuses)
{
    static const int statuses[] = {100, 199, 200,       299, 300, 399, 400, 499,
                                   500, 599, INT32_MIN, 0,   99,  600, 999};
    static const double counts[] = {2, 2, 2, 2, 7};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(statuses); i++)
        respond(NULL, 0, statuses[i], NULL);
    print_page();
    for (i = 0; i < ARRAY_SIZE(counts); i++)
        ck_assert_double_eq(value_of("tbproxyd_requests_total{operation=\"unknown\",code=\"%zuxx\"}", i + 1),
                            counts[i]);
}
END_TEST

/* Every class of OPERATION, with times too large for any bucket. */
static void fill(const struct operation *operation, int64_t principal)
{
    int status;

    for (status = 100; status < 600; status += 100) {
        struct metrics_response response = {.operation = operation,
                                            .principal = principal,
                                            .status = status,
                                            .was_sent = true,
                                            .waited_us = INT64_MAX / 4096,
                                            .upstream_us = INT64_MAX / 4096,
                                            .added_us = INT64_MAX / 4096};
        unsigned listener;

        for (listener = 0; listener < METRICS_LISTENER_COUNT; listener++) {
            response.listener = (enum metrics_listener)listener;
            metrics_responded(metrics, &response);
        }
    }
}

static size_t count_lines(const char *beginning)
{
    const char *found = page.data;
    size_t count = 0;

    for (; (found = strstr(found, beginning)); found++)
        count++;
    return count;
}

static size_t series_count(void)
{
    return count_lines("\n") - count_lines("\n# ") - 1; /* the first line is a comment */
}

static void fill_gauges(void)
{
    static char url[512];
    size_t i;

    memset(url, '"', sizeof(url) - 1);
    gauges.pace = 1;
    gauges.bucket_count = RATE_LIMIT_PAIRS_MAX;
    gauges.server_count = FAILOVER_SERVERS_MAX;
    for (i = 0; i < RATE_LIMIT_PAIRS_MAX; i++)
        gauges.buckets[i].limit =
            (struct rate_limit_pair){RATE_LIMIT_CAPACITY_MAX, RATE_LIMIT_SECONDS_MAX - (int)i};
    for (i = 0; i < FAILOVER_SERVERS_MAX; i++)
        gauges.servers[i].url = url;
}

/* Rows of the table with the same id are one series. */
static void fill_operations(size_t wanted)
{
    size_t i, j, count = 0;

    for (i = 0; count < wanted; i++) {
        for (j = 0; operations[j].id != operations[i].id; j++)
            ;
        if (j == i)
            fill(&operations[i], (int64_t)count++);
    }
}

START_TEST(the_bound_of_the_series)
{
    static const char other[] = "tbproxyd_requests_total{operation=\"other\",code=\"2xx\"}";
    static const char others[] = "tbproxyd_principal_requests_total{principal=\"other\",code=\"2xx\"}";

    fill_gauges();
    fill_operations(METRICS_PRINCIPALS_MAX);
    print_page();
    ck_assert_double_eq(value_of(others), -1);
    tear_down();
    metrics = metrics_new();
    fill_operations(METRICS_OPERATIONS_MAX);
    print_page();
    ck_assert_double_eq(value_of(other), -1);
    ck_assert_double_eq(value_of("tbproxyd_upstream_seconds_count{operation=\"other\"}"), -1);
    ck_assert_double_eq(value_of(others), 3 * (METRICS_OPERATIONS_MAX - METRICS_PRINCIPALS_MAX));
    fill(NULL, 7); /* the first too many */
    fill(NULL, 8);
    fill(&operations[0], UINT32_MAX); /* an old one */
    print_page();
    ck_assert_double_eq(value_of(other), 6);
    ck_assert_double_eq(
        value_of("tbproxyd_requests_total{operation=\"%s\",code=\"2xx\"}", operation_id(&operations[0])), 6);
    ck_assert_ptr_null(strstr(page.data, "unknown"));
    ck_assert_uint_eq(count_lines("\ntbproxyd_upstream_seconds_count{"), METRICS_OPERATIONS_MAX + 1);
    ck_assert_uint_le(series_count(), METRICS_SERIES_MAX);
    ck_assert_uint_gt(series_count(), METRICS_SERIES_MAX * 9 / 10); /* or more operations would fit */
    ck_assert_uint_lt(page.len, METRICS_PAGE_MAX_BYTES * 9 / 10);
}
END_TEST

START_TEST(one_user_does_not_take_the_series_of_all_operations)
{
    static const char other[] = "tbproxyd_requests_total{operation=\"other\",code=\"2xx\"}";
    const struct operation *last = &operations[operation_count - 1];
    size_t i;

    for (i = 0; i < operation_count; i++)
        fill(&operations[i], 1000);
    print_page();
    ck_assert_uint_eq(count_lines("\ntbproxyd_upstream_seconds_count{"), METRICS_OPERATIONS_MAX / 4 * 3 + 1);
    ck_assert_double_gt(value_of(other), 0);
    fill(last, 1001);
    print_page();
    ck_assert_double_eq(
        value_of("tbproxyd_requests_total{operation=\"%s\",code=\"2xx\"}", operation_id(last)), 3);
}
END_TEST

START_TEST(a_page_that_does_not_fit)
{
    struct buf small = BUF_INIT(0);
    size_t length;

    count_some();
    print_page();
    for (length = page.len - 1; length > 0; length = length * 3 / 4) {
        small.max = length + 3;
        ck_assert_int_eq(buf_append_string(&small, "abc"), 0);
        ck_assert_int_eq(metrics_print(metrics, &gauges, &format, &small), -EMSGSIZE);
        ck_assert_str_eq(small.data, "abc");
        buf_free(&small);
    }
    small.max = page.len;
    ck_assert_int_eq(metrics_print(metrics, &gauges, &format, &small), 0);
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

START_TEST(sums_of_random_requests)
{
    struct {
        unsigned requests;
        int64_t upstream_us;
    } expected[50] = {0};
    const struct operation *used[ARRAY_SIZE(expected)];
    int64_t waited_us = 0;
    unsigned i, j;

    for (i = 0; i < ARRAY_SIZE(used); i++)
        used[i] = i ? &operations[unit_random() % operation_count] : NULL;
    for (i = 0; i < (size_t)unit_rounds(50000); i++) {
        unsigned o = unit_random() % ARRAY_SIZE(used);
        int64_t wait_us = (int64_t)(unit_random() % 1000000),
                upstream_us = (int64_t)(unit_random() % 70000000);

        for (j = 0; used[o] && (!used[j] || used[j]->id != used[o]->id); j++) /* the first of the same id */
            ;
        respond_after(used[o], wait_us, upstream_us, 0);
        waited_us += wait_us;
        expected[j].requests++;
        expected[j].upstream_us += upstream_us;
    }
    print_page();
    assert_prometheus(page.data, page.len);
    ck_assert_double_eq_tol(value_of("tbproxyd_queue_wait_seconds_sum"), (double)waited_us / 1e6, 1e-6);
    for (i = 0; i < ARRAY_SIZE(used); i++) {
        const char *name = used[i] ? operation_id(used[i]) : "unknown";

        if (expected[i].requests == 0)
            continue;
        ck_assert_double_eq(value_of("tbproxyd_requests_total{operation=\"%s\",code=\"2xx\"}", name),
                            expected[i].requests);
        ck_assert_double_eq_tol(value_of("tbproxyd_upstream_seconds_sum{operation=\"%s\"}", name),
                                (double)expected[i].upstream_us / 1e6, 1e-6);
    }
}
END_TEST

START_TEST(the_process_itself)
{
    struct process before = process_read(), after;
    int fd = dup(0);

    after = process_read();
    close(fd);
    ck_assert_uint_eq(after.open_fds, before.open_fds + 1);
    ck_assert_uint_ge(after.max_fds, after.open_fds);
    ck_assert_uint_ge(after.cpu_us, before.cpu_us);
    ck_assert_uint_gt(after.resident_bytes, 100000);
    ck_assert_uint_gt(after.virtual_bytes, after.resident_bytes);
    print_page();
    ck_assert_double_eq_tol(value_of("process_start_time_seconds"), (double)clock_wall_ms() / 1000, 60);
}
END_TEST

UNIT_SUITE(metrics)
{
    TCase *tests;
    Suite *suite = unit_suite_create("metrics", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_counted);
    tcase_add_test(tests, requests_by_listener);
    tcase_add_test(tests, not_everybody_reads_of_other_users);
    tcase_add_test(tests, gauges_as_they_are_passed);
    tcase_add_test(tests, openmetrics);
    tcase_add_test(tests, a_page_without_requests);
    tcase_add_test(tests, the_bounds_of_the_buckets);
    tcase_add_test(tests, classes_of_statuses);
    tcase_add_test(tests, the_bound_of_the_series);
    tcase_add_test(tests, one_user_does_not_take_the_series_of_all_operations);
    tcase_add_test(tests, a_page_that_does_not_fit);
    tcase_add_test(tests, ids_are_labels_without_escaping);
    tcase_add_test(tests, sums_of_random_requests);
    tcase_add_test(tests, the_process_itself);
    return suite;
}
