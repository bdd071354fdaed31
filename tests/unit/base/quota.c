/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "base/quota.h"
#include "base/util.h"
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

/* Takes as many as it gets. */
static size_t fill(struct quota *part)
{
    size_t count = 0;

    while (quota_take(part, 1))
        count++;
    return count;
}

/* 100 for each, and 133 for all. */
START_TEST(one_that_is_alone_has_everything)
{
    struct quota whole = {.max = 100};
    struct quota alice = {.whole = &whole}, bob = {.whole = &whole}, carol = {.whole = &whole};

    ck_assert_uint_eq(fill(&alice), 100);
    ck_assert_uint_eq(fill(&bob), 17); /* 16 are free, an eighth */
    ck_assert_uint_eq(fill(&carol), 1);
    ck_assert_uint_eq(whole.used, 118);
    ck_assert_uint_eq(fill(&alice), 0);
    quota_give_back(&alice, 60);
    ck_assert_uint_eq(fill(&alice), 47); /* 28 are free: no more than a third of 87 */
    ck_assert_uint_eq(fill(&bob), 12);
    quota_give_back(&alice, alice.used);
    quota_give_back(&bob, bob.used);
    quota_give_back(&carol, carol.used);
    ck_assert_uint_eq(whole.used, 0);
}
END_TEST

/* 85 for all, as of places in flight by default. */
START_TEST(many_that_take_all_they_get_leave_one_for_each_of_ten)
{
    struct quota whole = {.max = 64};
    struct quota parts[16] = {0};
    size_t i, round, held = 0;

    for (round = 0; round < 64; round++)
        for (i = 0; i < 5; i++) {
            parts[i].whole = &whole;
            quota_take(&parts[i], 1);
        }
    ck_assert_uint_eq(whole.used, 75);
    for (i = 5; i < ARRAY_SIZE(parts); i++) {
        parts[i].whole = &whole;
        held += fill(&parts[i]);
    }
    ck_assert_uint_eq(held, 10);
}
END_TEST

START_TEST(shares_of_small_numbers)
{
    struct quota whole = {.max = 1};
    struct quota alice = {.whole = &whole}, bob = {.whole = &whole};

    ck_assert_uint_eq(fill(&alice), 1);
    ck_assert_uint_eq(fill(&bob), 0); /* there is no third more */
    ck_assert(quota_take(&bob, 0));
    quota_give_back(&alice, 1);
    ck_assert_uint_eq(fill(&bob), 1);
}
END_TEST

START_TEST(shares_do_not_overflow)
{
    struct quota whole = {.max = SIZE_MAX};
    struct quota alice = {.whole = &whole}, bob = {.whole = &whole};

    ck_assert_uint_eq(quota_total(SIZE_MAX), SIZE_MAX);
    ck_assert_uint_eq(quota_total(3), 4);
    ck_assert_uint_eq(quota_total(5), 6);
    ck_assert_uint_eq(quota_part(6), 5);
    ck_assert_uint_eq(quota_part(7), 5);
    ck_assert_uint_eq(quota_part(1), 1);
    ck_assert(quota_take(&alice, SIZE_MAX - 10));
    ck_assert(!quota_take(&bob, SIZE_MAX));
    ck_assert(quota_take(&bob, 10));
}
END_TEST

START_TEST(what_is_added_counts_for_all)
{
    struct quota whole = {.max = 9};
    struct quota alice = {.whole = &whole}, bob = {.whole = &whole};

    quota_add(&alice, 20);
    ck_assert_uint_eq(whole.used, 20);
    ck_assert(!quota_take(&alice, 1));
    ck_assert(!quota_take(&bob, 1));
}
END_TEST

UNIT_SUITE(quota)
{
    TCase *tests;
    Suite *suite = unit_suite_create("quota", &tests);

    tcase_add_test(tests, no_more_than_the_maximum_is_taken);
    tcase_add_test(tests, sums_do_not_overflow);
    tcase_add_test(tests, a_shrunk_quota_refuses_until_enough_came_back);
    tcase_add_test(tests, one_that_is_alone_has_everything);
    tcase_add_test(tests, many_that_take_all_they_get_leave_one_for_each_of_ten);
    tcase_add_test(tests, shares_of_small_numbers);
    tcase_add_test(tests, shares_do_not_overflow);
    tcase_add_test(tests, what_is_added_counts_for_all);
    return suite;
}
