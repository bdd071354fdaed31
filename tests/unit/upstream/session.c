/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
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

static void assert_body(const char *expected)
{
    json_t *body = json_loadb(world.call.body.data, world.call.body.len, 0, NULL);
    json_t *wanted = json_loads(expected, 0, NULL);

    ck_assert_ptr_nonnull(wanted);
    ck_assert_msg(json_equal(body, wanted), "%s", world.call.body.data);
    json_decref(body);
    json_decref(wanted);
}

START_TEST(states_have_names)
{
    ck_assert_str_eq(session_state_name(SESSION_STARTING), "starting");
    ck_assert_str_eq(session_state_name(SESSION_READY), "ready");
    ck_assert_str_eq(session_state_name(SESSION_REFRESHING), "refreshing");
    ck_assert_str_eq(session_state_name(SESSION_LOCKED_OUT), "locked-out");
    ck_assert_str_eq(session_state_name(SESSION_OFFLINE), "offline");
}
END_TEST

START_TEST(it_logs_in_at_once)
{
    char header[1000];

    ck_assert(!world_has_credential(&world));
    ck_assert(session_may_wait(world.session, world.now_ms));
    ck_assert_ptr_null(session_user(world.session));
    world_begin(&world, SESSION_CALL_LOGIN);
    ck_assert_str_eq(world.call.method, "POST");
    ck_assert_str_eq(world.call.path, "/api/auth/login");
    ck_assert_ptr_null(world.call.credential);
    assert_body("{\"username\":\"user\",\"password\":\"" WORLD_PASSWORD "\"}");
    ck_assert(session_may_wait(world.session, world.now_ms));
    world_assert_state(&world, SESSION_STARTING);
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
    snprintf(header, sizeof(header), "X-Authorization: Bearer %s", world.token);
    ck_assert_str_eq(session_credential(world.session, world.now_ms)->header, header);
    ck_assert_str_eq(json_string_value(json_object_get(session_user(world.session), "sub")), "user");
}
END_TEST

START_TEST(a_renewal_sends_the_refresh_token_and_no_credential)
{
    uint64_t generation;

    world_log_in(&world, 9000);
    generation = session_credential(world.session, world.now_ms)->generation;
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    ck_assert_str_eq(world.call.method, "POST");
    ck_assert_str_eq(world.call.path, "/api/auth/token");
    ck_assert_ptr_null(world.call.credential);
    assert_body("{\"refreshToken\":\"refresh-9d2e-1\"}");
    world_assert_state(&world, SESSION_REFRESHING);
    ck_assert(world_has_credential(&world)); /* requests go on meanwhile */
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
    ck_assert_uint_gt(session_credential(world.session, world.now_ms)->generation, generation);
    ck_assert_str_eq(strrchr(session_credential(world.session, world.now_ms)->header, ' ') + 1, world.token);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    assert_body("{\"refreshToken\":\"refresh-9d2e-2\"}");
}
END_TEST

/* When 80 % have passed, or 1.5 s before the end if that is sooner. */
static const struct {
    int64_t life_s, renewal_ms;
} renewals[] = {{86400, 69120000}, {9000, 7200000}, {60, 48000}, {10, 8000},
                {5, 3500},         {4, 2500},       {3, 1500},   {2, 500}};

START_TEST(renewal_comes_before_the_end)
{
    world_log_in(&world, renewals[_i].life_s);
    world_wait_due(&world, renewals[_i].renewal_ms);
    ck_assert(world_has_credential(&world));
    world_wait(&world, renewals[_i].life_s * 1000 - renewals[_i].renewal_ms - 1);
    ck_assert(world_has_credential(&world));
    world_wait(&world, 1);
    ck_assert(!world_has_credential(&world));
}
END_TEST

START_TEST(a_token_of_one_second_is_renewed_within_it)
{
    world_log_in(&world, 1);
    ck_assert_int_gt(session_due(world.session), world.now_ms);
    ck_assert_int_lt(session_due(world.session), world.now_ms + 1000);
}
END_TEST

/* {"iat":1000,"exp":1000.05}; requests wait for the renewal. */
START_TEST(a_token_without_a_life_is_renewed_at_most_twice_a_second)
{
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 200,
                 "{\"token\":\"h.eyJpYXQiOjEwMDAsImV4cCI6MTAwMC4wNX0.s\",\"refreshToken\":\"r\"}", -1);
    ck_assert_int_eq(session_due(world.session), world.now_ms + 500);
    world_wait(&world, 50);
    ck_assert(!world_has_credential(&world));
    ck_assert(session_may_wait(world.session, world.now_ms));
    ck_assert_int_eq(session_due(world.session), world.now_ms + 450);
}
END_TEST

/* Lives of LIFE_S, renewed after RENEWAL_MS, for a span of time, with a request now and then: one renewal in
 * each, never a second login, and no request without a credential. */
static void assert_one_renewal_per_life(int64_t life_s, int64_t renewal_ms, int64_t span_ms,
                                        int64_t request_every_ms)
{
    int64_t end_ms = world.now_ms + span_ms, request_ms = world.now_ms;
    unsigned lives = 1;

    world_log_in(&world, life_s);
    while (world.now_ms < end_ms) {
        int64_t due_ms = session_due(world.session);

        if (request_ms < due_ms) {
            world.now_ms = request_ms;
            request_ms += request_every_ms;
            ck_assert(world_has_credential(&world));
            continue;
        }
        world_wait_due(&world, due_ms - world.now_ms);
        world_begin(&world, SESSION_CALL_REFRESH);
        world_wait(&world, 30);
        ck_assert(world_has_credential(&world));
        world_answer_pair(&world, life_s);
        ck_assert_int_eq(session_due(world.session), world.now_ms + renewal_ms);
        lives++;
    }
    ck_assert_uint_eq(world.calls[SESSION_CALL_LOGIN], 1);
    ck_assert_uint_eq(world.calls[SESSION_CALL_REFRESH], lives - 1);
    ck_assert_int_le(llabs((int64_t)lives - 1 - span_ms / (renewal_ms + 30)), 1);
}

START_TEST(months_of_renewals)
{
    assert_one_renewal_per_life(9000, 7200000, 180 * DAY_MS, 7 * MINUTE_MS);
}
END_TEST

START_TEST(hours_of_short_tokens)
{
    assert_one_renewal_per_life(5, 3500, unit_rounds(24) * 60 * MINUTE_MS, 700);
}
END_TEST

START_TEST(a_token_without_times_is_used_until_refused)
{
    world_log_in(&world, 0);
    ck_assert_int_eq(session_due(world.session), INT64_MAX);
    world_wait(&world, 400 * DAY_MS);
    ck_assert(world_has_credential(&world));
    ck_assert(world_refused(&world, world_generation(&world), false));
    world_begin(&world, SESSION_CALL_REFRESH);
}
END_TEST

START_TEST(a_missing_password_locks_out_and_a_new_one_is_seen)
{
    struct tb_error err = TB_ERROR_INIT;

    world_remove("password");
    ck_assert_int_lt(session_next_call(world.session, world.now_ms, &world.call, &err), 0);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    ck_assert_ptr_nonnull(strstr(session_reason(world.session), "/password"));
    ck_assert_ptr_nonnull(strstr(err.message, "/password"));
    ck_assert(!session_may_wait(world.session, world.now_ms));
    world_write("password", "another-3f\n");
    world_wait_due(&world, LOOK_MS);
    world_begin(&world, SESSION_CALL_LOGIN);
    assert_body("{\"username\":\"user\",\"password\":\"another-3f\"}");
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
}
END_TEST

START_TEST(the_administrator_can_ask_for_an_attempt_at_once)
{
    int i;

    for (i = 0; i < 3; i++) {
        world_begin(&world, SESSION_CALL_LOGIN);
        world_answer_refused(&world);
        session_retry_now(world.session, world.now_ms);
        ck_assert(session_may_wait(world.session, world.now_ms));
    }
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_refused(&world);
    world_wait_due(&world, LOCKED_OUT_MS); /* and the delays begin anew */
    session_retry_now(world.session, world.now_ms);
    world_log_in(&world, 9000);
    session_retry_now(world.session, world.now_ms);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_assert_state(&world, SESSION_REFRESHING);
    ck_assert(world_has_credential(&world));
}
END_TEST

/* With what is valid: the token that was renewed, and not the one of a file. */
START_TEST(the_administrator_can_ask_for_a_renewal)
{
    world_log_in(&world, 9000);
    session_renew_now(world.session, world.now_ms);
    world_begin(&world, SESSION_CALL_REFRESH);
    session_renew_now(world.session, world.now_ms); /* that is the one */
    ck_assert_int_eq(session_due(world.session), INT64_MAX);
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
    ck_assert_int_gt(session_due(world.session), world.now_ms);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_error(&world, "connection refused");
    world_assert_state(&world, SESSION_REFRESHING);
    session_renew_now(world.session, world.now_ms);
    ck_assert_int_le(session_due(world.session), world.now_ms);
}
END_TEST

START_TEST(without_a_session_a_renewal_is_a_login)
{
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_refused(&world);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    session_renew_now(world.session, world.now_ms);
    world_log_in(&world, 9000);
}
END_TEST

START_TEST(nothing_starts_a_second_call)
{
    world_log_in(&world, 9000);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    session_may_wait(world.session, world.now_ms);
    ck_assert_int_eq(session_due(world.session), INT64_MAX);
    ck_assert(world_refused(&world, 1, false));
    ck_assert_int_eq(session_due(world.session), INT64_MAX);
    world_wait(&world, DAY_MS);
    session_may_wait(world.session, world.now_ms);
    ck_assert_int_eq(session_due(world.session), INT64_MAX);
    session_retry_now(world.session, world.now_ms);
    ck_assert_int_eq(session_due(world.session), INT64_MAX);
}
END_TEST

/* The answer belongs to the call that was made, not to the one that was asked for meanwhile. */
START_TEST(asked_to_retry_during_a_renewal_that_is_then_refused)
{
    world_log_in(&world, 9000);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    session_retry_now(world.session, world.now_ms);
    world_answer_refused(&world);
    ck_assert_int_ne(session_state(world.session), SESSION_LOCKED_OUT);
    world_log_in(&world, 9000);
}
END_TEST

UNIT_SUITE(session)
{
    TCase *tests;
    Suite *suite = unit_suite_create("session", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, states_have_names);
    tcase_add_test(tests, it_logs_in_at_once);
    tcase_add_test(tests, a_renewal_sends_the_refresh_token_and_no_credential);
    tcase_add_loop_test(tests, renewal_comes_before_the_end, 0, (int)ARRAY_SIZE(renewals));
    tcase_add_test(tests, a_token_of_one_second_is_renewed_within_it);
    tcase_add_test(tests, months_of_renewals);
    tcase_add_test(tests, a_token_without_a_life_is_renewed_at_most_twice_a_second);
    tcase_add_test(tests, hours_of_short_tokens);
    tcase_add_test(tests, a_token_without_times_is_used_until_refused);
    tcase_add_test(tests, a_missing_password_locks_out_and_a_new_one_is_seen);
    tcase_add_test(tests, the_administrator_can_ask_for_an_attempt_at_once);
    tcase_add_test(tests, the_administrator_can_ask_for_a_renewal);
    tcase_add_test(tests, without_a_session_a_renewal_is_a_login);
    tcase_add_test(tests, nothing_starts_a_second_call);
    tcase_add_test(tests, asked_to_retry_during_a_renewal_that_is_then_refused);
    return suite;
}
