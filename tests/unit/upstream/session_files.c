/* SPDX-License-Identifier: Apache-2.0 */
/* A session that is locked out looks at its secret's file, and tries a new one at once. */
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
    if (world.session)
        world_close(&world);
}

static void lock_out(enum session_call_kind kind)
{
    world_begin(&world, kind);
    world_answer_refused(&world);
    world_assert_state(&world, SESSION_LOCKED_OUT);
}

/* The secret cannot be read, whose call is due. */
static void fail_to_read(const char *reason)
{
    struct tb_error err = TB_ERROR_INIT;

    ck_assert_int_lt(session_next_call(world.session, world.now_ms, &world.call, &err), 0);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    ck_assert_msg(strstr(session_reason(world.session), reason) != NULL, "%s", session_reason(world.session));
}

START_TEST(it_looks_every_2_s_and_makes_no_call)
{
    lock_out(SESSION_CALL_LOGIN);
    world_wait_due(&world, LOCKED_OUT_MS);
    ck_assert_uint_eq(world.looks, 7);
    ck_assert_uint_eq(world.calls[SESSION_CALL_LOGIN], 1);
}
END_TEST

/* Before the first look, after it, and before the last one that comes before the probe. */
START_TEST(another_password_is_tried_at_the_next_look)
{
    static const unsigned looks[] = {0, 1, 6};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(looks); i++) {
        char password[20];
        unsigned look;

        lock_out(SESSION_CALL_LOGIN);
        for (look = 0; look < looks[i]; look++) {
            world_wait_due(&world, LOOK_MS);
            world_look(&world);
        }
        snprintf(password, sizeof(password), "other-%zu", i);
        world_write("password", password);
        world_wait_due(&world, LOOK_MS);
    }
    world_log_in(&world, 9000);
}
END_TEST

/* One that is wrong, too, does not inherit what the first has cost. */
START_TEST(the_delays_begin_anew_with_another_password)
{
    int i;

    for (i = 0; i < 5; i++) {
        lock_out(SESSION_CALL_LOGIN);
        world_wait_due(&world, LOCKED_OUT_MS << i);
    }
    lock_out(SESSION_CALL_LOGIN);
    world_write("password", "wrong-again");
    world_wait_due(&world, LOOK_MS);
    lock_out(SESSION_CALL_LOGIN);
    world_wait_due(&world, LOCKED_OUT_MS);
}
END_TEST

START_TEST(what_was_only_touched_is_not_tried)
{
    lock_out(SESSION_CALL_LOGIN);
    world_write("password", WORLD_PASSWORD);
    world_wait_due(&world, LOOK_MS);
    world_look(&world);
    world_write("password", WORLD_PASSWORD "\n"); /* an editor's line end does not belong to it */
    world_wait_due(&world, LOOK_MS);
    world_look(&world);
}
END_TEST

/* A file that is being written anew has no secret for a moment. */
START_TEST(one_that_is_gone_is_not_tried_until_another_is_there)
{
    lock_out(SESSION_CALL_LOGIN);
    world_remove("password");
    world_wait_due(&world, LOOK_MS);
    world_look(&world);
    world_write("password", "");
    world_wait_due(&world, LOOK_MS);
    world_look(&world);
    world_write("password", WORLD_PASSWORD);
    world_wait_due(&world, LOOK_MS);
    world_look(&world);
    world_write("password", "another-one");
    world_wait_due(&world, LOOK_MS);
    world_log_in(&world, 9000);
}
END_TEST

START_TEST(a_file_that_could_not_be_read_is_tried_when_it_can)
{
    world_remove("password");
    fail_to_read("cannot be opened");
    world_wait_due(&world, LOOK_MS);
    world_look(&world);
    world_write("password", WORLD_PASSWORD);
    world_wait_due(&world, LOOK_MS);
    world_log_in(&world, 9000);
}
END_TEST

/* Also if it is the secret that was refused before it was gone: the server may have changed. */
START_TEST(a_file_that_is_back_is_tried)
{
    lock_out(SESSION_CALL_LOGIN);
    world_remove("password");
    world_wait_due(&world, LOCKED_OUT_MS);
    fail_to_read("cannot be opened");
    world_write("password", WORLD_PASSWORD);
    world_wait_due(&world, LOOK_MS);
    world_log_in(&world, 9000);
}
END_TEST

START_TEST(another_reason_why_it_cannot_be_read_is_reported_at_once)
{
    world_remove("password");
    fail_to_read("cannot be opened");
    world_write("password", "two\nlines");
    world_wait_due(&world, LOOK_MS);
    fail_to_read("one line of text");
    world_wait_due(&world, LOOK_MS);
    world_look(&world); /* and once */
    world_write("password", "");
    world_wait_due(&world, LOOK_MS);
    world_look(&world);
}
END_TEST

START_TEST(a_file_is_looked_at_only_while_locked_out)
{
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_error(&world, "no route");
    world_write("password", "another-one");
    world_wait_due(&world, 1000);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 404, "", -1);
    world_wait_due(&world, 2000);
    world_log_in(&world, 9000);
    world_wait_due(&world, 7200000);
    ck_assert_uint_eq(world.looks, 0);
}
END_TEST

START_TEST(requests_do_not_wait_for_a_look)
{
    lock_out(SESSION_CALL_LOGIN);
    world_wait(&world, LOOK_MS);
    ck_assert(world_is_due(&world));
    ck_assert(!session_may_wait(world.session, world.now_ms));
    world_look(&world);
}
END_TEST

START_TEST(another_key_is_tried_at_once)
{
    world_close(&world);
    world_open_key(&world);
    lock_out(SESSION_CALL_VERIFY);
    world_write("key", "tb_other");
    world_wait_due(&world, LOOK_MS);
    world_begin(&world, SESSION_CALL_VERIFY);
    ck_assert_str_eq(world.call.credential->header, "X-Authorization: ApiKey tb_other");
    world_answer(&world, 200, "{\"id\":{}}", -1);
    world_assert_state(&world, SESSION_READY);
}
END_TEST

/* The files of a pair are written one after the other; either may be the one that was wrong. */
START_TEST(each_file_of_a_pair_is_looked_at)
{
    static const char *const names[] = {"token", "refresh-token"};

    world_close(&world);
    world_open_tokens(&world, true, 9000);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer_refused(&world);
    lock_out(SESSION_CALL_REFRESH);
    world_write(names[_i], "refresh-9d2e-new");
    world_wait_due(&world, LOOK_MS);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer_refused(&world);
    world_begin(&world, SESSION_CALL_REFRESH);
    ck_assert_int_eq(strstr(world.call.body.data, "refresh-9d2e-new") != NULL, _i == 1);
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
}
END_TEST

/* "ab" and "c" are not "a" and "bc". */
START_TEST(the_secrets_of_a_pair_are_told_apart)
{
    world_close(&world);
    world_open_tokens(&world, true, 9000);
    world_write("token", "ab");
    world_write("refresh-token", "c");
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer_refused(&world);
    lock_out(SESSION_CALL_REFRESH);
    world_write("token", "a");
    world_write("refresh-token", "bc");
    world_wait_due(&world, LOOK_MS);
    world_begin(&world, SESSION_CALL_VERIFY);
}
END_TEST

/* A pair that was rotated long before its refresh token was refused. */
START_TEST(a_pair_that_changed_since_it_was_read_is_tried_at_once)
{
    world_close(&world);
    world_open_tokens(&world, true, 9000);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 200, "{\"id\":{}}", -1);
    world_write("token", "rotated");
    world_wait_due(&world, 7200000);
    lock_out(SESSION_CALL_REFRESH);
    world_wait_due(&world, LOOK_MS);
    world_begin(&world, SESSION_CALL_VERIFY);
    ck_assert_str_eq(world.call.credential->header, "X-Authorization: Bearer rotated");
}
END_TEST

START_TEST(secrets_in_memory_are_not_looked_at)
{
    struct session_options options = {.username = "u", .password.value = "p-in-memory"};
    struct tb_error err = TB_ERROR_INIT;
    struct session_reply refusal = {.status = 401, .body = "", .retry_after_ms = -1};
    struct session_call call;
    struct session *session;

    world_close(&world);
    ck_assert_int_eq(session_new(&options, &session, &err), 0);
    ck_assert_int_eq(session_next_call(session, 1000, &call, &err), 0);
    session_call_free(&call);
    session_call_done(session, 1000, &refusal);
    ck_assert_int_eq(session_state(session), SESSION_LOCKED_OUT);
    ck_assert_int_eq(session_due(session), 1000 + LOCKED_OUT_MS);
    session_free(session);
}
END_TEST

UNIT_SUITE(session_files)
{
    TCase *tests;
    Suite *suite = unit_suite_create("session_files", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, it_looks_every_2_s_and_makes_no_call);
    tcase_add_test(tests, another_password_is_tried_at_the_next_look);
    tcase_add_test(tests, the_delays_begin_anew_with_another_password);
    tcase_add_test(tests, what_was_only_touched_is_not_tried);
    tcase_add_test(tests, one_that_is_gone_is_not_tried_until_another_is_there);
    tcase_add_test(tests, a_file_that_could_not_be_read_is_tried_when_it_can);
    tcase_add_test(tests, a_file_that_is_back_is_tried);
    tcase_add_test(tests, another_reason_why_it_cannot_be_read_is_reported_at_once);
    tcase_add_test(tests, a_file_is_looked_at_only_while_locked_out);
    tcase_add_test(tests, requests_do_not_wait_for_a_look);
    tcase_add_test(tests, another_key_is_tried_at_once);
    tcase_add_loop_test(tests, each_file_of_a_pair_is_looked_at, 0, 2);
    tcase_add_test(tests, the_secrets_of_a_pair_are_told_apart);
    tcase_add_test(tests, a_pair_that_changed_since_it_was_read_is_tried_at_once);
    tcase_add_test(tests, secrets_in_memory_are_not_looked_at);
    return suite;
}
