/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_rate.h"

#include "unit.h"

#define BEGIN_MS INT64_C(1000000)

START_TEST(nothing_has_come)
{
    const struct spool_rate rate = {0};

    ck_assert_double_eq(spool_rate_per_s(&rate, BEGIN_MS), 0);
}
END_TEST

START_TEST(a_steady_rate_is_seen_at_any_time)
{
    struct spool_rate rate = {0};
    int64_t ms;

    for (ms = 0; ms <= 10 * SPOOL_RATE_MS; ms += 100) {
        spool_rate_count(&rate, BEGIN_MS + ms, 5);
        if (ms >= 1000)
            ck_assert_double_eq_tol(spool_rate_per_s(&rate, BEGIN_MS + ms + 100), 50, 5);
    }
}
END_TEST

START_TEST(few_at_once_are_not_many_a_second)
{
    struct spool_rate rate = {0};

    spool_rate_count(&rate, BEGIN_MS, 7);
    ck_assert_double_eq(spool_rate_per_s(&rate, BEGIN_MS + 1), 7);
}
END_TEST

START_TEST(it_ends_with_the_events)
{
    struct spool_rate rate = {0};

    spool_rate_count(&rate, BEGIN_MS, 1000);
    ck_assert_double_eq_tol(spool_rate_per_s(&rate, BEGIN_MS + SPOOL_RATE_MS), 100, 0.001);
    ck_assert_double_gt(spool_rate_per_s(&rate, BEGIN_MS + 2 * SPOOL_RATE_MS - 1), 50);
    ck_assert_double_eq(spool_rate_per_s(&rate, BEGIN_MS + 2 * SPOOL_RATE_MS), 0);
    spool_rate_count(&rate, BEGIN_MS + 100 * SPOOL_RATE_MS, 3);
    ck_assert_double_eq(spool_rate_per_s(&rate, BEGIN_MS + 100 * SPOOL_RATE_MS + 1000), 3);
}
END_TEST

UNIT_SUITE(spool_rate)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_rate", &tests);

    tcase_add_test(tests, nothing_has_come);
    tcase_add_test(tests, a_steady_rate_is_seen_at_any_time);
    tcase_add_test(tests, few_at_once_are_not_many_a_second);
    tcase_add_test(tests, it_ends_with_the_events);
    return suite;
}
