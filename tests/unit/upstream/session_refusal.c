/* SPDX-License-Identifier: Apache-2.0 */
/* What a 401 on a request does to the session. */
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

static uint64_t generation(void)
{
    return world_generation(&world);
}

/* When the request is sent first, and when it is sent again. */
static bool refused(uint64_t of)
{
    return world_refused(&world, of, false);
}

static bool refused_again(uint64_t of)
{
    return world_refused(&world, of, true);
}

START_TEST(many_refused_requests_make_one_renewal)
{
    uint64_t old;
    int i;

    world_log_in(&world, 9000);
    world_wait(&world, MINUTE_MS);
    old = generation();
    for (i = 0; i < 100; i++)
        ck_assert(refused(old));
    ck_assert(!world_has_credential(&world));
    ck_assert(session_may_wait(world.session, world.now_ms));
    world_begin(&world, SESSION_CALL_REFRESH);
    world_assert_state(&world, SESSION_REFRESHING);
    for (i = 0; i < 100; i++)
        ck_assert(refused(old));
    ck_assert_int_eq(session_due(world.session), INT64_MAX);
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
    for (i = 0; i < 100; i++) /* stragglers, sent with the old one */
        ck_assert(refused(old));
    ck_assert(!world_is_due(&world));
    ck_assert(world_has_credential(&world));
    ck_assert_uint_eq(world.calls[SESSION_CALL_REFRESH], 1);
}
END_TEST

/* However long the server took for its second refusal. */
START_TEST(a_request_that_is_refused_again_was_not_refused_for_the_credential)
{
    static const int64_t took_ms[] = {0, 20, 5000, 40000};

    world_log_in(&world, 9000);
    ck_assert(refused(generation()));
    world_begin(&world, SESSION_CALL_REFRESH);
    world_wait(&world, 20);
    world_answer_pair(&world, 9000);
    world_wait(&world, took_ms[_i]);
    ck_assert(!refused_again(generation()));
    world_assert_state(&world, SESSION_READY);
    ck_assert(world_has_credential(&world));
    ck_assert(!world_is_due(&world));
    ck_assert(!refused(generation())); /* nor is it renewed for the next one, for now */
    ck_assert(!world_is_due(&world));
}
END_TEST

/* The planned renewal came between the two refusals: the request has had its second chance, and what is wrong
 * with the new token, the next request will find out. */
START_TEST(a_replayed_request_asks_for_no_renewal)
{
    world_log_in(&world, 9000);
    world_wait_due(&world, 7200000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_pair(&world, 9000);
    ck_assert(!refused_again(generation()));
    ck_assert(!world_is_due(&world));
    ck_assert(world_has_credential(&world));
    ck_assert(refused(generation())); /* nor are renewals held back */
    ck_assert(world_is_due(&world));
}
END_TEST

/* One request after another, every 10 ms, and each is refused whatever it carries. Renewals get rarer: 1, 2,
 * 4 ... 60 s lie between them. */
START_TEST(useless_renewals_are_held_back_for_a_growing_time)
{
    static const int64_t seconds[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    int64_t last_ms = 0;
    size_t i = 0;

    world_log_in(&world, 900000);
    while (i < ARRAY_SIZE(seconds)) {
        world_wait(&world, 10);
        if (!refused(generation()))
            continue;
        if (last_ms) {
            ck_assert_int_ge(world.now_ms - last_ms, seconds[i] * 1000);
            ck_assert_int_le(world.now_ms - last_ms, seconds[i] * 1000 + 100);
            i++;
        }
        last_ms = world.now_ms;
        world_begin(&world, SESSION_CALL_REFRESH);
        world_wait(&world, 5);
        world_answer_pair(&world, 900000);
        ck_assert(!refused_again(generation()));
        ck_assert(!world_is_due(&world));
    }
}
END_TEST

/* Logs in and refuses every credential for a while, so that renewals are held back for long. */
static void hold_back(int64_t life_s)
{
    int64_t end_ms = world.now_ms + 2 * MINUTE_MS;

    world_log_in(&world, life_s);
    for (; world.now_ms < end_ms; world_wait(&world, 10)) {
        if (!refused(generation()))
            continue;
        world_begin(&world, SESSION_CALL_REFRESH);
        world_answer_pair(&world, life_s);
        ck_assert(!refused_again(generation()));
    }
}

START_TEST(the_planned_renewal_is_not_held_back)
{
    int64_t due_ms;

    hold_back(9000);
    due_ms = session_due(world.session);
    ck_assert_int_lt(due_ms, INT64_MAX);
    ck_assert(!refused(generation()));
    ck_assert_int_eq(session_due(world.session), due_ms);
    world.now_ms = due_ms;
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
}
END_TEST

START_TEST(a_token_that_really_ended_is_renewed_soon_after)
{
    int64_t waited_ms = 0;

    hold_back(9000);
    while (!refused(generation())) {
        world_wait(&world, 1000);
        waited_ms += 1000;
        ck_assert_int_le(waited_ms, MINUTE_MS);
    }
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
}
END_TEST

START_TEST(the_hold_is_short_again_after_a_quiet_time)
{
    hold_back(9000);
    world_wait(&world, 5 * MINUTE_MS);
    ck_assert(refused(generation()));
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_pair(&world, 9000);
    ck_assert(!refused_again(generation()));
    world_wait(&world, 999);
    ck_assert(!refused(generation()));
    world_wait(&world, 1);
    ck_assert(refused(generation()));
}
END_TEST

START_TEST(a_refusal_whose_renewal_fails_leaves_no_credential)
{
    uint64_t old;

    world_log_in(&world, 9000);
    world_wait(&world, MINUTE_MS);
    old = generation();
    ck_assert(refused(old));
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_error(&world, "no route");
    world_assert_state(&world, SESSION_OFFLINE);
    ck_assert(!world_has_credential(&world));
    ck_assert(refused(old)); /* a straggler does not hurry the next attempt */
    world_assert_state(&world, SESSION_OFFLINE);
    world_wait_due(&world, 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_refused(&world);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_refused(&world);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    ck_assert(!world_has_credential(&world));
    ck_assert(!refused(old)); /* the 401 is the answer */
}
END_TEST

START_TEST(without_a_credential_nothing_was_refused)
{
    ck_assert(!refused(0));
    ck_assert(!refused(1));
    world_assert_state(&world, SESSION_STARTING);
}
END_TEST

START_TEST(a_credential_in_use_outlives_its_renewal)
{
    struct credential *in_use;

    world_log_in(&world, 9000);
    in_use = credential_reference(session_credential(world.session, world.now_ms));
    ck_assert(refused(generation()));
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_pair(&world, 9000);
    ck_assert_ptr_ne(session_credential(world.session, world.now_ms), in_use);
    ck_assert_int_eq(strncmp(in_use->header, "X-Authorization: Bearer ", 24), 0);
    credential_release(in_use);
}
END_TEST

UNIT_SUITE(session_refusal)
{
    TCase *tests;
    Suite *suite = unit_suite_create("session_refusal", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, many_refused_requests_make_one_renewal);
    tcase_add_loop_test(tests, a_request_that_is_refused_again_was_not_refused_for_the_credential, 0, 4);
    tcase_add_test(tests, a_replayed_request_asks_for_no_renewal);
    tcase_add_test(tests, useless_renewals_are_held_back_for_a_growing_time);
    tcase_add_test(tests, the_planned_renewal_is_not_held_back);
    tcase_add_test(tests, a_token_that_really_ended_is_renewed_soon_after);
    tcase_add_test(tests, the_hold_is_short_again_after_a_quiet_time);
    tcase_add_test(tests, a_refusal_whose_renewal_fails_leaves_no_credential);
    tcase_add_test(tests, without_a_credential_nothing_was_refused);
    tcase_add_test(tests, a_credential_in_use_outlives_its_renewal);
    return suite;
}
