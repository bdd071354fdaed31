/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/slow_start.h"

#include "unit.h"

#define ROUND_MS 10

static struct slow_start start;

static void set_up(void)
{
    start = (struct slow_start){0};
}

static void come_back(int64_t now_ms)
{
    slow_start_close(&start, now_ms - SLOW_START_OUTAGE_MS);
    slow_start_open(&start, now_ms);
}

/* Sends all that may be sent, at most MAX; returns how many. */
static unsigned send(int64_t now_ms, unsigned max)
{
    unsigned sent = 0;

    while (sent < max && slow_start_allows(&start, now_ms)) {
        slow_start_sent(&start);
        sent++;
    }
    return sent;
}

static void end(unsigned count, bool answered)
{
    while (count-- > 0)
        slow_start_ended(&start, start.number + 1, answered);
}

START_TEST(before_the_first_outage_there_is_no_bound)
{
    ck_assert_uint_eq(send(0, 10000), 10000);
    ck_assert_int_eq(slow_start_ready_ms(&start, 0), INT64_MAX);
    end(10000, true);
}
END_TEST

START_TEST(nothing_is_sent_while_it_is_away)
{
    slow_start_close(&start, 1000);
    slow_start_close(&start, 2000);
    ck_assert_int_eq(start.since_ms, 1000);
    ck_assert(!slow_start_allows(&start, 1000));
    ck_assert(!slow_start_allows(&start, 1000000));
    ck_assert_int_eq(slow_start_ready_ms(&start, 1000), INT64_MAX);
}
END_TEST

START_TEST(each_round_is_twice_as_large)
{
    static const unsigned rounds[] = {1, 2, 4, 8, 16, 32, 64};
    int64_t now_ms = 0;
    size_t i;

    come_back(now_ms);
    for (i = 0; i < sizeof(rounds) / sizeof(*rounds); i++, now_ms += ROUND_MS) {
        ck_assert_uint_eq(send(now_ms, 10000), rounds[i]);
        ck_assert(!slow_start_allows(&start, now_ms));
        end(rounds[i], true);
    }
    ck_assert_uint_eq(send(now_ms, 10000), 10000); /* 128: it is over */
}
END_TEST

START_TEST(what_fails_does_not_widen_it)
{
    come_back(0);
    ck_assert_uint_eq(send(0, 10000), 1);
    end(1, false);
    ck_assert_uint_eq(send(1, 10000), 1);
}
END_TEST

/* The first may be a long poll. */
START_TEST(it_doubles_with_time_too)
{
    static const unsigned windows[] = {1, 2, 4, 8, 16, 32, 64};
    unsigned sent = 0;
    size_t i;

    come_back(500);
    for (i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
        int64_t now_ms = 500 + (int64_t)i * SLOW_START_STEP_MS;

        ck_assert_int_eq(slow_start_ready_ms(&start, now_ms), now_ms + SLOW_START_STEP_MS);
        sent += send(now_ms, 10000);
        ck_assert_uint_eq(sent, windows[i]);
        ck_assert_uint_eq(send(now_ms + SLOW_START_STEP_MS - 1, 10000), 0);
        ck_assert_int_eq(slow_start_ready_ms(&start, now_ms + SLOW_START_STEP_MS - 1),
                         now_ms + SLOW_START_STEP_MS);
    }
    ck_assert_uint_eq(send(500 + 7 * SLOW_START_STEP_MS, 10000), 10000);
    ck_assert_int_eq(slow_start_ready_ms(&start, 10000), INT64_MAX);
}
END_TEST

START_TEST(calls_of_before_take_no_place)
{
    uint64_t before = 0;
    int i;

    for (i = 0; i < 50; i++)
        before = slow_start_sent(&start);
    come_back(0);
    ck_assert_uint_eq(send(0, 10000), 1);
    for (i = 0; i < 50; i++)
        slow_start_ended(&start, before, true);
    ck_assert(!slow_start_allows(&start, 0));
    slow_start_ended(&start, 0, true); /* one that has given its place back */
    ck_assert(!slow_start_allows(&start, 0));
}
END_TEST

START_TEST(after_a_moment_all_go_on)
{
    slow_start_close(&start, 0);
    slow_start_open(&start, SLOW_START_OUTAGE_MS - 1);
    ck_assert_uint_eq(send(SLOW_START_OUTAGE_MS, 10000), 10000);
}
END_TEST

START_TEST(another_outage_begins_it_anew)
{
    come_back(0);
    ck_assert_uint_eq(send(6 * SLOW_START_STEP_MS, 10000), 64);
    come_back(2000);
    ck_assert_uint_eq(send(2000, 10000), 1);
    slow_start_open(&start, 3000); /* it was not away */
    ck_assert_uint_eq(start.number, 2);
}
END_TEST

/* So a request that is tried in vain while the server is away does not make the others wait longer. */
START_TEST(it_is_away_until_it_answers)
{
    slow_start_close(&start, 1000);
    slow_start_open(&start, 11000);
    ck_assert_uint_eq(send(11000, 10000), 1);
    if (_i)
        end(1, true);
    slow_start_close(&start, 12000);
    ck_assert_int_eq(start.away_ms, _i ? 12000 : 1000);
}
END_TEST

UNIT_SUITE(slow_start)
{
    TCase *tests;
    Suite *suite = unit_suite_create("slow_start", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, before_the_first_outage_there_is_no_bound);
    tcase_add_test(tests, nothing_is_sent_while_it_is_away);
    tcase_add_test(tests, each_round_is_twice_as_large);
    tcase_add_test(tests, what_fails_does_not_widen_it);
    tcase_add_test(tests, it_doubles_with_time_too);
    tcase_add_test(tests, calls_of_before_take_no_place);
    tcase_add_test(tests, after_a_moment_all_go_on);
    tcase_add_test(tests, another_outage_begins_it_anew);
    tcase_add_loop_test(tests, it_is_away_until_it_answers, 0, 2);
    return suite;
}
