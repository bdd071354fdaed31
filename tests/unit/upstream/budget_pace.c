/* SPDX-License-Identifier: Apache-2.0 */
/* What the budget learns from refusals. */
#include "base/util.h"
#include "unit.h"
#include "upstream/budget.h"

#define START_MS  INT64_C(5000)
#define MINUTE_MS INT64_C(60000)

static struct budget budget;
static int64_t now_ms;

static void open_budget(const char *limit, bool learn, unsigned max_in_flight)
{
    struct budget_options options = {.learn = learn, .max_in_flight = max_in_flight};

    ck_assert_int_eq(rate_limit_parse(limit, &options.limit, NULL), 0);
    now_ms = START_MS;
    budget_init(&budget, &options, now_ms);
}

static void call_now(unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        ck_assert(budget_take(&budget, now_ms, 0, 1));
        budget_settle(&budget, now_ms, 1, BUDGET_COUNTED);
    }
}

/* A refusal that leaves the budget open. */
static void refuse(int64_t sent_ms)
{
    budget_refused(&budget, now_ms, &(struct refusal){0, sent_ms, now_ms});
}

static void assert_pace(double expected)
{
    ck_assert_double_eq_tol(budget_pace(&budget), expected, 0.002);
}

/* A budget without a configured limit whose pace is PACE, and guessed. */
static void open_at(unsigned pace)
{
    open_budget("", true, 1000);
    call_now(pace * 10 / 7);
    refuse(now_ms);
    assert_pace(pace);
}

/* A call is held back by the pace. */
static void want(void)
{
    while (budget_take(&budget, now_ms, 0, 1))
        budget_settle(&budget, now_ms, 1, BUDGET_COUNTED);
}

START_TEST(the_first_pace_is_70_percent_of_what_was_granted)
{
    open_budget("", true, 1000);
    call_now(100);
    now_ms += 300;
    refuse(START_MS);
    assert_pace(70);
}
END_TEST

START_TEST(what_was_granted_is_that_of_the_last_second)
{
    int i;

    open_budget("", true, 1000);
    call_now(500);
    for (i = 0; i < 45; i++) { /* 40 a second */
        now_ms += 25 * 10;
        call_now(10);
    }
    refuse(now_ms);
    assert_pace(28);
}
END_TEST

/* Down to the least pace, by refusals. */
static void open_at_least(void)
{
    int i;

    open_at(7);
    for (i = 0; i < 10; i++) {
        now_ms += 10000;
        refuse(now_ms);
    }
}

START_TEST(a_pace_is_not_below_half_a_token_a_second)
{
    open_at_least();
    assert_pace(0.5);
    now_ms += 4000;
    ck_assert(budget_take(&budget, now_ms, 0, 2));
}
END_TEST

/* A refusal says little if little is sent. */
START_TEST(an_occasional_refusal_sets_no_pace)
{
    int i;

    open_budget("", true, 1000);
    for (i = 0; i < 20; i++) {
        call_now(4);
        now_ms += 1;
        refuse(now_ms - 1);
        assert_pace(0);
        now_ms += MINUTE_MS;
    }
}
END_TEST

START_TEST(calls_in_flight_are_load)
{
    open_budget("", true, 1000);
    call_now(3);
    ck_assert(budget_take(&budget, now_ms, 0, 1));
    ck_assert(budget_take(&budget, now_ms, 0, 1));
    now_ms++;
    refuse(now_ms - 1);
    assert_pace(2.1);
}
END_TEST

/* Five tokens in ten seconds. */
START_TEST(refusals_within_a_minute_set_one)
{
    int i;

    open_budget("", true, 1000);
    now_ms += 1000;
    refuse(now_ms);
    assert_pace(0);
    for (i = 0; i < 4; i++) {
        now_ms += 2000;
        call_now(1);
    }
    refuse(now_ms);
    assert_pace(0);
    now_ms += 2000;
    call_now(1);
    refuse(now_ms);
    assert_pace(0.5); /* 70 % of 0.5 is less than the least */
}
END_TEST

START_TEST(a_pace_goes_down_once_for_all_that_was_sent_before)
{
    int64_t first_ms;

    open_at(70);
    first_ms = now_ms;
    now_ms += 100;
    refuse(first_ms - 1);
    refuse(first_ms);
    assert_pace(70);
    refuse(first_ms + 1);
    assert_pace(49);
    refuse(now_ms);
    assert_pace(49);
    now_ms++;
    refuse(now_ms);
    assert_pace(34.3);
}
END_TEST

START_TEST(a_pace_begins_with_one_token_when_the_budget_opens)
{
    open_at(70);
    budget_refused(&budget, now_ms, &(struct refusal){0, now_ms - 1, now_ms + 2000});
    now_ms += 2000;
    call_now(1);
    now_ms += 14; /* 0.98 tokens */
    ck_assert(!budget_take(&budget, now_ms, 0, 1));
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 1), now_ms + 1);
    now_ms++;
    call_now(1);
}
END_TEST

START_TEST(a_pace_saves_up_one_second)
{
    unsigned count = 0;

    open_at(70);
    now_ms += 5 * MINUTE_MS;
    while (budget_take(&budget, now_ms, 0, 1))
        count++;
    ck_assert_uint_eq(count, 70);
}
END_TEST

/* But two tokens at least. */
START_TEST(the_least_pace_lets_a_call_of_two_tokens_go)
{
    open_at_least();
    now_ms += 1999;
    ck_assert(!budget_take(&budget, now_ms, 0, 2));
    now_ms += 5 * MINUTE_MS;
    ck_assert(budget_take(&budget, now_ms, 0, 2));
    ck_assert(!budget_take(&budget, now_ms, 0, 1));
}
END_TEST

START_TEST(what_never_left_costs_no_pace)
{
    open_at(70);
    now_ms += 15; /* 2.05 tokens */
    ck_assert(budget_take(&budget, now_ms, 0, 2));
    ck_assert(!budget_take(&budget, now_ms, 0, 1));
    budget_settle(&budget, now_ms, 2, BUDGET_UNCOUNTED);
    ck_assert(budget_take(&budget, now_ms, 0, 2));
}
END_TEST

START_TEST(a_guessed_pace_grows_by_a_tenth_for_each_second_in_which_it_holds)
{
    int i;

    open_at(70);
    now_ms += 999;
    want();
    assert_pace(70);
    now_ms++;
    want();
    assert_pace(77);
    for (i = 0; i < 10; i++) { /* more than once in a second */
        now_ms += 99;
        want();
    }
    assert_pace(77);
    now_ms += 10;
    want();
    assert_pace(84.7);
}
END_TEST

/* From 490 to 700 in a minute, and then on faster. */
START_TEST(a_refused_pace_is_reached_again_after_a_minute)
{
    int i;

    open_at(700);
    now_ms++;
    refuse(now_ms);
    for (i = 1; i <= 60; i++) {
        now_ms += 1000;
        want();
        assert_pace(490 + 3.5 * i);
    }
    now_ms += 1000;
    want();
    assert_pace(735);
    now_ms += 1000;
    want();
    assert_pace(771.75);
}
END_TEST

START_TEST(a_pace_that_holds_nothing_back_stays)
{
    int i;

    open_at(70);
    for (i = 0; i < 500; i++) {
        now_ms += 1000;
        call_now(60);
    }
    assert_pace(70);
}
END_TEST

/* The limit, the calls in flight, the time until which it is closed. */
START_TEST(a_pace_does_not_grow_while_something_else_holds_back)
{
    open_budget("10:100", true, 3);
    call_now(10);
    refuse(now_ms);
    assert_pace(7);
    now_ms += 2000;
    ck_assert(!budget_take(&budget, now_ms, 0, 1));
    now_ms += 58000;
    ck_assert(budget_take(&budget, now_ms, 0, 1));
    ck_assert(budget_take(&budget, now_ms, 0, 1));
    ck_assert(budget_take(&budget, now_ms, 0, 1));
    ck_assert(!budget_take(&budget, now_ms, 0, 1));
    assert_pace(7);
    budget_refused(&budget, now_ms, &(struct refusal){0, START_MS, now_ms + 5000});
    budget_settle(&budget, now_ms, 1, BUDGET_UNCOUNTED);
    now_ms += 4999;
    ck_assert(!budget_take(&budget, now_ms, 0, 1));
    assert_pace(7);
}
END_TEST

START_TEST(a_pace_that_holds_nothing_back_for_10_minutes_is_forgotten)
{
    open_at(70);
    now_ms += 5000;
    want();
    now_ms += 10 * MINUTE_MS - 1;
    call_now(1);
    assert_pace(77);
    now_ms++;
    call_now(1);
    assert_pace(0);
    call_now(1000);
}
END_TEST

START_TEST(without_learning_there_is_no_pace)
{
    struct budget_options options;

    open_budget("", false, 1000);
    call_now(100);
    budget_refused(&budget, now_ms, &(struct refusal){0, now_ms, now_ms + 1000});
    assert_pace(0);
    ck_assert(!budget_take(&budget, now_ms + 999, 0, 1));
    now_ms += 1000;
    call_now(1000);

    open_at(70);
    options = budget.options;
    budget_configure(&budget, &options, now_ms);
    assert_pace(70);
    options.learn = false;
    budget_configure(&budget, &options, now_ms);
    assert_pace(0);
    call_now(1000);
}
END_TEST

START_TEST(pace_and_limit_hold_together)
{
    open_budget("10:1", true, 1000);
    call_now(10);
    refuse(now_ms);
    now_ms += 1001;
    ck_assert(budget_take(&budget, now_ms, 0, 7));
    ck_assert_double_eq_tol(budget_tokens(&budget, now_ms, 0), 3, 0.001);
    ck_assert(!budget_take(&budget, now_ms, 0, 1)); /* the pace */
    now_ms += 858;
    ck_assert(budget_take(&budget, now_ms, 0, 3));
    ck_assert(!budget_take(&budget, now_ms, 0, 1)); /* the limit, as long as ten are in flight */
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 1), INT64_MAX);
}
END_TEST

/* The pace is forgotten before its bucket would have what is wanted. */
START_TEST(a_pace_that_will_be_forgotten_is_not_waited_for)
{
    open_at(70);
    budget_refused(&budget, now_ms, &(struct refusal){0, now_ms, now_ms + 3000});
    now_ms += 3000 + 10 * MINUTE_MS - 1;
    while (budget.pace.level >= 1000000 || budget.filled_ms < now_ms)
        ck_assert(budget_take(&budget, now_ms, 0, 1));
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 1), now_ms + 1);
    ck_assert(budget_take(&budget, now_ms + 1, 0, 1));
}
END_TEST

UNIT_SUITE(budget_pace)
{
    TCase *tests;
    Suite *suite = unit_suite_create("budget_pace", &tests);

    tcase_add_test(tests, the_first_pace_is_70_percent_of_what_was_granted);
    tcase_add_test(tests, what_was_granted_is_that_of_the_last_second);
    tcase_add_test(tests, a_pace_is_not_below_half_a_token_a_second);
    tcase_add_test(tests, an_occasional_refusal_sets_no_pace);
    tcase_add_test(tests, calls_in_flight_are_load);
    tcase_add_test(tests, refusals_within_a_minute_set_one);
    tcase_add_test(tests, a_pace_goes_down_once_for_all_that_was_sent_before);
    tcase_add_test(tests, a_pace_begins_with_one_token_when_the_budget_opens);
    tcase_add_test(tests, a_pace_saves_up_one_second);
    tcase_add_test(tests, the_least_pace_lets_a_call_of_two_tokens_go);
    tcase_add_test(tests, what_never_left_costs_no_pace);
    tcase_add_test(tests, a_guessed_pace_grows_by_a_tenth_for_each_second_in_which_it_holds);
    tcase_add_test(tests, a_refused_pace_is_reached_again_after_a_minute);
    tcase_add_test(tests, a_pace_that_holds_nothing_back_stays);
    tcase_add_test(tests, a_pace_does_not_grow_while_something_else_holds_back);
    tcase_add_test(tests, a_pace_that_holds_nothing_back_for_10_minutes_is_forgotten);
    tcase_add_test(tests, a_pace_that_will_be_forgotten_is_not_waited_for);
    tcase_add_test(tests, without_learning_there_is_no_pace);
    tcase_add_test(tests, pace_and_limit_hold_together);
    return suite;
}
