/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "base/quota.h"
#include "unit.h"

START_TEST(no_more_than_the_maximum_is_taken)
{
    struct quota quota = {.max = 100};

    ck_assert(quota_take(&quota, 60));
    ck_assert(!quota_take(&quota, 41));
    ck_assert_uint_eq(quota.used, 60);
    ck_assert(quota_take(&quota, 40));
    ck_assert(!quota_take(&quota, 1));
    ck_assert(quota_take(&quota, 0));
    quota_give_back(&quota, 60);
    ck_assert(!quota_take(&quota, 61));
    ck_assert(quota_take(&quota, 60));
    ck_assert_uint_eq(quota.used, 100);
}
END_TEST

START_TEST(sums_do_not_overflow)
{
    struct quota quota = {.used = 10, .max = SIZE_MAX};

    ck_assert(!quota_take(&quota, SIZE_MAX));
    ck_assert(quota_take(&quota, SIZE_MAX - 10));
    ck_assert(!quota_take(&quota, 1));
    ck_assert_uint_eq(quota.used, SIZE_MAX);
}
END_TEST

/* A reload can make it smaller than what is in use. */
START_TEST(a_shrunk_quota_refuses_until_enough_came_back)
{
    struct quota quota = {.used = 80, .max = 50};

    ck_assert(!quota_take(&quota, 1));
    quota_give_back(&quota, 31);
    ck_assert(quota_take(&quota, 1));
    ck_assert(!quota_take(&quota, 1));
}
END_TEST

UNIT_SUITE(quota)
{
    TCase *tests;
    Suite *suite = unit_suite_create("quota", &tests);

    tcase_add_test(tests, no_more_than_the_maximum_is_taken);
    tcase_add_test(tests, sums_do_not_overflow);
    tcase_add_test(tests, a_shrunk_quota_refuses_until_enough_came_back);
    return suite;
}
