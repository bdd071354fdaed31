/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/budget.h"
#include "base/util.h"
#include "unit.h"

#define START_MS  INT64_C(5000)
#define MINUTE_MS INT64_C(60000)

static struct budget budget;
static int64_t now_ms;

static struct budget_options options(const char *limit, bool learn, unsigned max_in_flight)
{
    struct budget_options options = {.learn = learn, .max_in_flight = max_in_flight};

    ck_assert_int_eq(rate_limit_parse(limit, &options.limit, NULL), 0);
    return options;
}

static void open_budget(const char *limit, bool learn)
{
    struct budget_options with = options(limit, learn, 1000);

    now_ms = START_MS;
    budget_init(&budget, &with, now_ms);
}

static void configure(const char *limit, bool learn, unsigned max_in_flight)
{
    struct budget_options with = options(limit, learn, max_in_flight);

    budget_configure(&budget, &with, now_ms);
}

/* How many calls of COST go now. */
static unsigned take_all(unsigned cost)
{
    unsigned count = 0;

    while (count < 100000 && budget_take(&budget, now_ms, 0, cost))
        count++;
    return count;
}

static void settle(unsigned count, unsigned cost, enum budget_result result)
{
    while (count-- > 0)
        budget_settle(&budget, now_ms, cost, result);
}

/* Calls of COST that are answered at once. */
static unsigned call_all(unsigned cost)
{
    unsigned count = take_all(cost);

    settle(count, cost, BUDGET_COUNTED);
    return count;
}

/* A call of COST can be sent after WAIT_MS and not before; it is sent then. */
static void assert_ready_after(int64_t wait_ms, unsigned cost)
{
    struct budget early = budget;

    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, cost), now_ms + wait_ms);
    if (wait_ms > 0)
        ck_assert(!budget_take(&early, now_ms + wait_ms - 1, 0, cost));
    now_ms += wait_ms;
    ck_assert(budget_take(&budget, now_ms, 0, cost));
}

static void refuse(int64_t sent_ms, int64_t closed_ms)
{
    budget_refused(&budget, now_ms, &(struct refusal){0, sent_ms, now_ms + closed_ms});
}

START_TEST(without_a_limit_everything_goes)
{
    open_budget("", true);
    ck_assert_uint_eq(take_all(2), 1000); /* in flight */
    ck_assert_double_eq(budget_pace(&budget), 0);
}
END_TEST

START_TEST(a_bucket_gives_what_it_holds_and_fills_evenly)
{
    open_budget("50:1", false);
    ck_assert_double_eq(budget_tokens(&budget, now_ms, 0), 50);
    ck_assert_uint_eq(call_all(1), 50);
    ck_assert_double_eq(budget_tokens(&budget, now_ms, 0), 0);
    assert_ready_after(1 + 20, 1); /* the answer came before the end of its ms */
    assert_ready_after(20, 1);
    now_ms += 90;
    ck_assert_double_eq(budget_tokens(&budget, now_ms, 0), 4.5);
    now_ms += MINUTE_MS;
    ck_assert_double_eq(budget_tokens(&budget, now_ms, 0), 48); /* two are in flight */
    ck_assert_uint_eq(take_all(1), 48);
}
END_TEST

/* 3 tokens in 7 s: they are there after 2333.3, 4666.7 and 7000 ms. */
START_TEST(nothing_is_rounded)
{
    open_budget("3:7,300000:1", false);
    ck_assert_uint_eq(call_all(1), 3);
    now_ms++;
    assert_ready_after(2334, 1);
    settle(1, 1, BUDGET_COUNTED);
    assert_ready_after(2333, 1);
    settle(1, 1, BUDGET_COUNTED);
    assert_ready_after(2333, 1);
    settle(1, 1, BUDGET_COUNTED);
    assert_ready_after(2334, 1);
}
END_TEST

/* Its token is taken out, and the refill begins, when the answer comes, however late. */
START_TEST(a_call_in_flight_holds_its_token)
{
    open_budget("1:1", false);
    ck_assert_uint_eq(take_all(1), 1);
    now_ms += MINUTE_MS;
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 1), INT64_MAX);
    ck_assert(!budget_take(&budget, now_ms, 0, 1));
    settle(1, 1, BUDGET_COUNTED);
    assert_ready_after(1 + 1000, 1);
}
END_TEST

/* The budget is not used in between. */
START_TEST(refill_begins_after_the_answer_and_not_with_the_next_call)
{
    open_budget("2:10", false);
    ck_assert_uint_eq(call_all(1), 2);
    now_ms += 1 + 5000;
    ck_assert_uint_eq(take_all(1), 1);
}
END_TEST

START_TEST(all_buckets_must_have_the_cost_and_none_gives_it_otherwise)
{
    int i;

    open_budget("10:1,25:60", false);
    for (i = 0; i < 2; i++) {
        ck_assert_uint_eq(call_all(2), 5);
        now_ms += 1001;
    }
    /* The second bucket has 25 - 20 + 2 * 1000 * 25 / 60000 = 5.8 left. */
    ck_assert_uint_eq(call_all(2), 2);
    ck_assert_double_eq_tol(budget_tokens(&budget, now_ms, 0), 6, 0.001);
    ck_assert_double_eq_tol(budget_tokens(&budget, now_ms, 1), 1 + 50. / 60, 0.001);
    ck_assert(!budget_take(&budget, now_ms, 0, 2));
    ck_assert_double_eq_tol(budget_tokens(&budget, now_ms, 0), 6, 0.001);
    ck_assert_uint_eq(take_all(1), 1);
}
END_TEST

START_TEST(the_largest_bucket_does_not_overflow)
{
    open_budget("100000000:10000000", false);
    ck_assert_double_eq(budget_tokens(&budget, INT64_MAX / 2, 0), 1e8);
    ck_assert(budget_take(&budget, now_ms, 0, 100000000));
    ck_assert(!budget_take(&budget, now_ms, 0, 1));
    settle(1, 100000000, BUDGET_COUNTED);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 100000000), now_ms + 1 + INT64_C(10000000000));
    assert_ready_after(1 + 100, 1);
    settle(1, 1, BUDGET_UNCOUNTED);
    now_ms = INT64_MAX / 2;
    ck_assert_double_eq(budget_tokens(&budget, now_ms, 0), 1e8);
}
END_TEST

START_TEST(a_cost_above_the_capacity_goes_with_a_full_bucket)
{
    open_budget("1:1,3:1", false);
    ck_assert_uint_eq(take_all(5), 1);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 5), INT64_MAX);
    settle(1, 5, BUDGET_COUNTED);
    assert_ready_after(1 + 1000, 5);
    settle(1, 5, BUDGET_COUNTED);
    assert_ready_after(1 + 1000, 1);
}
END_TEST

START_TEST(no_cost_needs_a_place_only)
{
    open_budget("1:1", true);
    ck_assert_uint_eq(call_all(1), 1);
    refuse(now_ms, MINUTE_MS);
    configure("1:1", true, 3);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 0), now_ms);
    ck_assert_uint_eq(take_all(0), 2);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 0), INT64_MAX);
}
END_TEST

START_TEST(calls_in_flight_are_bounded)
{
    open_budget("", false);
    configure("", false, 8);
    ck_assert_uint_eq(take_all(1), 8);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 1), INT64_MAX);
    settle(1, 1, BUDGET_COUNTED);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 1), now_ms);
    ck_assert_uint_eq(take_all(1), 1);
    settle(8, 1, BUDGET_COUNTED);
    ck_assert_int_eq(budget.reserved, 0);
}
END_TEST

START_TEST(what_was_not_counted_is_there_again)
{
    open_budget("10:60", false);
    ck_assert_uint_eq(take_all(2), 5);
    settle(3, 2, BUDGET_UNCOUNTED);
    ck_assert_uint_eq(take_all(2), 3);
    settle(5, 2, BUDGET_REFUSED);
    ck_assert_uint_eq(take_all(2), 5);
}
END_TEST

START_TEST(closing_stops_all_and_empties_the_buckets)
{
    open_budget("10:1", false);
    ck_assert_uint_eq(take_all(1), 10);
    settle(10, 1, BUDGET_REFUSED);
    refuse(now_ms, 50);
    ck_assert_double_eq(budget_tokens(&budget, now_ms, 0), 0);
    assert_ready_after(1 + 100, 1);
    refuse(now_ms, 3000);
    refuse(now_ms, 2000); /* does not open earlier */
    assert_ready_after(3000, 1);
    ck_assert_double_eq(budget_pace(&budget), 0);
}
END_TEST

/* The server had no token left when it refused, so an answer to an earlier call says nothing new; but until
 * then the call may take one. */
START_TEST(calls_in_flight_outlast_the_closing)
{
    open_budget("10:1", false);
    ck_assert_uint_eq(take_all(1), 10);
    settle(1, 1, BUDGET_REFUSED);
    refuse(now_ms, 0);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 1), now_ms + 1 + 1000);
    now_ms += 1 + 100;
    settle(8, 1, BUDGET_COUNTED);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 1), now_ms + 1 + 200);
    settle(1, 1, BUDGET_COUNTED);
    assert_ready_after(1 + 100, 1);
}
END_TEST

START_TEST(other_limits_keep_the_levels_of_the_pairs_that_stay)
{
    open_budget("10:1,100:60", false);
    ck_assert_uint_eq(call_all(1), 10);
    ck_assert_uint_eq(take_all(0), 500);
    settle(498, 0, BUDGET_COUNTED);
    now_ms++;
    configure("100:60,20:1,10:2", false, 3);
    ck_assert_double_eq_tol(budget_tokens(&budget, now_ms, 0), 90, 0.01);
    ck_assert_double_eq(budget_tokens(&budget, now_ms, 1), 20);
    ck_assert_double_eq(budget_tokens(&budget, now_ms, 2), 10);
    ck_assert_uint_eq(take_all(1), 1); /* two are in flight */
    configure("", false, 1000);
    ck_assert_uint_eq(take_all(1), 997);
}
END_TEST

/* More are in flight than the new one holds. */
START_TEST(a_smaller_limit_waits_for_the_calls_in_flight)
{
    open_budget("10:1", false);
    ck_assert_uint_eq(take_all(1), 10);
    configure("3:1", false, 1000);
    ck_assert_double_eq(budget_tokens(&budget, now_ms, 0), 0);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 1), INT64_MAX);
    settle(10, 1, BUDGET_COUNTED);
    assert_ready_after(1 + 334, 1);
}
END_TEST

/* Its tokens come back while it still has its place, which is one of those for calls that cost nothing. */
START_TEST(an_answer_that_goes_on_keeps_its_place_only)
{
    open_budget("2:1", false);
    configure("2:1", false, 4);
    ck_assert_uint_eq(take_all(1), 2);
    budget_answer_begun(&budget, now_ms, 1);
    budget_answer_begun(&budget, now_ms, 1);
    ck_assert_uint_eq(budget.in_flight, 2);
    assert_ready_after(1 + 500, 1);
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 0), INT64_MAX);
    settle(1, 0, BUDGET_COUNTED);
    ck_assert_uint_eq(take_all(0), 1);
    settle(2, 0, BUDGET_COUNTED);
    settle(1, 1, BUDGET_COUNTED);
    ck_assert_uint_eq(budget.in_flight, 0);
    ck_assert_int_eq(budget.reserved, 0);
}
END_TEST

START_TEST(a_closing_can_be_ended)
{
    open_budget("", true);
    refuse(now_ms, MINUTE_MS);
    ck_assert_uint_eq(take_all(1), 0);
    budget_open(&budget, now_ms);
    ck_assert(budget_take(&budget, now_ms, 0, 1));
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 1), now_ms);
}
END_TEST

START_TEST(the_time_of_closings_is_counted)
{
    open_budget("10:1", false);
    refuse(now_ms, 3000); /* the only operation */
    ck_assert_int_eq(budget_was_closed_ms(&budget, now_ms), 0);
    now_ms += 1000;
    ck_assert_int_eq(budget_was_closed_ms(&budget, now_ms), 1000);
    refuse(now_ms, 1500); /* within the first */
    now_ms += 2000;
    ck_assert_int_eq(budget_was_closed_ms(&budget, now_ms), 3000);
    now_ms += MINUTE_MS;
    ck_assert_int_eq(budget_was_closed_ms(&budget, now_ms), 3000);
    refuse(now_ms, MINUTE_MS);
    now_ms += 500;
    budget_open(&budget, now_ms);
    now_ms += MINUTE_MS;
    ck_assert_int_eq(budget_was_closed_ms(&budget, now_ms), 3500);
}
END_TEST

START_TEST(half_of_the_places_are_not_for_what_costs_nothing)
{
    unsigned i;

    open_budget("", false);
    configure("", false, 5);
    for (i = 0; i < 3; i++)
        ck_assert(budget_take(&budget, now_ms, 0, 0));
    ck_assert(!budget_take(&budget, now_ms, 0, 0));
    ck_assert_int_eq(budget_ready_ms(&budget, now_ms, 0, 0), INT64_MAX);
    ck_assert(budget_take(&budget, now_ms, 0, 1));
    ck_assert(budget_take(&budget, now_ms, 0, 1));
    ck_assert(!budget_take(&budget, now_ms, 0, 1));
    budget_settle(&budget, now_ms, 0, BUDGET_COUNTED);
    ck_assert(budget_take(&budget, now_ms, 0, 0));
    open_budget("", false);
    configure("", false, 1);
    ck_assert(budget_take(&budget, now_ms, 0, 0));
}
END_TEST

UNIT_SUITE(budget)
{
    TCase *tests;
    Suite *suite = unit_suite_create("budget", &tests);

    tcase_add_test(tests, a_closing_can_be_ended);
    tcase_add_test(tests, half_of_the_places_are_not_for_what_costs_nothing);
    tcase_add_test(tests, without_a_limit_everything_goes);
    tcase_add_test(tests, a_bucket_gives_what_it_holds_and_fills_evenly);
    tcase_add_test(tests, nothing_is_rounded);
    tcase_add_test(tests, a_call_in_flight_holds_its_token);
    tcase_add_test(tests, refill_begins_after_the_answer_and_not_with_the_next_call);
    tcase_add_test(tests, all_buckets_must_have_the_cost_and_none_gives_it_otherwise);
    tcase_add_test(tests, the_largest_bucket_does_not_overflow);
    tcase_add_test(tests, a_cost_above_the_capacity_goes_with_a_full_bucket);
    tcase_add_test(tests, no_cost_needs_a_place_only);
    tcase_add_test(tests, calls_in_flight_are_bounded);
    tcase_add_test(tests, what_was_not_counted_is_there_again);
    tcase_add_test(tests, closing_stops_all_and_empties_the_buckets);
    tcase_add_test(tests, calls_in_flight_outlast_the_closing);
    tcase_add_test(tests, other_limits_keep_the_levels_of_the_pairs_that_stay);
    tcase_add_test(tests, a_smaller_limit_waits_for_the_calls_in_flight);
    tcase_add_test(tests, the_time_of_closings_is_counted);
    tcase_add_test(tests, an_answer_that_goes_on_keeps_its_place_only);
    return suite;
}
