/* SPDX-License-Identifier: Apache-2.0 */
/* What logins and renewals that fail do to the session. */
#include <stdio.h>

#include "base/util.h"
#include "world.h"

static struct world world;

static void set_up(void)
{
    world_open_password(&world);
}

static void tear_down(void)
{
    world_close(&world);
}

START_TEST(a_refused_renewal_becomes_a_login)
{
    world_log_in(&world, 9000);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_refused(&world);
    ck_assert_int_ne(session_state(world.session), SESSION_LOCKED_OUT);
    ck_assert(session_may_wait(world.session, world.now_ms));
    world_log_in(&world, 9000);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
}
END_TEST

START_TEST(calls_are_counted_by_how_they_end)
{
    static const uint64_t expected[SESSION_CALL_KINDS][SESSION_OUTCOMES] = {{2, 1, 1}, {1, 1, 0}, {0, 0, 0}};
    int kind, outcome;

    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_refused(&world);
    world_wait_due(&world, 15 * 1000);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 500, "", -1);
    world_wait_due(&world, 1000);
    world_log_in(&world, 9000);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_pair(&world, 9000);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_refused(&world);
    world_log_in(&world, 9000);
    for (kind = 0; kind < SESSION_CALL_KINDS; kind++)
        for (outcome = 0; outcome < SESSION_OUTCOMES; outcome++)
            ck_assert_msg(session_calls_ended(world.session, (enum session_call_kind)kind,
                                              (enum session_outcome)outcome) == expected[kind][outcome],
                          "%d %d", kind, outcome);
}
END_TEST

/* A server that is refused again and again, with a request every ten seconds that would like a credential. */
START_TEST(a_refused_login_is_probed_ever_more_rarely)
{
    static const int64_t seconds[] = {15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(seconds); i++) {
        int64_t until_ms;

        world_begin(&world, SESSION_CALL_LOGIN);
        world_answer_refused(&world);
        world_assert_state(&world, SESSION_LOCKED_OUT);
        ck_assert_ptr_nonnull(strstr(session_reason(world.session), "Invalid username or password"));
        until_ms = world.now_ms + seconds[i] * 1000;
        for (; world.now_ms < until_ms; world_wait(&world, 1000)) {
            ck_assert(!world_has_credential(&world));
            ck_assert(!session_may_wait(world.session, world.now_ms));
            ck_assert(!world_refused(&world, 1, false));
            if (world_is_due(&world))
                world_look(&world);
        }
        ck_assert(session_may_wait(world.session, world.now_ms));
    }
    world_log_in(&world, 9000);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_refused(&world);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_refused(&world);
    world_wait_due(&world, LOCKED_OUT_MS); /* it starts anew */
}
END_TEST

/* The server locks accounts after a few failed logins, so there is one more only. */
START_TEST(a_server_that_has_just_come_back_gets_a_second_try)
{
    bool is_back = _i > 0;
    int64_t since_ms = _i == 2 ? 30001 : 30000;

    world_log_in(&world, 9000);
    if (is_back)
        session_server_is_back(world.session, world.now_ms);
    world_wait(&world, since_ms);
    ck_assert(world_refused(&world, 1, false));
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_refused(&world);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_refused(&world);
    if (_i == 1) {
        ck_assert_int_eq(session_state(world.session), SESSION_OFFLINE);
        world_wait_due(&world, 1000);
        world_begin(&world, SESSION_CALL_LOGIN);
        world_answer_refused(&world);
    }
    world_assert_state(&world, SESSION_LOCKED_OUT);
    world_wait_due(&world, LOCKED_OUT_MS);
}
END_TEST

/* Results of a call that say nothing about the credential. */
static void answer_nothing(int way)
{
    static const int statuses[] = {0, 500, 502, 503, 504, 429, 408};

    world_begin(&world, SESSION_CALL_LOGIN);
    if (statuses[way] == 0)
        world_answer_error(&world, "http://tb cannot be reached: connection refused");
    else
        world_answer(&world, statuses[way], "<html>gateway</html>", -1);
    world_assert_state(&world, SESSION_OFFLINE);
    if (statuses[way] == 0)
        ck_assert_ptr_nonnull(strstr(session_reason(world.session), "connection refused"));
}

START_TEST(a_silent_server_is_asked_again_soon)
{
    static const int64_t seconds[] = {1, 2, 4, 8, 16, 30, 30, 30};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(seconds); i++) {
        answer_nothing(_i);
        world_wait_due(&world, seconds[i] * 1000);
    }
    world_log_in(&world, 9000);
    session_retry_now(world.session, world.now_ms);
    world_begin(&world, SESSION_CALL_LOGIN);
}
END_TEST

/* Requests every 100 ms for two minutes while no server is there. */
START_TEST(requests_ask_an_offline_session_at_most_once_a_second)
{
    int64_t end_ms = world.now_ms + 2 * MINUTE_MS, last_ms = INT64_MIN / 2;
    unsigned calls = 0;

    for (; world.now_ms < end_ms; world_wait(&world, 100)) {
        session_may_wait(world.session, world.now_ms);
        if (!world_is_due(&world))
            continue;
        ck_assert(session_may_wait(world.session, world.now_ms));
        ck_assert_int_ge(world.now_ms - last_ms, 1000);
        last_ms = world.now_ms;
        answer_nothing(0);
        ck_assert(!session_may_wait(world.session, world.now_ms));
        calls++;
    }
    ck_assert_uint_ge(calls, 60); /* they do ask */
    ck_assert_uint_le(calls, 120);
}
END_TEST

START_TEST(retry_after_holds_the_next_login_back)
{
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 429, "", 45000);
    world_assert_state(&world, SESSION_OFFLINE);
    world_wait_due(&world, 45000);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 503, "", 100); /* sooner than the session would: not a reason to hurry */
    world_wait_due(&world, 2000);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 503, "", 0);
    world_wait_due(&world, 4000);
}
END_TEST

START_TEST(a_server_that_is_back_is_asked_at_once)
{
    int i;

    for (i = 0; i < 6; i++) {
        answer_nothing(0);
        world.now_ms = session_due(world.session);
    }
    answer_nothing(0);
    world_wait(&world, 500);
    session_server_is_back(world.session, world.now_ms);
    ck_assert(!world_is_due(&world)); /* at most once a second */
    world_wait(&world, 500);
    session_server_is_back(world.session, world.now_ms);
    world_log_in(&world, 9000);
    world_wait(&world, 5000);
    session_server_is_back(world.session, world.now_ms); /* no reason to renew */
    ck_assert(!world_is_due(&world));
    world_assert_state(&world, SESSION_READY);
}
END_TEST

START_TEST(a_server_that_is_back_does_not_end_a_lock_out)
{
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_refused(&world);
    world_wait(&world, 1500);
    session_server_is_back(world.session, world.now_ms);
    world_wait_due(&world, LOCKED_OUT_MS - 1500);
}
END_TEST

/* A Retry-After takes precedence (RFC 9110, section 10.2.3). */
START_TEST(requests_do_not_shorten_a_retry_after)
{
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 503, "", 45000);
    world_wait(&world, 5000);
    session_may_wait(world.session, world.now_ms);
    ck_assert(!world_is_due(&world));
}
END_TEST

/* A proxy may send any Retry-After: it counts with two statuses only, and within bounds. */
START_TEST(a_retry_after_holds_back_within_bounds)
{
    static const struct {
        int status;
        int64_t asked_ms, waits_ms;
    } cases[] = {{503, 30000, 30000},  {503, 30001, 30000},  {429, 3600000, 3600000}, {429, 3600001, 3600000},
                 {404, 3600000, 1000}, {200, 3600000, 1000}, {502, 3600000, 1000}};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        world_close(&world);
        world_open_password(&world);
        world_begin(&world, SESSION_CALL_LOGIN);
        world_answer(&world, cases[i].status, "", cases[i].asked_ms);
        world_wait_due(&world, cases[i].waits_ms);
    }
}
END_TEST

START_TEST(requests_go_on_while_the_old_token_lasts)
{
    world_log_in(&world, 10);
    world_wait_due(&world, 8000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_error(&world, "no route");
    world_assert_state(&world, SESSION_REFRESHING);
    ck_assert(world_has_credential(&world));
    world_wait_due(&world, 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_wait(&world, 999);
    ck_assert(world_has_credential(&world));
    world_wait(&world, 1);
    ck_assert(!world_has_credential(&world));
    ck_assert(session_may_wait(world.session, world.now_ms));
    world_answer_error(&world, "no route");
    world_assert_state(&world, SESSION_OFFLINE);
    world_wait_due(&world, 2000);
    world_log_in(&world, 10); /* a server that keeps failing to renew may still take a login */
}
END_TEST

START_TEST(the_administrator_need_not_wait_for_retry_after)
{
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 503, "", 45000);
    session_retry_now(world.session, world.now_ms);
    world_log_in(&world, 9000);
}
END_TEST

/* Failures of one kind say nothing of the other: a refused login is tried again after 15 s, a silent
 * server after a second, whatever went before. */
START_TEST(the_first_refusal_after_an_outage_is_probed_after_15_s)
{
    int i;

    for (i = 0; i < 6; i++) {
        answer_nothing(0);
        world.now_ms = session_due(world.session);
    }
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_refused(&world);
    world_wait_due(&world, LOCKED_OUT_MS);
}
END_TEST

START_TEST(the_first_outage_after_refusals_is_short)
{
    int i;

    for (i = 0; i < 3; i++) {
        world_begin(&world, SESSION_CALL_LOGIN);
        world_answer_refused(&world);
        world_wait_due(&world, LOCKED_OUT_MS << i);
    }
    answer_nothing(0);
    world_wait_due(&world, 1000);
}
END_TEST

START_TEST(a_second_factor_cannot_be_given)
{
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 200, "{\"token\":\"a.b.c\",\"scope\":\"PRE_VERIFICATION_TOKEN\"}", -1);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    ck_assert_ptr_nonnull(strstr(session_reason(world.session), "second factor"));
    world_wait_due(&world, LOCKED_OUT_MS);
}
END_TEST

START_TEST(a_long_reason_is_still_utf8)
{
    char body[2000] = "{\"message\":\"";
    size_t shift, i;

    for (shift = 0; shift < 2; shift++) {
        size_t length = strlen("{\"message\":\"");

        if (shift)
            body[length++] = 'x';
        for (i = 0; i < 600; i++)
            length += (size_t)sprintf(body + length, "\xc3\xa9");
        sprintf(body + length, "\"}");
        world_begin(&world, SESSION_CALL_LOGIN);
        world_answer(&world, 401, body, -1);
        world_assert_state(&world, SESSION_LOCKED_OUT);
        ck_assert(unit_is_utf8(session_reason(world.session)));
        world_wait_due(&world, LOCKED_OUT_MS << shift);
    }
}
END_TEST

UNIT_SUITE(session_failures)
{
    TCase *tests;
    Suite *suite = unit_suite_create("session_failures", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_refused_renewal_becomes_a_login);
    tcase_add_test(tests, calls_are_counted_by_how_they_end);
    tcase_add_loop_test(tests, a_server_that_has_just_come_back_gets_a_second_try, 0, 3);
    tcase_add_test(tests, a_refused_login_is_probed_ever_more_rarely);
    tcase_add_loop_test(tests, a_silent_server_is_asked_again_soon, 0, 7);
    tcase_add_test(tests, requests_ask_an_offline_session_at_most_once_a_second);
    tcase_add_test(tests, retry_after_holds_the_next_login_back);
    tcase_add_test(tests, a_server_that_is_back_is_asked_at_once);
    tcase_add_test(tests, a_server_that_is_back_does_not_end_a_lock_out);
    tcase_add_test(tests, requests_do_not_shorten_a_retry_after);
    tcase_add_test(tests, a_retry_after_holds_back_within_bounds);
    tcase_add_test(tests, the_administrator_need_not_wait_for_retry_after);
    tcase_add_test(tests, requests_go_on_while_the_old_token_lasts);
    tcase_add_test(tests, the_first_refusal_after_an_outage_is_probed_after_15_s);
    tcase_add_test(tests, the_first_outage_after_refusals_is_short);
    tcase_add_test(tests, a_second_factor_cannot_be_given);
    tcase_add_test(tests, a_long_reason_is_still_utf8);
    return suite;
}
