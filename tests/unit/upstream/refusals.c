/* SPDX-License-Identifier: Apache-2.0 */
/* Which limit caused a refusal, by what the budget lets go (upstream/refusals.h). */
#include "base/util.h"
#include "refusals_world.h"

START_TEST(a_refused_operation_is_closed_and_no_other)
{
    refuse(X);
    assert_closed(X, CLOSED_MS);
    ck_assert_int_eq(budget_closed_ms(&budget, now_ms), CLOSED_MS); /* no other has passed since */
    now_ms++;
    pass(Y, 1);
    ck_assert_int_eq(budget_closed_ms(&budget, now_ms), 0);
    assert_closed(X, CLOSED_MS - 2);
    ck_assert(refused_operations_find(&budget.refusals.operations, now_ms, X));
    ck_assert(!refused_operations_find(&budget.refusals.operations, now_ms, Y));
    now_ms += CLOSED_MS;
    ck_assert(goes(X));
    ck_assert(!refused_operations_find(&budget.refusals.operations, now_ms, X));
}
END_TEST

/* One, then two more for each that is accepted; what is sent in the ms of the refusal may have been first. */
START_TEST(others_go_slowly_while_it_is_in_question)
{
    refuse(X);
    ck_assert(!goes(Y));
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, Y, 1), now_ms + 1);
    now_ms++;
    ck_assert(goes(Y));
    ck_assert(!goes(Y));
    ck_assert(!goes(Z));
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, Z, 1), now_ms + 1000);
    now_ms++;
    accept_call(Y, now_ms - 1);
    ck_assert(goes(Z));
    ck_assert(goes(Y));
    ck_assert(!goes(Y));
    accept_call(Z, now_ms);
    ck_assert(goes(Z));
    ck_assert(goes(Z));
    ck_assert(!goes(Z));
}
END_TEST

START_TEST(one_a_second_goes_even_if_none_is_answered)
{
    int i;

    ck_assert(goes(X));
    refuse_call_until(X, now_ms, now_ms + MINUTE_MS);
    now_ms++;
    for (i = 0; i < 5; i++) {
        ck_assert(goes(Y));
        now_ms += 999;
        ck_assert(!goes(Y));
        now_ms++;
    }
}
END_TEST

/* What was sent before does not, however late its answer. */
START_TEST(only_what_was_sent_since_counts)
{
    ck_assert(goes(Y));
    ck_assert(goes(X));
    now_ms += 5;
    ck_assert(goes(Y));
    refuse_call(X, now_ms - 5);
    accept_call(Y, now_ms - 5);
    accept_call(Y, now_ms);
    now_ms++;
    ck_assert(goes(Y));
    ck_assert(!goes(Y));
}
END_TEST

START_TEST(twenty_tokens_of_others_are_enough)
{
    refuse(X);
    now_ms++;
    pass(Y, 19);
    ck_assert(budget.refusals.question.is_open);
    pass(Z, 1);
    ck_assert(!budget.refusals.question.is_open);
    while (budget.in_flight < 500)
        ck_assert(goes(Y));
    assert_closed(X, CLOSED_MS - 21);
}
END_TEST

/* From then on it holds back no other, not even for a moment. */
START_TEST(a_limit_of_its_own_is_remembered)
{
    find_own_limit(X);
    now_ms += 9 * MINUTE_MS;
    refuse(X);
    ck_assert(goes(Y));
    assert_closed(X, CLOSED_MS);
    refuse(Z); /* in question is this one, and X says nothing of it */
    refuse_call(X, now_ms);
    ck_assert_int_eq(budget.closed_until_ms, START_MS);
    now_ms += 10 * MINUTE_MS;
    pass(Y, 1);
    refuse(X);
    ck_assert(!goes(Y));
}
END_TEST

START_TEST(a_second_operation_closes_all)
{
    refuse(X);
    now_ms++;
    refuse(Y);
    assert_closed(X, CLOSED_MS);
    assert_closed(Y, CLOSED_MS);
    assert_closed(Z, CLOSED_MS);
    ck_assert_int_eq(budget_closed_ms(&budget, now_ms), CLOSED_MS);
    now_ms += CLOSED_MS;
    ck_assert(goes(X));
    ck_assert(goes(Y));
}
END_TEST

/* What was under way is refused, too: it was sent before. */
START_TEST(what_was_sent_before_all_were_closed_is_no_new_question)
{
    ck_assert(goes(Z));
    refuse(X);
    now_ms++;
    refuse(Y);
    now_ms += 2;
    refuse_call(Z, START_MS + 1);
    ck_assert(!budget.refusals.question.is_open);
    assert_closed(X, CLOSED_MS);
    assert_closed(Z, CLOSED_MS);
}
END_TEST

/* After that Y is in question itself. */
START_TEST(a_question_is_dropped_after_a_minute)
{
    refuse(X);
    now_ms += MINUTE_MS - 2 + _i;
    refuse(Y);
    ck_assert_int_eq(budget.closed_until_ms, _i ? START_MS : now_ms + CLOSED_MS);
}
END_TEST

START_TEST(a_question_lasts_as_long_as_the_operation_is_closed)
{
    ck_assert(goes(X));
    refuse_call_until(X, now_ms, now_ms + 10 * MINUTE_MS);
    now_ms += 10 * MINUTE_MS - 400;
    ck_assert(goes(Y));
    ck_assert(!goes(Y));
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, Y, 1), now_ms + 400);
    now_ms += 399;
    ck_assert(!goes(Y));
    now_ms++;
    ck_assert(goes(Y));
    ck_assert(goes(X));
}
END_TEST

/* Nothing was found out. */
START_TEST(a_question_ends_when_the_operation_passes_first)
{
    refuse(X);
    now_ms += CLOSED_MS;
    pass(X, 1);
    ck_assert(goes(Y));
    ck_assert(goes(Y));
}
END_TEST

START_TEST(one_operation_alone_slows_all_down)
{
    open_budget("10:1", true);
    pass(X, 8);
    refuse(X);
    ck_assert_double_eq_tol(budget_pace(&budget), 5.6, 0.001);
    ck_assert_double_eq(budget_tokens(&budget, now_ms, 0), 0);
    assert_closed(X, CLOSED_MS);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, Y, 1), now_ms + 101); /* a token, and no pace */
}
END_TEST

/* With or without others within the last minute. */
START_TEST(an_operation_is_alone_after_a_minute_without_others)
{
    pass(X, 1);
    now_ms += MINUTE_MS - 2 + _i;
    pass(X, 8);
    now_ms -= 8;
    ck_assert(goes(X));
    refuse_call(X, now_ms);
    ck_assert_double_eq_tol(budget_pace(&budget), _i ? 5.6 : 0, 0.001);
}
END_TEST

/* It was learned from X alone; then others find out that it is X's own, and are slowed down no longer. */
START_TEST(a_pace_learned_from_one_becomes_its_own)
{
    int64_t from_ms;
    double before;

    open_budget("", true);
    pass(X, 10);
    refuse(X);
    ck_assert_double_eq_tol(budget_pace(&budget), 7, 0.001);
    from_ms = now_ms;
    now_ms += 99;
    pass(Y, 19);
    now_ms += 100 - 19 + 1;
    pass(Y, 1);
    ck_assert_int_eq(budget.refusals.operations.list[0].pace.rate, 7000);
    before = 20. * 1000 / (double)(now_ms - from_ms);
    ck_assert_double_eq_tol(budget_pace(&budget), before, 0.1);
    now_ms += 1000;
    while (goes(Y))
        ;
    ck_assert_double_eq_tol(budget_pace(&budget), 1.25 * before, 0.1);
    now_ms += 1000;
    while (goes(Y))
        ;
    ck_assert_double_eq_tol(budget_pace(&budget), 1.25 * 1.25 * before, 0.1);
}
END_TEST

/* A shared pace, learned from Y and Z; it was a guess, and all have been open again for a long time. */
static void learn_for_all(void)
{
    pass(Y, 98);
    refuse(Y);
    now_ms++;
    refuse(Z);
    ck_assert_double_eq_tol(budget_pace(&budget), 70, 1);
    now_ms += CLOSED_MS + 2000;
}

static void assert_all_closed(bool expected)
{
    ck_assert_int_eq(budget.closed_until_ms >= now_ms + CLOSED_MS, expected);
    ck_assert_int_eq(budget.refusals.question.is_open, !expected);
}

START_TEST(a_refusal_that_was_due_is_that_of_all)
{
    learn_for_all();
    refuse(Y);
    assert_all_closed(true);
    ck_assert_double_eq_tol(budget_pace(&budget), 49, 1);
    now_ms += CLOSED_MS + 2000;
    refuse(Y); /* far below what was refused */
    assert_all_closed(false);
    ck_assert_double_eq_tol(budget_pace(&budget), 49, 1);
    assert_closed(Y, CLOSED_MS);
}
END_TEST

/* 90 % of what was refused last. */
START_TEST(a_refusal_is_due_from_nine_tenths_on)
{
    learn_for_all();
    budget.pace.ceiling = 50000;
    budget.pace.rate = 45000 - _i;
    refuse(Y);
    assert_all_closed(_i == 0);
}
END_TEST

/* Of a call that was sent within 2 s: the pace is still too high. */
START_TEST(a_refusal_soon_after_all_were_closed_is_that_of_all)
{
    learn_for_all();
    budget.pace.ceiling = 1000000;
    now_ms -= _i;
    refuse(Z);
    assert_all_closed(_i == 1);
}
END_TEST

/* X was never refused with the others. */
START_TEST(an_operation_is_not_taken_for_one_of_the_others)
{
    learn_for_all();
    refuse(X);
    assert_all_closed(false);
    ck_assert_double_eq_tol(budget_pace(&budget), 70, 1);
}
END_TEST

/* Others get 5 tokens, an eighth of all, and are not refused: it is not a shared limit. */
START_TEST(a_limit_that_spares_others_is_not_that_of_all)
{
    learn_for_all();
    now_ms += 1000;
    pass(Y, 28);
    pass(X, _i ? 5 : 4);
    now_ms += 1000;
    refuse(Y);
    assert_all_closed(_i == 0);
}
END_TEST

/* While a pace slows others down, it takes 10 s. */
START_TEST(with_a_pace_the_evidence_takes_its_time)
{
    unsigned i;

    learn_for_all();
    refuse(X);
    now_ms++;
    for (i = 0; i < 99; i++) {
        now_ms += 100;
        pass(Y, 1);
        now_ms--;
    }
    ck_assert(budget.refusals.question.is_open);
    now_ms += 100;
    pass(Y, 1);
    ck_assert(!budget.refusals.question.is_open);
    ck_assert(budget.refusals.operations.list[2].has_own_limit);
    ck_assert_uint_eq(budget.refusals.operations.list[2].id, X);
}
END_TEST

/* Calls wait for the buckets of a configured limit in any case. */
START_TEST(configured_limits_hold_for_those_that_decide_it)
{
    open_budget("3:1", true);
    pass(Y, 1);
    refuse(X);
    now_ms++;
    pass(Y, 2);
    ck_assert(!goes(Y));
    ck_assert_double_eq_tol(budget_tokens(&budget, now_ms, 0), 0, 0.02);
}
END_TEST

UNIT_SUITE(refusals)
{
    TCase *tests;
    Suite *suite = unit_suite_create("refusals", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, a_refused_operation_is_closed_and_no_other);
    tcase_add_test(tests, others_go_slowly_while_it_is_in_question);
    tcase_add_test(tests, one_a_second_goes_even_if_none_is_answered);
    tcase_add_test(tests, only_what_was_sent_since_counts);
    tcase_add_test(tests, twenty_tokens_of_others_are_enough);
    tcase_add_test(tests, a_limit_of_its_own_is_remembered);
    tcase_add_test(tests, a_second_operation_closes_all);
    tcase_add_test(tests, what_was_sent_before_all_were_closed_is_no_new_question);
    tcase_add_loop_test(tests, a_question_is_dropped_after_a_minute, 0, 2);
    tcase_add_test(tests, a_question_lasts_as_long_as_the_operation_is_closed);
    tcase_add_test(tests, a_question_ends_when_the_operation_passes_first);
    tcase_add_test(tests, one_operation_alone_slows_all_down);
    tcase_add_loop_test(tests, an_operation_is_alone_after_a_minute_without_others, 0, 2);
    tcase_add_test(tests, a_pace_learned_from_one_becomes_its_own);
    tcase_add_test(tests, a_refusal_that_was_due_is_that_of_all);
    tcase_add_loop_test(tests, a_refusal_is_due_from_nine_tenths_on, 0, 2);
    tcase_add_loop_test(tests, a_refusal_soon_after_all_were_closed_is_that_of_all, 0, 2);
    tcase_add_test(tests, an_operation_is_not_taken_for_one_of_the_others);
    tcase_add_loop_test(tests, a_limit_that_spares_others_is_not_that_of_all, 0, 2);
    tcase_add_test(tests, with_a_pace_the_evidence_takes_its_time);
    tcase_add_test(tests, configured_limits_hold_for_those_that_decide_it);
    return suite;
}
