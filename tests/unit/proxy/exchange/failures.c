/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/failures.h"

#include <string.h>

#include "unit.h"

static struct failures failures;

static void set_up(void)
{
    failures_init(&failures);
}

static void note(int64_t user, int status, const char *error, const char *reason, int64_t now_ms)
{
    const struct failure_kind kind = {
        .operation = &operations[0], .user = user, .status = status, .error = error};

    failures_note(&failures, &kind, reason, now_ms);
}

static const struct failure *latest(void)
{
    return CONTAINER_OF(failures.list.next, struct failure, link);
}

static size_t count(void)
{
    const struct failure *failure;
    size_t found = 0;

    list_for_each(failure, &failures.list, link)
        found++;
    return found;
}

START_TEST(failures_of_a_kind_are_counted_and_the_latest_counts)
{
    char type[] = "connection_refused";

    note(1000, 502, "connection_refused", "after 10 ms", 1);
    note(1000, 404, NULL, NULL, 2);
    note(1000, 502, type, "after 20 ms", 3);
    ck_assert_uint_eq(count(), 2);
    ck_assert_uint_eq(latest()->count, 2);
    ck_assert_int_eq(latest()->at_ms, 3);
    ck_assert_str_eq(latest()->reason, "after 20 ms");
    note(1000, 404, NULL, NULL, 4);
    ck_assert_int_eq(latest()->kind.status, 404);
    ck_assert_str_eq(latest()->reason, "");
}
END_TEST

START_TEST(another_user_status_or_type_is_another_kind)
{
    note(1000, 502, "a", "", 1);
    note(1001, 502, "a", "", 1);
    note(1000, 503, "a", "", 1);
    note(1000, 502, "b", "", 1);
    note(1000, 502, NULL, "", 1);
    ck_assert_uint_eq(count(), 5);
    ck_assert_uint_eq(latest()->count, 1);
}
END_TEST

START_TEST(of_21_kinds_the_one_that_is_longest_ago_is_forgotten)
{
    int i;

    for (i = 0; i < FAILURES_MAX; i++)
        note(i, 502, NULL, "", i);
    note(0, 502, NULL, "", 100); /* no longer the one that is longest ago */
    note(FAILURES_MAX, 502, NULL, "", 101);
    ck_assert_uint_eq(count(), FAILURES_MAX);
    note(0, 502, NULL, "", 102);
    ck_assert_uint_eq(latest()->count, 3);
    note(1, 502, NULL, "", 103);
    ck_assert_uint_eq(latest()->count, 1);
}
END_TEST

START_TEST(one_user_does_not_displace_another)
{
    int status;

    note(1001, 502, NULL, "", 1);
    for (status = 400; status < 500; status++)
        note(1000, status, NULL, "", status);
    ck_assert_uint_eq(count(), FAILURES_MAX);
    note(1001, 502, NULL, "", 1000);
    ck_assert_uint_eq(latest()->count, 2);
    note(1000, 499 - FAILURES_MAX + 2, NULL, "", 1001); /* the oldest that is left */
    ck_assert_uint_eq(latest()->count, 2);
}
END_TEST

START_TEST(a_long_reason_is_cut_off_between_characters)
{
    char reason[FAILURE_REASON_BYTES + 2];

    memset(reason, 'x', sizeof(reason));
    reason[FAILURE_REASON_BYTES - 1] = '\0';
    note(1, 502, NULL, reason, 1);
    ck_assert_str_eq(latest()->reason, reason);
    memcpy(reason + FAILURE_REASON_BYTES - 2, "\xc3\xa4", 3);
    note(1, 502, NULL, reason, 1);
    reason[FAILURE_REASON_BYTES - 2] = '\0';
    ck_assert_str_eq(latest()->reason, reason);
}
END_TEST

UNIT_SUITE(failures)
{
    TCase *tests;
    Suite *suite = unit_suite_create("failures", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, failures_of_a_kind_are_counted_and_the_latest_counts);
    tcase_add_test(tests, another_user_status_or_type_is_another_kind);
    tcase_add_test(tests, of_21_kinds_the_one_that_is_longest_ago_is_forgotten);
    tcase_add_test(tests, one_user_does_not_displace_another);
    tcase_add_test(tests, a_long_reason_is_cut_off_between_characters);
    return suite;
}
