/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "world.h"

#define USER "{\"email\":\"tenant@thingsboard.org\",\"authority\":\"TENANT_ADMIN\"}"

static struct world world;

static void tear_down(void)
{
    if (world.session)
        world_close(&world);
}

static void assert_credential(const char *scheme, const char *secret)
{
    char header[2000];

    snprintf(header, sizeof(header), "X-Authorization: %s %s", scheme, secret);
    ck_assert(world_has_credential(&world));
    ck_assert_str_eq(session_credential(world.session, world.now_ms)->header, header);
}

/* Whether such options are accepted; an option is left out as NULL and as "". */
static bool accepted(unsigned given, const char *left_out)
{
    struct tb_error err = TB_ERROR_INIT;
    struct session *session = NULL;
    int r = session_new(
        &(struct session_options){
            .api_key.file = given & 1 ? "/k" : left_out,
            .username = given & 2 ? "u" : left_out,
            .password.file = given & 4 ? "/p" : left_out,
            .token.file = given & 8 ? "/t" : left_out,
            .refresh_token.file = given & 16 ? "/r" : left_out,
        },
        &session, &err);

    if (r == 0) {
        ck_assert_ptr_nonnull(session);
        session_free(session);
        return true;
    }
    ck_assert_int_eq(r, -EINVAL);
    ck_assert_str_ne(err.message, "");
    ck_assert_ptr_null(strstr(err.message, "upstream.")); /* the caller names the options */
    ck_assert_ptr_null(session);
    return false;
}

START_TEST(secrets_may_come_from_memory)
{
    struct session_options options = {.username = "u", .password.value = "p-in-memory"};
    struct tb_error err = TB_ERROR_INIT;
    struct session_call call;
    struct session *session;

    ck_assert_int_eq(session_new(&options, &session, &err), 0);
    ck_assert_int_eq(session_next_call(session, 0, &call, &err), 0);
    ck_assert_ptr_nonnull(strstr(call.body.data, "p-in-memory"));
    session_call_free(&call);
    session_free(session);
    options = (struct session_options){.token.value = "t-1", .refresh_token.value = "r-1"};
    ck_assert_int_eq(session_new(&options, &session, &err), 0);
    ck_assert_int_eq(session_next_call(session, 0, &call, &err), 0);
    ck_assert_str_eq(call.credential->header, "X-Authorization: Bearer t-1");
    session_call_free(&call);
    session_free(session);
}
END_TEST

/* A key; a name and a password; a token and, optionally, a refresh token. */
START_TEST(exactly_one_way_to_authenticate)
{
    unsigned given;

    for (given = 0; given < 32; given++) {
        bool expected = given == 1 || given == (2 | 4) || given == 8 || given == (8 | 16);

        ck_assert_msg(accepted(given, NULL) == expected, "options %u, others NULL", given);
        ck_assert_msg(accepted(given, "") == expected, "options %u, others empty", given);
    }
}
END_TEST

START_TEST(a_key_is_verified_and_needs_no_renewal)
{
    world_open_key(&world);
    ck_assert(!world_has_credential(&world));
    world_begin(&world, SESSION_CALL_VERIFY);
    ck_assert_str_eq(world.call.method, "GET");
    ck_assert_str_eq(world.call.path, "/api/auth/user");
    ck_assert_uint_eq(world.call.body.len, 0);
    ck_assert_str_eq(world.call.credential->header, "X-Authorization: ApiKey " WORLD_KEY);
    ck_assert(!world_has_credential(&world)); /* not before the server took it */
    world_answer(&world, 200, USER, -1);
    world_assert_state(&world, SESSION_READY);
    assert_credential("ApiKey", WORLD_KEY);
    ck_assert_str_eq(json_string_value(json_object_get(session_user(world.session), "authority")),
                     "TENANT_ADMIN");
    ck_assert_int_eq(session_due(world.session), INT64_MAX);
    world_wait(&world, 1000 * DAY_MS);
    ck_assert(world_has_credential(&world));
    ck_assert_int_eq(session_due(world.session), INT64_MAX);
}
END_TEST

/* What the server keeps of the user is the user's: any JSON. */
START_TEST(a_user_that_jansson_does_not_accept)
{
    world_open_key(&world);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(
        &world, 200,
        "{\"authority\":\"TENANT_ADMIN\",\"additionalInfo\":{\"iccid\":89010303310033979663,\"a\":1E400,"
        "\"\\u0000\":\"\\u0000\\ud83d\"}}",
        -1);
    world_assert_state(&world, SESSION_READY);
    assert_credential("ApiKey", WORLD_KEY);
    ck_assert_str_eq(json_string_value(json_object_get(session_user(world.session), "authority")),
                     "TENANT_ADMIN");
}
END_TEST

START_TEST(a_rotated_key_is_read_again)
{
    world_open_key(&world);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 200, USER, -1);
    world_wait(&world, MINUTE_MS);
    world_write("key", "tb_rotated\n");
    ck_assert(world_refused(&world, world_generation(&world), false));
    ck_assert(!world_has_credential(&world));
    world_begin(&world, SESSION_CALL_VERIFY);
    ck_assert_str_eq(world.call.credential->header, "X-Authorization: ApiKey tb_rotated");
    world_answer(&world, 200, USER, -1);
    assert_credential("ApiKey", "tb_rotated");
}
END_TEST

START_TEST(a_refused_key_locks_out_until_it_is_replaced)
{
    world_open_key(&world);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer_refused(&world);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    ck_assert(!world_has_credential(&world));
    ck_assert(!session_may_wait(world.session, world.now_ms));
    world_write("key", "tb_rotated\n");
    world_wait_due(&world, LOOK_MS);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 200, USER, -1);
    assert_credential("ApiKey", "tb_rotated");
}
END_TEST

START_TEST(a_key_that_is_taken_away_locks_out)
{
    world_open_key(&world);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 200, USER, -1);
    world_wait(&world, MINUTE_MS);
    ck_assert(world_refused(&world, world_generation(&world), false));
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer_refused(&world);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    ck_assert(!world_has_credential(&world));
}
END_TEST

START_TEST(a_missing_key_locks_out)
{
    struct tb_error err = TB_ERROR_INIT;

    world_open_key(&world);
    world_remove("key");
    ck_assert_int_lt(session_next_call(world.session, world.now_ms, &world.call, &err), 0);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    ck_assert_ptr_nonnull(strstr(session_reason(world.session), "/key"));
    world_wait_due(&world, LOCKED_OUT_MS);
}
END_TEST

START_TEST(a_key_is_kept_while_the_server_is_away)
{
    world_open_key(&world);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer_error(&world, "no route");
    world_assert_state(&world, SESSION_OFFLINE);
    world_wait_due(&world, 1000);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 503, "", -1);
    world_assert_state(&world, SESSION_OFFLINE);
    world_wait_due(&world, 2000);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 200, USER, -1);
    world_assert_state(&world, SESSION_READY);
}
END_TEST

/* What counts for a token that was given is how long the server will still accept it. */
START_TEST(a_token_pair_is_verified_and_renewed_in_its_remaining_life)
{
    char given[2000];

    world_open_tokens(&world, true, 9000);
    snprintf(given, sizeof(given), "%s", world.token);
    world_wait(&world, 8900 * 1000);
    world_begin(&world, SESSION_CALL_VERIFY);
    snprintf(given, sizeof(given), "X-Authorization: Bearer %s", world.token);
    ck_assert_str_eq(world.call.credential->header, given);
    world_answer(&world, 200, USER, -1);
    world_assert_state(&world, SESSION_READY);
    assert_credential("Bearer", world.token);
    world_wait_due(&world, 80 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    ck_assert_ptr_nonnull(strstr(world.call.body.data, "refresh-9d2e-1"));
    world_answer_pair(&world, 9000);
    assert_credential("Bearer", world.token);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    ck_assert_ptr_nonnull(strstr(world.call.body.data, "refresh-9d2e-2"));
}
END_TEST

START_TEST(a_token_that_is_refused_is_renewed)
{
    world_open_tokens(&world, true, 9000);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer_refused(&world);
    ck_assert_int_ne(session_state(world.session), SESSION_LOCKED_OUT);
    ck_assert(!world_has_credential(&world));
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
}
END_TEST

START_TEST(a_pair_that_is_refused_locks_out_and_is_read_again)
{
    world_open_tokens(&world, true, 9000);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer_refused(&world);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_refused(&world);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    world_write("token", "new-token\n");
    world_write("refresh-token", "refresh-9d2e-new\n");
    world_wait_due(&world, LOOK_MS);
    world_begin(&world, SESSION_CALL_VERIFY);
    ck_assert_str_eq(world.call.credential->header, "X-Authorization: Bearer new-token");
    world_answer_refused(&world);
    world_begin(&world, SESSION_CALL_REFRESH);
    ck_assert_ptr_nonnull(strstr(world.call.body.data, "refresh-9d2e-new"));
}
END_TEST

START_TEST(a_token_without_a_refresh_token_lasts_to_its_end)
{
    world_open_tokens(&world, false, 9000);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 200, USER, -1);
    ck_assert_int_eq(session_due(world.session), world.now_ms + 9000 * 1000);
    world_wait(&world, 9000 * 1000 - 1);
    ck_assert(world_has_credential(&world));
    world_wait(&world, 1);
    ck_assert(!world_has_credential(&world));
    ck_assert(session_may_wait(world.session, world.now_ms)); /* the file may hold a new one */
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer_refused(&world);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    world_wait_due(&world, LOCKED_OUT_MS);
}
END_TEST

START_TEST(a_given_token_that_is_not_a_jwt_works_too)
{
    world_open_tokens(&world, false, 9000);
    world_write("token", "opaque\n");
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 200, USER, -1);
    assert_credential("Bearer", "opaque");
    ck_assert_ptr_nonnull(json_object_get(session_user(world.session), "email"));
    ck_assert_int_eq(session_due(world.session), INT64_MAX);
}
END_TEST

START_TEST(missing_token_files_lock_out)
{
    struct tb_error err = TB_ERROR_INIT;

    world_open_tokens(&world, true, 9000);
    world_remove("refresh-token");
    ck_assert_int_lt(session_next_call(world.session, world.now_ms, &world.call, &err), 0);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    ck_assert_ptr_nonnull(strstr(session_reason(world.session), "/refresh-token"));
    world_remove("token");
    world_wait_due(&world, LOCKED_OUT_MS);
    ck_assert_int_lt(session_next_call(world.session, world.now_ms, &world.call, &err), 0);
    world_wait_due(&world, 2 * LOCKED_OUT_MS);
}
END_TEST

/* A reload during a renewal: its answer is a token pair, not that of a check. */
START_TEST(asked_to_retry_during_the_renewal_of_a_pair)
{
    world_open_tokens(&world, true, 9000);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 200, USER, -1);
    world_wait_due(&world, 7200 * 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    session_retry_now(world.session, world.now_ms);
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
    assert_credential("Bearer", world.token);
}
END_TEST

START_TEST(a_login_is_json_whatever_the_name_and_the_password_are)
{
    static const char *const texts[] = {
        "plain", "\"", "\\", "\\\"u0041\\", "\001\t\n\037", "p\u00e4ss/\u20ac", ""};
    struct session_call call;
    json_t *body;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(texts); i++) {
        ck_assert_int_eq(session_call_login(&call, texts[i], texts[ARRAY_SIZE(texts) - 1 - i], NULL), 0);
        body = json_loadb(call.body.data, call.body.len, JSON_REJECT_DUPLICATES, NULL);
        ck_assert_msg(body != NULL, "%s", call.body.data);
        ck_assert_uint_eq(json_object_size(body), 2);
        ck_assert_str_eq(json_string_value(json_object_get(body, "username")), texts[i]);
        ck_assert_str_eq(json_string_value(json_object_get(body, "password")),
                         texts[ARRAY_SIZE(texts) - 1 - i]);
        json_decref(body);
        session_call_free(&call);
    }
}
END_TEST

START_TEST(a_name_that_is_not_utf8_is_refused)
{
    struct tb_error err = TB_ERROR_INIT;
    struct session_call call;

    ck_assert_int_eq(session_call_login(&call, "\xe4", "p", &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.message, "UTF-8"));
    session_call_free(&call);
}
END_TEST

UNIT_SUITE(session_modes)
{
    TCase *tests;
    Suite *suite = unit_suite_create("session_modes", &tests);

    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, secrets_may_come_from_memory);
    tcase_add_test(tests, exactly_one_way_to_authenticate);
    tcase_add_test(tests, a_key_is_verified_and_needs_no_renewal);
    tcase_add_test(tests, a_user_that_jansson_does_not_accept);
    tcase_add_test(tests, a_rotated_key_is_read_again);
    tcase_add_test(tests, a_refused_key_locks_out_until_it_is_replaced);
    tcase_add_test(tests, a_key_that_is_taken_away_locks_out);
    tcase_add_test(tests, a_missing_key_locks_out);
    tcase_add_test(tests, a_key_is_kept_while_the_server_is_away);
    tcase_add_test(tests, a_token_pair_is_verified_and_renewed_in_its_remaining_life);
    tcase_add_test(tests, a_token_that_is_refused_is_renewed);
    tcase_add_test(tests, a_pair_that_is_refused_locks_out_and_is_read_again);
    tcase_add_test(tests, a_token_without_a_refresh_token_lasts_to_its_end);
    tcase_add_test(tests, a_given_token_that_is_not_a_jwt_works_too);
    tcase_add_test(tests, missing_token_files_lock_out);
    tcase_add_test(tests, asked_to_retry_during_the_renewal_of_a_pair);
    tcase_add_test(tests, a_login_is_json_whatever_the_name_and_the_password_are);
    tcase_add_test(tests, a_name_that_is_not_utf8_is_refused);
    return suite;
}
