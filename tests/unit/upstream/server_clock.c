/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_clock.h"
#include "base/util.h"
#include "unit.h"

#define EPOCH_MS INT64_C(1795415381000) /* the server's time at boot time 0, unless stated */
#define SLOW     INT64_C(0)             /* a host whose date is far too early, and one far too late */
#define FAST     (2 * EPOCH_MS)

#define ENTITY   17U
#define OTHER    18U
#define SHARING  (ENTITY + SERVER_CLOCK_SLOTS) /* another one in the same slot */
#define ENTITIES 40U

static struct server_clock server_clock;

static void set_up(void)
{
    server_clock = (struct server_clock){0};
}

/* A clock in microseconds as the daemon reads it: milliseconds, rounded down. */
static int64_t ms(int64_t us)
{
    return us / 1000;
}

/* An answer with this date, sent twice if the first one is doubted. */
static void learn(int64_t date_s, int64_t sent_ms, int64_t received_ms)
{
    struct server_clock_answer said = {date_s, sent_ms, received_ms};

    server_clock_learn(&server_clock, &said, SLOW);
    if (server_clock.in_doubt)
        server_clock_second_answer(&server_clock, &said, SLOW);
}

/* An answer of a server whose clock is OFFSET_US ahead of the boot clock. It writes the date AFTER_US after
 * the request was sent; the answer arrives at the boot time RECEIVED_US. */
static void answer(int64_t offset_us, int64_t sent_us, int64_t after_us, int64_t received_us)
{
    int64_t date_s = (sent_us + after_us + offset_us) / 1000000;

    learn(date_s, ms(sent_us), ms(received_us));
}

/* The upper bound at NOW_MS: the last millisecond before END_MS, or that one where fractions are allowed for.
 */
static void assert_ends(int64_t now_ms, int64_t end_ms)
{
    int64_t high = server_clock_at(&server_clock, now_ms, FAST);

    ck_assert_int_ge(high, end_ms - 1);
    ck_assert_int_le(high, end_ms);
}

START_TEST(the_hosts_date_counts_while_nothing_is_known)
{
    ck_assert_int_eq(server_clock_at(&server_clock, 5000, 123456), 123456);
    ck_assert_int_eq(server_clock_stamp(&server_clock, ENTITY, 5000, 123456), 123456);
}
END_TEST

/* Second 1000 of the server lies somewhere between 5000 and 5300 of the boot clock. */
START_TEST(an_answer_gives_bounds_within_which_the_host_is_believed)
{
    learn(1000, 5000, 5300);
    ck_assert_int_eq(server_clock_at(&server_clock, 5300, SLOW), 1000000);
    assert_ends(5300, 1001300);
    ck_assert_int_eq(server_clock_at(&server_clock, 5300, 1000000), 1000000);
    ck_assert_int_eq(server_clock_at(&server_clock, 5300, 1000777), 1000777);
    ck_assert_int_eq(server_clock_at(&server_clock, 5300, 1001298), 1001298);
    ck_assert_int_eq(server_clock_at(&server_clock, 65300, SLOW), 1060000);
    assert_ends(65300, 1061300);
}
END_TEST

START_TEST(answers_narrow_the_bounds)
{
    learn(1000, 5000, 5300);
    learn(1001, 6000, 6100); /* raises the lower one by 200 ms */
    ck_assert_int_eq(server_clock_at(&server_clock, 6100, SLOW), 1001000);
    learn(1001, 6700, 6900); /* lowers the upper one by 700 ms */
    assert_ends(6900, 1002200);
    ck_assert_int_eq(server_clock_at(&server_clock, 6900, SLOW), 1001800);
    learn(1001, 6500, 7100); /* says less than what is known */
    assert_ends(6900, 1002200);
    ck_assert_int_eq(server_clock_at(&server_clock, 6900, SLOW), 1001800);
}
END_TEST

/* In whole milliseconds, so that nothing is rounded: the true time is always within the bounds, and at last
 * they are as far apart as a round trip. */
START_TEST(many_answers_bound_it_to_the_round_trip)
{
    int64_t offset_us = (EPOCH_MS + unit_random() % 1000) * 1000;
    int64_t now_us = 1000000, low = 0, high = 0;
    int i;

    for (i = 0; i < 20000; i++) {
        int64_t sent_us = now_us + unit_random() % 3000 * 1000;
        int64_t to_us = (1 + unit_random() % 20) * 1000;

        now_us = sent_us + to_us + (1 + unit_random() % 20) * 1000;
        answer(offset_us, sent_us, to_us, now_us);
        low = server_clock_at(&server_clock, ms(now_us), SLOW);
        high = server_clock_at(&server_clock, ms(now_us), FAST);
        ck_assert_int_le(low, ms(now_us + offset_us));
        ck_assert_int_ge(high, ms(now_us + offset_us));
    }
    ck_assert_int_le(high - low, 40);
}
END_TEST

/* The clocks do not tick together, and the fraction of a millisecond that the boot clock does not show must
 * not look like a clock that was set. Here the server is 0.9 ms ahead: its second 1 begins at 999.1 ms. */
START_TEST(rounding_contradicts_nothing)
{
    int64_t low;

    answer(900, 999150, 50, 999300);
    low = server_clock_at(&server_clock, 2999, SLOW);
    answer(900, 2999000, 50, 2999080); /* at 2999.95 ms of its clock: still second 2 */
    ck_assert_int_ge(server_clock_at(&server_clock, 2999, SLOW), low - 1);
}
END_TEST

START_TEST(a_fast_network_bounds_it_to_milliseconds)
{
    int64_t offset_us = EPOCH_MS * 1000 + 500 + unit_random() % 500;
    int64_t now_us = 1000000;
    int i;

    for (i = 0; i < 100000; i++) {
        int64_t sent_us = now_us + unit_random() % 2000000;
        int64_t to_us = 20 + unit_random() % 100;

        now_us = sent_us + to_us + 20 + unit_random() % 100;
        answer(offset_us, sent_us, to_us, now_us);
        if (i < 50000) /* enough to have met both ends of a second closely */
            continue;
        ck_assert_int_ge(server_clock_at(&server_clock, ms(now_us), SLOW), ms(now_us + offset_us) - 5);
        ck_assert_int_le(server_clock_at(&server_clock, ms(now_us), FAST), ms(now_us + offset_us) + 5);
    }
}
END_TEST

START_TEST(a_clock_that_was_set_is_followed)
{
    learn(1000, 5000, 5010);
    learn(401, 6000, 6010); /* ten minutes back */
    ck_assert_int_eq(server_clock_at(&server_clock, 6010, SLOW), 401000);
    assert_ends(6010, 402010);
    learn(9000, 7000, 7010); /* and far ahead */
    ck_assert_int_eq(server_clock_at(&server_clock, 7010, SLOW), 9000000);
    assert_ends(7010, 9001010);
}
END_TEST

/* The first answer, by a host that believes it is WALL_MS. */
static bool first_answer_is_doubted(int64_t date_s, int64_t wall_ms)
{
    set_up();
    server_clock_learn(&server_clock, &(struct server_clock_answer){date_s, 5000, 5000}, wall_ms);
    ck_assert(server_clock.known != server_clock.in_doubt);
    ck_assert_int_eq(server_clock.in_doubt ? server_clock_at(&server_clock, 5000, wall_ms) : 0,
                     server_clock.in_doubt ? wall_ms : 0);
    return server_clock.in_doubt;
}

/* The second 1000 ends at 1001000. */
START_TEST(an_answer_far_from_the_hosts_date_is_doubted)
{
    ck_assert(!first_answer_is_doubted(1000, 1000000 - SERVER_CLOCK_JUMP_MS));
    ck_assert(first_answer_is_doubted(1000, 1000000 - SERVER_CLOCK_JUMP_MS - 1));
    ck_assert(!first_answer_is_doubted(1000, 1001000 + SERVER_CLOCK_JUMP_MS));
    ck_assert(first_answer_is_doubted(1000, 1001000 + SERVER_CLOCK_JUMP_MS + 1));
    ck_assert(first_answer_is_doubted(EPOCH_MS / 1000, 0)); /* no battery: 1970 */
    ck_assert_int_eq(server_clock_told_at(&server_clock, 5000, SLOW), EPOCH_MS);
}
END_TEST

static void second_answer(int64_t date_s, int64_t sent_ms, int64_t received_ms)
{
    server_clock_second_answer(&server_clock, &(struct server_clock_answer){date_s, sent_ms, received_ms},
                               FAST);
    ck_assert(!server_clock.in_doubt);
}

START_TEST(two_answers_that_agree_are_believed)
{
    ck_assert(first_answer_is_doubted(1000, SLOW));
    second_answer(1001, 5900, 5950);
    ck_assert(server_clock.known);
    ck_assert_int_eq(server_clock_at(&server_clock, 6000, SLOW), 1001050);
    assert_ends(6000, 1002000);
}
END_TEST

START_TEST(two_answers_that_differ_are_not_believed)
{
    ck_assert(first_answer_is_doubted(1000, SLOW));
    second_answer(2000, 5900, 5950);
    ck_assert(!server_clock.known);
    ck_assert(first_answer_is_doubted(1000, SLOW));
    server_clock_second_answer(&server_clock, NULL, SLOW);
    ck_assert(!server_clock.known);
    ck_assert_int_eq(server_clock_at(&server_clock, 6000, SLOW), SLOW);
}
END_TEST

/* Two hours off, as from a cache that does not say so. */
START_TEST(an_odd_answer_changes_nothing_of_what_is_known)
{
    int64_t moment;

    learn(10000, 5000, 5000);
    for (moment = 6000; moment < 9000; moment += 1000) {
        server_clock_learn(&server_clock, &(struct server_clock_answer){2800, moment, moment}, FAST);
        ck_assert(server_clock.in_doubt);
        ck_assert_int_eq(server_clock_at(&server_clock, moment, SLOW), 10000000 + moment - 5000);
        second_answer(10000 + moment / 1000 - 5, moment + 10, moment + 10);
        ck_assert_int_ge(server_clock_at(&server_clock, moment, SLOW), 10000000 + moment - 5000);
        ck_assert_int_le(server_clock_at(&server_clock, moment, FAST), 10001000 + moment - 5000);
    }
}
END_TEST

/* A host that is too late by BY ms gives a stamp; then an answer shows it, and HASH gets the next one. */
static int64_t stamp_then_correct(int64_t by, uint32_t hash, int64_t *first)
{
    int64_t high;

    set_up();
    learn(1000, 5000, 5000);
    high = server_clock_at(&server_clock, 5000, FAST);
    set_up();
    *first = server_clock_stamp(&server_clock, ENTITY, 5000, high + by);
    ck_assert_int_eq(*first, high + by);
    learn(1000, 5000, 5000);
    return server_clock_stamp(&server_clock, hash, 5000, high + by);
}

START_TEST(a_small_correction_keeps_the_later_stamp_the_later)
{
    static const int64_t corrections[] = {0, 1, 2, 1000, SERVER_CLOCK_HOLD_MS};
    int64_t first;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(corrections); i++) {
        ck_assert_int_eq(stamp_then_correct(corrections[i], ENTITY, &first), first + 1);
        ck_assert_int_eq(stamp_then_correct(corrections[i], OTHER, &first), first);
    }
    ck_assert_int_eq(stamp_then_correct(SERVER_CLOCK_HOLD_MS + 1, OTHER, &first),
                     first - SERVER_CLOCK_HOLD_MS - 1);
}
END_TEST

START_TEST(stamps_are_the_servers_time_again_after_a_correction)
{
    int64_t now_ms, last = 0, first;

    stamp_then_correct(500, ENTITY, &first);
    for (now_ms = 5000; now_ms < 7000; now_ms += 10) {
        int64_t stamp = server_clock_stamp(&server_clock, ENTITY, now_ms, FAST);

        ck_assert_int_gt(stamp, last);
        last = stamp;
    }
    ck_assert_int_eq(last, server_clock_at(&server_clock, now_ms - 10, FAST));
}
END_TEST

START_TEST(stamps_of_one_entity_differ)
{
    int i;

    for (i = 0; i < 100; i++)
        ck_assert_int_eq(server_clock_stamp(&server_clock, ENTITY, 0, EPOCH_MS), EPOCH_MS + i);
    ck_assert_int_eq(server_clock_stamp(&server_clock, OTHER, 0, EPOCH_MS), EPOCH_MS);
    ck_assert_int_eq(server_clock_stamp(&server_clock, SHARING, 0, EPOCH_MS), EPOCH_MS + 100);
    /* the clock passes by */
    ck_assert_int_eq(server_clock_stamp(&server_clock, ENTITY, 50, EPOCH_MS + 50), EPOCH_MS + 101);
    ck_assert_int_eq(server_clock_stamp(&server_clock, ENTITY, 102, EPOCH_MS + 102), EPOCH_MS + 102);
    ck_assert_int_eq(server_clock_stamp(&server_clock, ENTITY, 200, EPOCH_MS + 200), EPOCH_MS + 200);
}
END_TEST

START_TEST(a_stamp_is_not_too_far_ahead_of_the_clock)
{
    int64_t i;

    for (i = 0; i <= SERVER_CLOCK_AHEAD_MS; i++)
        ck_assert_int_eq(server_clock_stamp(&server_clock, ENTITY, 0, EPOCH_MS), EPOCH_MS + i);
    for (i = 0; i < 10; i++)
        ck_assert_int_eq(server_clock_stamp(&server_clock, ENTITY, 0, EPOCH_MS),
                         EPOCH_MS + SERVER_CLOCK_AHEAD_MS);
    for (i = 0; i < 10; i++)
        ck_assert_int_eq(server_clock_stamp(&server_clock, ENTITY, 3, EPOCH_MS + 3),
                         EPOCH_MS + SERVER_CLOCK_AHEAD_MS + (i < 3 ? i + 1 : 3));
    ck_assert_int_eq(server_clock_stamp(&server_clock, OTHER, 3, EPOCH_MS + 3), EPOCH_MS + 3);
}
END_TEST

/* Far back: a clock that was set is followed, even by twice what a stamp may be ahead. */
START_TEST(stamps_follow_a_clock_that_is_set_back)
{
    static const int64_t steps[] = {SERVER_CLOCK_HOLD_MS + 1, 2 * SERVER_CLOCK_AHEAD_MS + 2, 3600000};
    size_t step;

    for (step = 0; step < ARRAY_SIZE(steps); step++) {
        int i;

        set_up();
        for (i = 0; i < 2 * SERVER_CLOCK_AHEAD_MS; i++)
            server_clock_stamp(&server_clock, ENTITY, 0, EPOCH_MS);
        ck_assert_int_eq(server_clock_stamp(&server_clock, ENTITY, 0, EPOCH_MS - steps[step]),
                         EPOCH_MS - steps[step]);
        ck_assert_int_eq(server_clock_stamp(&server_clock, OTHER, 0, EPOCH_MS - steps[step]),
                         EPOCH_MS - steps[step]);
    }
}
END_TEST

/* Each entity's stamps are the clock's time as soon as that is later than its last one, whatever others do.
 */
START_TEST(random_arrivals)
{
    int64_t last[ENTITIES] = {0}, now_ms = 0;
    int i;

    for (i = 0; i < 50000; i++) {
        uint32_t entity = unit_random() % ENTITIES;
        int64_t time_ms = EPOCH_MS + now_ms;
        int64_t stamp = server_clock_stamp(&server_clock, entity, now_ms, time_ms);

        ck_assert_int_eq(stamp, last[entity] < time_ms ? time_ms : last[entity] + 1);
        last[entity] = stamp;
        now_ms += unit_random() % 16 == 0 ? unit_random() % 3 : 0;
    }
}
END_TEST

UNIT_SUITE(server_clock)
{
    TCase *tests;
    Suite *suite = unit_suite_create("server_clock", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, the_hosts_date_counts_while_nothing_is_known);
    tcase_add_test(tests, an_answer_gives_bounds_within_which_the_host_is_believed);
    tcase_add_test(tests, answers_narrow_the_bounds);
    tcase_add_test(tests, many_answers_bound_it_to_the_round_trip);
    tcase_add_test(tests, rounding_contradicts_nothing);
    tcase_add_test(tests, a_fast_network_bounds_it_to_milliseconds);
    tcase_add_test(tests, a_clock_that_was_set_is_followed);
    tcase_add_test(tests, an_answer_far_from_the_hosts_date_is_doubted);
    tcase_add_test(tests, two_answers_that_agree_are_believed);
    tcase_add_test(tests, two_answers_that_differ_are_not_believed);
    tcase_add_test(tests, an_odd_answer_changes_nothing_of_what_is_known);
    tcase_add_test(tests, a_small_correction_keeps_the_later_stamp_the_later);
    tcase_add_test(tests, stamps_are_the_servers_time_again_after_a_correction);
    tcase_add_test(tests, stamps_of_one_entity_differ);
    tcase_add_test(tests, a_stamp_is_not_too_far_ahead_of_the_clock);
    tcase_add_test(tests, stamps_follow_a_clock_that_is_set_back);
    tcase_add_test(tests, random_arrivals);
    return suite;
}
