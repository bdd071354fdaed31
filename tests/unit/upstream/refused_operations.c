/* SPDX-License-Identifier: Apache-2.0 */
/* What holds back one operation after a refusal (upstream/refused_operations.h). */
#include "base/util.h"
#include "refusals_world.h"

/* Ten tokens in half a second, and then it is refused. */
START_TEST(an_operation_has_a_pace_of_its_own)
{
    find_own_limit(X);
    now_ms += CLOSED_MS;
    pass(X, 10);
    now_ms += 490;
    refuse(X);
    ck_assert_double_eq(budget_pace(&budget), 0);
    ck_assert_int_eq(budget.refusals.operations.list[0].pace.rate, 7000);
    now_ms += CLOSED_MS;
    ck_assert(goes(X));
    ck_assert(!goes(X));
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, X, 1), now_ms + 143);
    ck_assert(goes(Y));
    now_ms += 1000;
    while (goes(X)) /* the last token is taken: more is wanted */
        ;
    ck_assert_int_eq(budget.refusals.operations.list[0].pace.rate, 7700);
    now_ms += 10 * MINUTE_MS;
    ck_assert(!refused_operations_find(&budget.refusals.operations, now_ms, X));
}
END_TEST

START_TEST(without_learning_an_operation_has_none)
{
    open_budget("", false);
    pass(Y, 1);
    find_own_limit(X);
    now_ms += CLOSED_MS;
    pass(X, 10);
    refuse(X);
    ck_assert_int_eq(budget.refusals.operations.list[0].pace.rate, 0);
    assert_closed(X, CLOSED_MS);
}
END_TEST

/* Without a pace it is closed for longer each time. */
START_TEST(refusals_in_a_row_are_counted)
{
    int64_t sent_ms = now_ms;
    unsigned i;

    refuse(X);
    ck_assert_uint_eq(refused_operations_in_a_row(&budget.refusals.operations, X, now_ms),
                      0); /* perhaps not its own */
    now_ms++;
    pass(Y, 20);
    ck_assert_uint_eq(refused_operations_in_a_row(&budget.refusals.operations, X, sent_ms), 0);
    for (i = 1; i < 5; i++) {
        now_ms += CLOSED_MS;
        ck_assert_uint_eq(refused_operations_in_a_row(&budget.refusals.operations, X, now_ms), i);
        ck_assert(goes(X));
        refuse(X);
        refuse_call(X, now_ms - 1); /* the same time */
        ck_assert_uint_eq(refused_operations_in_a_row(&budget.refusals.operations, X, now_ms - 1), i);
    }
    now_ms += CLOSED_MS;
    pass(X, 1);
    ck_assert_uint_eq(refused_operations_in_a_row(&budget.refusals.operations, X, now_ms), 0);
    ck_assert_uint_eq(refused_operations_in_a_row(&budget.refusals.operations, Y, now_ms), 0);
}
END_TEST

/* One more than can be kept: of those that are not closed, the least useful is forgotten. */
START_TEST(so_many_operations_are_kept)
{
    uint32_t operation;

    find_own_limit(X);
    for (operation = 100; operation < 100 + REFUSED_OPERATIONS_MAX - 1; operation++) {
        now_ms += 2 * MINUTE_MS;
        pass(Y, 1);
        refuse(operation);
    }
    ck_assert_uint_eq(budget.refusals.operations.count, REFUSED_OPERATIONS_MAX);
    now_ms += 2 * MINUTE_MS;
    pass(Y, 1);
    refuse(200);
    ck_assert_uint_eq(budget.refusals.operations.count, REFUSED_OPERATIONS_MAX);
    ck_assert(budget.refusals.operations.list[0].has_own_limit);
    ck_assert_uint_eq(budget.refusals.operations.list[1].id, 200);
}
END_TEST

/* All of them are closed. */
START_TEST(too_many_closed_operations_close_all)
{
    int64_t until_ms = START_MS + 1000 * MINUTE_MS;
    uint32_t operation;

    for (operation = 100; operation < 100 + REFUSED_OPERATIONS_MAX; operation++) {
        pass(Y, 1);
        ck_assert(goes(operation));
        refuse_call_until(operation, now_ms, until_ms);
        now_ms++;
        pass(Y, 20);
    }
    ck_assert_int_eq(budget.closed_until_ms, START_MS);
    refuse(X);
    ck_assert_int_eq(budget.closed_until_ms, now_ms + CLOSED_MS);
}
END_TEST

START_TEST(opening_opens_operations)
{
    find_own_limit(X);
    refuse(Z);
    budget_open(&budget, now_ms);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, X, 1), now_ms);
    ck_assert(goes(X));
    ck_assert(goes(Z));
    ck_assert(goes(Y));
    ck_assert(goes(Y));
}
END_TEST

START_TEST(the_end_of_learning_ends_their_paces)
{
    struct budget_options options = {.max_in_flight = 1000};

    find_own_limit(X);
    budget.refusals.operations.list[0].pace.rate = 1000;
    budget_configure(&budget, &options, now_ms);
    now_ms += CLOSED_MS;
    ck_assert(!refused_operations_find(&budget.refusals.operations, now_ms, X));
}
END_TEST

UNIT_SUITE(refused_operations)
{
    TCase *tests;
    Suite *suite = unit_suite_create("refused_operations", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, an_operation_has_a_pace_of_its_own);
    tcase_add_test(tests, without_learning_an_operation_has_none);
    tcase_add_test(tests, refusals_in_a_row_are_counted);
    tcase_add_test(tests, so_many_operations_are_kept);
    tcase_add_test(tests, too_many_closed_operations_close_all);
    tcase_add_test(tests, opening_opens_operations);
    tcase_add_test(tests, the_end_of_learning_ends_their_paces);
    return suite;
}
