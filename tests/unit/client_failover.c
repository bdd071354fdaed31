/* SPDX-License-Identifier: Apache-2.0 */
#include "base/util.h"
#include "client/failover.h"
#include "unit.h"

static struct failover failover;

static void set_up(void)
{
    failover_init(&failover, 3);
}

static void assert_current(size_t server)
{
    ck_assert_uint_eq(failover_current(&failover), server);
}

START_TEST(the_first_healthy_one_is_used)
{
    assert_current(0);
    ck_assert(failover_report(&failover, 0, FAILOVER_UNREACHABLE, 1000));
    assert_current(1);
    ck_assert(failover_report(&failover, 1, FAILOVER_UNREACHABLE, 1000));
    assert_current(2);
    ck_assert(failover_report(&failover, 0, FAILOVER_ANSWERED, 1500));
    assert_current(0);
}
END_TEST

START_TEST(a_gateways_error_three_times_in_a_row_puts_aside)
{
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0));
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0));
    ck_assert(!failover_report(&failover, 0, FAILOVER_ANSWERED, 0));
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0));
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0));
    assert_current(0);
    ck_assert(failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0));
    assert_current(1);
}
END_TEST

START_TEST(it_is_probed_after_a_time_that_doubles_to_a_minute)
{
    static const int64_t waits_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    int64_t now_ms = 5000;
    size_t i;

    failover_report(&failover, 1, FAILOVER_UNREACHABLE, now_ms);
    for (i = 0; i < ARRAY_SIZE(waits_ms); i++) {
        ck_assert_int_eq(failover_due_ms(&failover), now_ms + waits_ms[i]);
        now_ms += waits_ms[i];
        ck_assert_uint_eq(failover_begin_probe(&failover, now_ms - 1), FAILOVER_NONE);
        ck_assert_uint_eq(failover_begin_probe(&failover, now_ms), 1);
        ck_assert_uint_eq(failover_begin_probe(&failover, now_ms), FAILOVER_NONE);
        ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
        ck_assert(!failover_report_probe(&failover, 1, i % 2 ? FAILOVER_UNREACHABLE : FAILOVER_GATEWAY_ERROR,
                                         now_ms));
    }
}
END_TEST

START_TEST(a_good_probe_makes_it_healthy_and_forgets)
{
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    failover_begin_probe(&failover, 1000);
    failover_report_probe(&failover, 0, FAILOVER_UNREACHABLE, 1000);
    ck_assert_int_eq(failover_due_ms(&failover), 3000);
    failover_begin_probe(&failover, 3000);
    ck_assert(failover_report_probe(&failover, 0, FAILOVER_ANSWERED, 3000));
    assert_current(0);
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 4000);
    ck_assert_int_eq(failover_due_ms(&failover), 5000);
}
END_TEST

START_TEST(what_was_sent_before_does_not_prolong_it)
{
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    ck_assert(!failover_report(&failover, 0, FAILOVER_UNREACHABLE, 900));
    ck_assert_int_eq(failover_due_ms(&failover), 1000);
}
END_TEST

START_TEST(only_its_own_end_ends_a_probe)
{
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    failover_begin_probe(&failover, 1000);
    ck_assert(!failover_report(&failover, 0, FAILOVER_UNREACHABLE, 1500));
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 1500));
    ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
    ck_assert(!failover_report_probe(&failover, 0, FAILOVER_UNREACHABLE, 2000));
    ck_assert_int_eq(failover_due_ms(&failover), 4000);
}
END_TEST

START_TEST(a_probe_that_a_good_answer_overtook_says_nothing)
{
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    failover_begin_probe(&failover, 1000);
    ck_assert(failover_report(&failover, 0, FAILOVER_ANSWERED, 1500));
    ck_assert(!failover_report_probe(&failover, 0, FAILOVER_UNREACHABLE, 2000));
    assert_current(0);
    ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
}
END_TEST

START_TEST(a_request_goes_to_healthy_ones_that_it_has_not_tried)
{
    ck_assert_uint_eq(failover_next(&failover, 1), 1);
    ck_assert_uint_eq(failover_next(&failover, 1 | 2), 2);
    ck_assert_uint_eq(failover_next(&failover, 1 | 2 | 4), FAILOVER_NONE);
    failover_report(&failover, 1, FAILOVER_UNREACHABLE, 0);
    ck_assert_uint_eq(failover_next(&failover, 1), 2);
}
END_TEST

START_TEST(where_none_is_healthy_the_one_probed_first_is_used)
{
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 500);
    failover_report(&failover, 1, FAILOVER_UNREACHABLE, 100);
    failover_report(&failover, 2, FAILOVER_UNREACHABLE, 200);
    assert_current(1);
    ck_assert_uint_eq(failover_next(&failover, 0), FAILOVER_NONE);
}
END_TEST

START_TEST(one_that_is_alone_is_never_put_aside)
{
    failover_init(&failover, 1);
    ck_assert(!failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0));
    assert_current(0);
    ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
}
END_TEST

Suite *failover_suite(void)
{
    TCase *tests;
    Suite *suite = unit_suite_create("failover", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, the_first_healthy_one_is_used);
    tcase_add_test(tests, a_gateways_error_three_times_in_a_row_puts_aside);
    tcase_add_test(tests, it_is_probed_after_a_time_that_doubles_to_a_minute);
    tcase_add_test(tests, a_good_probe_makes_it_healthy_and_forgets);
    tcase_add_test(tests, what_was_sent_before_does_not_prolong_it);
    tcase_add_test(tests, only_its_own_end_ends_a_probe);
    tcase_add_test(tests, a_probe_that_a_good_answer_overtook_says_nothing);
    tcase_add_test(tests, a_request_goes_to_healthy_ones_that_it_has_not_tried);
    tcase_add_test(tests, where_none_is_healthy_the_one_probed_first_is_used);
    tcase_add_test(tests, one_that_is_alone_is_never_put_aside);
    return suite;
}
