/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/failure_log.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "unit.h"

static char daemon_name[] = "tbproxyd", *saved_name;
static struct loop loop;
static struct failure_log failure_log;

static void set_up(void)
{
    saved_name = program_invocation_short_name;
    program_invocation_short_name = daemon_name;
    ck_assert_int_eq(loop_init(&loop), 0);
    failure_log_init(&failure_log, &loop);
}

static void tear_down(void)
{
    unit_capture();
    failure_log_flush(&failure_log);
    unit_captured();
    loop_close(&loop);
    program_invocation_short_name = saved_name;
}

static void note(int status, const char *error, const char *reason)
{
    const struct failure_kind kind = {.user = 1000, .status = status, .error = error};

    failure_log_note(&failure_log, &kind, reason);
}

/* The virtual clock moves on to the end of the period. */
static void end_period(void)
{
    ck_assert(timer_is_started(&failure_log.timer));
    loop.now_ms = failure_log.timer.due_ms;
    loop_timer_stop(&loop, &failure_log.timer);
    failure_log.timer.expired(&failure_log.timer);
}

START_TEST(the_first_of_a_kind_is_logged_at_once)
{
    struct failure_kind kind = {
        .operation = &operations[0], .user = 1000, .status = 502, .error = "connection_refused"};
    char expected[300];

    unit_capture();
    failure_log_note(&failure_log, &kind, "no answer from the server");
    failure_log_note(&failure_log, &kind, "no answer from the server");
    note(502, "connection_timeout", NULL);
    note(500, NULL, NULL);
    snprintf(
        expected, sizeof(expected),
        "tbproxyd: a request failed: 502 connection refused (%s of uid:1000): no answer from the server\n"
        "tbproxyd: a request failed: 502 connection timeout (of uid:1000)\n"
        "tbproxyd: a request failed: 500 Internal Server Error (of uid:1000)\n",
        operation_id(&operations[0]));
    ck_assert_str_eq(unit_captured(), expected);
}
END_TEST

START_TEST(the_others_are_logged_as_sums)
{
    int i;

    unit_capture();
    for (i = 0; i < 48; i++)
        note(502, "connection_refused", NULL);
    note(500, NULL, NULL);
    note(500, NULL, NULL);
    note(503, NULL, NULL);
    unit_captured();
    unit_capture();
    end_period();
    ck_assert_str_eq(unit_captured(), "tbproxyd: 47 requests failed in 60 s: 502 connection refused\n"
                                      "tbproxyd: 1 request failed in 60 s: 500 Internal Server Error\n");
}
END_TEST

START_TEST(a_kind_that_ends_is_forgotten)
{
    unit_capture();
    note(500, NULL, NULL);
    note(500, NULL, NULL);
    end_period();
    note(500, NULL, NULL); /* not the first: the last period had one */
    end_period();
    end_period();
    ck_assert(!timer_is_started(&failure_log.timer));
    note(500, NULL, NULL);
    ck_assert_str_eq(unit_captured(),
                     "tbproxyd: a request failed: 500 Internal Server Error (of uid:1000)\n"
                     "tbproxyd: 1 request failed in 60 s: 500 Internal Server Error\n"
                     "tbproxyd: 1 request failed in 60 s: 500 Internal Server Error\n"
                     "tbproxyd: a request failed: 500 Internal Server Error (of uid:1000)\n");
}
END_TEST

START_TEST(a_flush_tells_the_rest_and_begins_anew)
{
    unit_capture();
    note(500, NULL, NULL);
    note(500, NULL, NULL);
    loop.now_ms += 12345;
    failure_log_flush(&failure_log);
    ck_assert(!timer_is_started(&failure_log.timer));
    failure_log_flush(&failure_log);
    note(500, NULL, NULL);
    ck_assert_str_eq(unit_captured(),
                     "tbproxyd: a request failed: 500 Internal Server Error (of uid:1000)\n"
                     "tbproxyd: 1 request failed in 12 s: 500 Internal Server Error\n"
                     "tbproxyd: a request failed: 500 Internal Server Error (of uid:1000)\n");
}
END_TEST

START_TEST(further_kinds_are_one)
{
    const char *text;
    int i;

    unit_capture();
    for (i = 0; i < FAILURE_LOG_KINDS + 3; i++)
        note(500 + i, "e", NULL);
    text = unit_captured();
    ck_assert_ptr_nonnull(strstr(text, " 515 e ("));
    ck_assert_ptr_nonnull(strstr(text, " 516 e ("));
    ck_assert_ptr_null(strstr(text, " 517 e ("));
    ck_assert_uint_eq(failure_log.used, FAILURE_LOG_KINDS + 1);
    unit_capture();
    note(515, "e", NULL);
    end_period();
    ck_assert_str_eq(unit_captured(), "tbproxyd: 1 request failed in 60 s: 515 e\n"
                                      "tbproxyd: 2 requests failed in 60 s: other kinds of failures\n");
}
END_TEST

START_TEST(mistakes_of_a_client_are_not_failures)
{
    unit_capture();
    note(400, "http_request_denied", NULL);
    note(401, NULL, NULL); /* the server's answers */
    note(403, NULL, NULL);
    note(404, NULL, NULL);
    note(413, "http_request_denied", NULL);
    ck_assert_str_eq(unit_captured(), "");
    unit_capture();
    note(429, NULL, NULL);
    note(403, "http_request_denied", "tbproxyd refused it");
    ck_assert_str_eq(
        unit_captured(),
        "tbproxyd: a request failed: 429 Too Many Requests (of uid:1000)\n"
        "tbproxyd: a request failed: 403 http request denied (of uid:1000): tbproxyd refused it\n");
}
END_TEST

UNIT_SUITE(failure_log)
{
    TCase *tests;
    Suite *suite = unit_suite_create("failure_log", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_first_of_a_kind_is_logged_at_once);
    tcase_add_test(tests, the_others_are_logged_as_sums);
    tcase_add_test(tests, a_kind_that_ends_is_forgotten);
    tcase_add_test(tests, a_flush_tells_the_rest_and_begins_anew);
    tcase_add_test(tests, further_kinds_are_one);
    tcase_add_test(tests, mistakes_of_a_client_are_not_failures);
    return suite;
}
