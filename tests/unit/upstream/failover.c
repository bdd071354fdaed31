/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/failover.h"
#include "base/util.h"
#include "unit.h"

static struct failover failover;

static void set_up(void)
{
    failover_init(&failover, 3);
}

static void assert_current(size_t server)
{
    ck_assert_uint_eq(failover_current(&failover), server);
}

START_TEST(the_first_healthy_one_is_used)
{
    assert_current(0);
    ck_assert(failover_report(&failover, 0, FAILOVER_UNREACHABLE, 1000));
    assert_current(1);
    ck_assert(failover_report(&failover, 1, FAILOVER_UNREACHABLE, 1000));
    assert_current(2);
    ck_assert(failover_report(&failover, 0, FAILOVER_ANSWERED, 1500));
    assert_current(0);
}
END_TEST

START_TEST(three_gateway_errors_in_a_row_eject)
{
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0));
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0));
    ck_assert(!failover_report(&failover, 0, FAILOVER_ANSWERED, 0));
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0));
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0));
    assert_current(0);
    ck_assert(failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0));
    assert_current(1);
}
END_TEST

/* The reason may be one operation. */
START_TEST(after_gateway_errors_the_last_one_is_probed_at_once)
{
    int i;

    failover_report(&failover, 1, FAILOVER_UNREACHABLE, 0);
    failover_report(&failover, 2, FAILOVER_UNREACHABLE, 0);
    for (i = 0; i < 3; i++)
        failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 100);
    ck_assert(failover_has_none(&failover));
    ck_assert_uint_eq(failover_begin_probe(&failover, 100), 0);
    assert_current(0);
    ck_assert(!failover_is_in_vain(&failover));
    failover_report_probe(&failover, 0, FAILOVER_GATEWAY_ERROR, 110);
    ck_assert(failover_is_in_vain(&failover));
    ck_assert_int_eq(failover_due_ms(&failover), 350); /* of the others */
}
END_TEST

/* It was used meanwhile. */
START_TEST(after_gateway_errors_no_connection_to_the_last_one_needs_no_probe)
{
    int i;

    failover_init(&failover, 1);
    for (i = 0; i < 3; i++)
        failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 100);
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 110));
    ck_assert(failover_report(&failover, 0, FAILOVER_UNREACHABLE, 120));
    ck_assert(failover_is_in_vain(&failover));
    ck_assert(!failover_report(&failover, 0, FAILOVER_UNREACHABLE, 130));
    ck_assert(failover_report(&failover, 0, FAILOVER_ANSWERED, 140));
    ck_assert(!failover_is_in_vain(&failover));
}
END_TEST

/* Something in front lets requests through, but no probes. */
START_TEST(gateway_errors_to_probes_alone_do_not_stop_requests)
{
    int64_t now_ms;

    failover_init(&failover, 1);
    failover_check(&failover, 0, 0);
    for (now_ms = 0; now_ms < 10000; now_ms++)
        if (failover_begin_probe(&failover, now_ms) != FAILOVER_NONE)
            failover_report_probe(&failover, 0, FAILOVER_GATEWAY_ERROR, now_ms);
    ck_assert(failover_has_none(&failover));
    ck_assert_int_ne(failover_away_since_ms(&failover), INT64_MAX);
    ck_assert(!failover_is_in_vain(&failover));
    if (_i) {
        ck_assert(failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 10000));
        ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 10001));
    } else {
        while (failover_begin_probe(&failover, now_ms) == FAILOVER_NONE)
            now_ms++;
        failover_report_probe(&failover, 0, FAILOVER_UNREACHABLE, now_ms);
    }
    ck_assert(failover_is_in_vain(&failover));
}
END_TEST

START_TEST(it_is_probed_after_a_time_that_doubles_to_30_s)
{
    static const int64_t waits_ms[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    int64_t now_ms = 5000;
    size_t i;

    failover_report(&failover, 1, FAILOVER_UNREACHABLE, now_ms);
    for (i = 0; i < ARRAY_SIZE(waits_ms); i++) {
        ck_assert_int_eq(failover_due_ms(&failover), now_ms + waits_ms[i]);
        now_ms += waits_ms[i];
        ck_assert_uint_eq(failover_begin_probe(&failover, now_ms - 1), FAILOVER_NONE);
        ck_assert_uint_eq(failover_begin_probe(&failover, now_ms), 1);
        ck_assert_uint_eq(failover_begin_probe(&failover, now_ms), FAILOVER_NONE);
        ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
        ck_assert(!failover_report_probe(&failover, 1, i % 2 ? FAILOVER_UNREACHABLE : FAILOVER_GATEWAY_ERROR,
                                         now_ms));
    }
}
END_TEST

START_TEST(a_good_probe_makes_it_healthy_and_forgets)
{
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    failover_begin_probe(&failover, 1000);
    failover_report_probe(&failover, 0, FAILOVER_UNREACHABLE, 1000);
    ck_assert_int_eq(failover_due_ms(&failover), 3000);
    failover_begin_probe(&failover, 3000);
    ck_assert(failover_report_probe(&failover, 0, FAILOVER_ANSWERED, 3000));
    assert_current(0);
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 4000);
    ck_assert_int_eq(failover_due_ms(&failover), 5000);
}
END_TEST

START_TEST(what_was_sent_before_does_not_prolong_it)
{
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    ck_assert(!failover_report(&failover, 0, FAILOVER_UNREACHABLE, 900));
    ck_assert_int_eq(failover_due_ms(&failover), 1000);
}
END_TEST

START_TEST(only_its_own_end_ends_a_probe)
{
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    failover_begin_probe(&failover, 1000);
    ck_assert(!failover_report(&failover, 0, FAILOVER_UNREACHABLE, 1500));
    ck_assert(!failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 1500));
    ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
    ck_assert(!failover_report_probe(&failover, 0, FAILOVER_UNREACHABLE, 2000));
    ck_assert_int_eq(failover_due_ms(&failover), 4000);
}
END_TEST

START_TEST(a_probe_that_a_good_answer_overtook_says_nothing)
{
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    failover_begin_probe(&failover, 1000);
    ck_assert(failover_report(&failover, 0, FAILOVER_ANSWERED, 1500));
    ck_assert(!failover_report_probe(&failover, 0, FAILOVER_UNREACHABLE, 2000));
    assert_current(0);
    ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
}
END_TEST

START_TEST(a_request_goes_to_healthy_ones_that_it_has_not_tried)
{
    ck_assert_uint_eq(failover_next(&failover, 1), 1);
    ck_assert_uint_eq(failover_next(&failover, 1 | 2), 2);
    ck_assert_uint_eq(failover_next(&failover, 1 | 2 | 4), FAILOVER_NONE);
    failover_report(&failover, 1, FAILOVER_UNREACHABLE, 0);
    ck_assert_uint_eq(failover_next(&failover, 1), 2);
}
END_TEST

START_TEST(if_none_is_healthy_the_one_probed_next_is_used)
{
    failover_report(&failover, 1, FAILOVER_UNREACHABLE, 0);
    failover_report(&failover, 2, FAILOVER_UNREACHABLE, 500);
    ck_assert(!failover_has_none(&failover));
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 900);
    ck_assert(failover_has_none(&failover));
    assert_current(1);
    ck_assert_uint_eq(failover_next(&failover, 0), FAILOVER_NONE);
}
END_TEST

/* Requests wait for it. */
START_TEST(a_single_server_is_probed_soon_after_it_is_ejected)
{
    failover_init(&failover, 1);
    ck_assert(failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0));
    assert_current(0);
    ck_assert_int_eq(failover_due_ms(&failover), 250);
    ck_assert_uint_eq(failover_begin_probe(&failover, 250), 0);
    ck_assert(failover_report_probe(&failover, 0, FAILOVER_ANSWERED, 251));
    ck_assert(!failover_has_none(&failover));
    ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
}
END_TEST

START_TEST(one_in_doubt_is_probed_at_once_and_used_meanwhile)
{
    ck_assert(!failover_report(&failover, 0, FAILOVER_DOUBTFUL, 5000));
    assert_current(0);
    ck_assert_int_eq(failover_due_ms(&failover), 5000);
    ck_assert_uint_eq(failover_begin_probe(&failover, 5000), 0);
    assert_current(0);
    ck_assert(failover_report_probe(&failover, 0, FAILOVER_UNREACHABLE, 6000));
    assert_current(1);
    ck_assert_int_eq(failover_due_ms(&failover), 7000);
}
END_TEST

START_TEST(one_in_doubt_whose_probe_is_answered_is_healthy)
{
    failover_report(&failover, 0, FAILOVER_DOUBTFUL, 5000);
    failover_begin_probe(&failover, 5000);
    ck_assert(!failover_report_probe(&failover, 0, FAILOVER_ANSWERED, 6000)); /* it was all the time */
    assert_current(0);
    ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
}
END_TEST

/* A thousand requests without an answer each second, of which now and then one gets one. */
START_TEST(doubts_cause_at_most_one_probe_in_10_s)
{
    unsigned probes = 0;
    int64_t now_ms;

    for (now_ms = 0; now_ms < 60000; now_ms++) {
        failover_report(&failover, 0, FAILOVER_DOUBTFUL, now_ms);
        if (failover_begin_probe(&failover, now_ms) != FAILOVER_NONE) {
            probes++;
            failover_report_probe(&failover, 0, FAILOVER_ANSWERED, now_ms);
        }
        if (now_ms % 100 == 0)
            failover_report(&failover, 0, FAILOVER_ANSWERED, now_ms);
    }
    ck_assert_uint_eq(probes, 6);
}
END_TEST

START_TEST(an_answer_before_the_probe_ends_the_doubt)
{
    failover_report(&failover, 0, FAILOVER_DOUBTFUL, 5000);
    ck_assert(!failover_report(&failover, 0, FAILOVER_ANSWERED, 5000));
    ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
}
END_TEST

START_TEST(doubts_do_not_prolong_an_ejection)
{
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    failover_report(&failover, 0, FAILOVER_DOUBTFUL, 500);
    ck_assert_int_eq(failover_due_ms(&failover), 1000);
    ck_assert_uint_eq(failover_begin_probe(&failover, 500), FAILOVER_NONE);
}
END_TEST

static void probe(size_t server, enum failover_result result, int64_t now_ms)
{
    ck_assert_uint_eq(failover_begin_probe(&failover, now_ms), server);
    failover_report_probe(&failover, server, result, now_ms);
}

START_TEST(away_means_that_a_probe_has_failed_since)
{
    failover_init(&failover, 1);
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX);
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 700);
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX);
    probe(0, FAILOVER_GATEWAY_ERROR, 1700);
    ck_assert_int_eq(failover_away_since_ms(&failover), 700);
    probe(0, FAILOVER_UNREACHABLE, 3700);
    ck_assert_int_eq(failover_away_since_ms(&failover), 700);
    probe(0, FAILOVER_ANSWERED, 7700);
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX);
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 8000);
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX); /* and it begins anew */
}
END_TEST

START_TEST(one_in_doubt_is_away_since_the_doubt)
{
    failover_init(&failover, 1);
    failover_report(&failover, 0, FAILOVER_DOUBTFUL, 700);
    ck_assert_uint_eq(failover_begin_probe(&failover, 700), 0);
    failover_report_probe(&failover, 0, FAILOVER_UNREACHABLE, 10700);
    ck_assert_int_eq(failover_away_since_ms(&failover), 700);
}
END_TEST

START_TEST(several_are_away_when_the_last_of_them_is)
{
    failover_init(&failover, 2);
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    probe(0, FAILOVER_UNREACHABLE, 1000);
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX);
    failover_report(&failover, 1, FAILOVER_UNREACHABLE, 1500);
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX);
    ck_assert_int_eq(failover_due_ms(&failover), 1750); /* of both, although that of 0 was due at 3000 */
    probe(0, FAILOVER_UNREACHABLE, 1750);
    probe(1, FAILOVER_UNREACHABLE, 1750);
    ck_assert_int_eq(failover_away_since_ms(&failover), 1500);
    ck_assert(failover_report(&failover, 0, FAILOVER_ANSWERED, 2600)); /* one is enough */
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX);
}
END_TEST

START_TEST(one_that_nothing_is_heard_of_is_checked_and_that_calms_no_doubt)
{
    failover_check(&failover, 0, 3000);
    assert_current(0);
    probe(0, FAILOVER_ANSWERED, 3000);
    ck_assert_int_eq(failover_due_ms(&failover), INT64_MAX);
    failover_report(&failover, 0, FAILOVER_DOUBTFUL, 3100);
    ck_assert_int_eq(failover_due_ms(&failover), 3100);
}
END_TEST

START_TEST(a_check_without_connection_ejects)
{
    failover_check(&failover, 0, 3000);
    probe(0, FAILOVER_UNREACHABLE, 3000);
    assert_current(1);
    ck_assert_int_eq(failover_due_ms(&failover), 4000);
    failover_check(&failover, 0, 3500); /* it is known to be away */
    ck_assert_int_eq(failover_due_ms(&failover), 4000);
}
END_TEST

START_TEST(a_check_that_meets_gateway_errors_asks_three_times)
{
    failover_init(&failover, 1);
    failover_check(&failover, 0, 3000);
    probe(0, FAILOVER_GATEWAY_ERROR, 3000);
    ck_assert_int_eq(failover_due_ms(&failover), 3200);
    probe(0, FAILOVER_GATEWAY_ERROR, 3200);
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX);
    probe(0, FAILOVER_GATEWAY_ERROR, 3400);
    ck_assert_int_eq(failover_away_since_ms(&failover), 3000);
}
END_TEST

START_TEST(a_slow_check_is_silent_and_ejects_no_one)
{
    failover_check(&failover, 0, 3000);
    ck_assert(!failover_report_silence(&failover, 0)); /* it has not been asked yet */
    ck_assert_uint_eq(failover_begin_probe(&failover, 3000), 0);
    ck_assert(failover_report_silence(&failover, 0));
    ck_assert(!failover_report_silence(&failover, 0));
    assert_current(0);
    ck_assert_int_eq(failover_away_since_ms(&failover),
                     3000); /* though there are others: it is the one in use */
    failover_report_probe(&failover, 0, FAILOVER_ANSWERED, 6000);
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX);
    assert_current(0);
}
END_TEST

START_TEST(one_that_stays_silent_is_ejected_and_another_is_used)
{
    failover_check(&failover, 0, 3000);
    failover_begin_probe(&failover, 3000);
    failover_report_silence(&failover, 0);
    ck_assert(failover_report_probe(&failover, 0, FAILOVER_UNREACHABLE, 13000));
    assert_current(1);
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX);
}
END_TEST

START_TEST(an_answer_to_a_request_ends_the_silence)
{
    failover_check(&failover, 0, 3000);
    failover_begin_probe(&failover, 3000);
    failover_report_silence(&failover, 0);
    failover_report(&failover, 0, FAILOVER_ANSWERED, 5500);
    ck_assert_int_eq(failover_away_since_ms(&failover), INT64_MAX);
    ck_assert(!failover_report_silence(&failover, 0));
}
END_TEST

/* So a return is noticed after a 64th of the outage at most. */
START_TEST(while_none_is_healthy_the_next_probe_follows_after_0_25_to_5_s)
{
    int64_t now_ms = 0, last_ms = 0;
    unsigned probes = 0;

    failover_init(&failover, 1);
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    for (now_ms = failover_due_ms(&failover); now_ms < 400000; now_ms = failover_due_ms(&failover)) {
        int64_t part_ms = last_ms / 64;

        ck_assert_int_eq(now_ms - last_ms, part_ms < 250 ? 250 : part_ms > 5000 ? 5000 : part_ms);
        probe(0, FAILOVER_UNREACHABLE, now_ms);
        last_ms = now_ms;
        probes++;
    }
    ck_assert_int_eq(now_ms - last_ms, 5000);
    ck_assert_uint_lt(probes, 300);
}
END_TEST

/* The same 5 s in each host, if they began together, would be a storm. */
START_TEST(the_pauses_of_hosts_differ_by_an_eighth)
{
    unsigned short_ones = 0, long_ones = 0;
    uint32_t i;

    for (i = 0; i < 1000; i++) {
        int64_t due_ms;

        failover_init(&failover, 1);
        failover.random = 2 * (5308871 * i) + 1;
        failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
        probe(0, FAILOVER_UNREACHABLE, 64000);
        due_ms = failover_due_ms(&failover) - 64000;
        ck_assert_int_ge(due_ms, 875);
        ck_assert_int_le(due_ms, 1125);
        short_ones += due_ms < 900;
        long_ones += due_ms > 1100;
    }
    ck_assert_uint_gt(short_ones, 70); /* of 100 */
    ck_assert_uint_lt(short_ones, 130);
    ck_assert_uint_gt(long_ones, 70);
    ck_assert_uint_lt(long_ones, 130);
}
END_TEST

/* A gateway refuses all probes, and answers 502 to one operation. */
static void close_by_gateway_errors(void)
{
    int i;

    failover_init(&failover, 1);
    for (i = 0; i < 3; i++)
        failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, 0);
    probe(0, FAILOVER_GATEWAY_ERROR, 0);
    ck_assert(failover_is_in_vain(&failover));
}

/* When a request is tried, if only probes are made until then. */
static int64_t trial_ms(int64_t from_ms)
{
    int64_t now_ms = from_ms;

    while (failover_is_in_vain(&failover)) {
        now_ms = failover_due_ms(&failover);
        probe(0, FAILOVER_GATEWAY_ERROR, now_ms);
    }
    return now_ms - from_ms;
}

START_TEST(a_request_is_tried_every_10_s_while_a_gateway_refuses_the_probes)
{
    int64_t now_ms = 0;
    int i;

    close_by_gateway_errors();
    for (i = 0; i < 5; i++) {
        int64_t waited_ms = trial_ms(now_ms);

        ck_assert_int_ge(waited_ms, 10000);
        ck_assert_int_lt(waited_ms, 11000);
        now_ms += waited_ms;
        ck_assert(failover_report(&failover, 0, FAILOVER_GATEWAY_ERROR, now_ms)); /* one is enough */
        ck_assert(failover_is_in_vain(&failover));
    }
    now_ms += trial_ms(now_ms);
    ck_assert(failover_report(&failover, 0, FAILOVER_ANSWERED, now_ms));
    ck_assert(!failover_has_none(&failover));
}
END_TEST

START_TEST(no_request_is_tried_without_a_connection)
{
    int64_t now_ms;

    failover_init(&failover, 1);
    failover_report(&failover, 0, FAILOVER_UNREACHABLE, 0);
    for (now_ms = failover_due_ms(&failover); now_ms < 60000; now_ms = failover_due_ms(&failover)) {
        probe(0, FAILOVER_UNREACHABLE, now_ms);
        ck_assert(failover_is_in_vain(&failover));
    }
}
END_TEST

UNIT_SUITE(failover)
{
    TCase *tests;
    Suite *suite = unit_suite_create("failover", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, the_first_healthy_one_is_used);
    tcase_add_test(tests, three_gateway_errors_in_a_row_eject);
    tcase_add_test(tests, after_gateway_errors_the_last_one_is_probed_at_once);
    tcase_add_loop_test(tests, gateway_errors_to_probes_alone_do_not_stop_requests, 0, 2);
    tcase_add_test(tests, after_gateway_errors_no_connection_to_the_last_one_needs_no_probe);
    tcase_add_test(tests, the_pauses_of_hosts_differ_by_an_eighth);
    tcase_add_test(tests, a_request_is_tried_every_10_s_while_a_gateway_refuses_the_probes);
    tcase_add_test(tests, no_request_is_tried_without_a_connection);
    tcase_add_test(tests, it_is_probed_after_a_time_that_doubles_to_30_s);
    tcase_add_test(tests, a_good_probe_makes_it_healthy_and_forgets);
    tcase_add_test(tests, what_was_sent_before_does_not_prolong_it);
    tcase_add_test(tests, only_its_own_end_ends_a_probe);
    tcase_add_test(tests, a_probe_that_a_good_answer_overtook_says_nothing);
    tcase_add_test(tests, a_request_goes_to_healthy_ones_that_it_has_not_tried);
    tcase_add_test(tests, if_none_is_healthy_the_one_probed_next_is_used);
    tcase_add_test(tests, a_single_server_is_probed_soon_after_it_is_ejected);
    tcase_add_test(tests, one_in_doubt_is_probed_at_once_and_used_meanwhile);
    tcase_add_test(tests, one_in_doubt_whose_probe_is_answered_is_healthy);
    tcase_add_test(tests, doubts_cause_at_most_one_probe_in_10_s);
    tcase_add_test(tests, an_answer_before_the_probe_ends_the_doubt);
    tcase_add_test(tests, doubts_do_not_prolong_an_ejection);
    tcase_add_test(tests, away_means_that_a_probe_has_failed_since);
    tcase_add_test(tests, one_in_doubt_is_away_since_the_doubt);
    tcase_add_test(tests, several_are_away_when_the_last_of_them_is);
    tcase_add_test(tests, one_that_nothing_is_heard_of_is_checked_and_that_calms_no_doubt);
    tcase_add_test(tests, a_check_without_connection_ejects);
    tcase_add_test(tests, a_check_that_meets_gateway_errors_asks_three_times);
    tcase_add_test(tests, a_slow_check_is_silent_and_ejects_no_one);
    tcase_add_test(tests, one_that_stays_silent_is_ejected_and_another_is_used);
    tcase_add_test(tests, an_answer_to_a_request_ends_the_silence);
    tcase_add_test(tests, while_none_is_healthy_the_next_probe_follows_after_0_25_to_5_s);
    return suite;
}
