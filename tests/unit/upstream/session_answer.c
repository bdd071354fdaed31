/* SPDX-License-Identifier: Apache-2.0 */
/* Which answers to a login refuse it: those of the server itself, and no others. */
#include <stdio.h>

#include "base/util.h"
#include "world.h"

#define PORTAL "<html>Welcome to our hotel</html>"
#define FORBIDDEN                                                                                            \
    "{\"status\":403,\"message\":\"You don't have permission\",\"errorCode\":20,\"timestamp\":1}"

static struct world world;

static void set_up(void)
{
    world_open_password(&world);
}

static void tear_down(void)
{
    world_close(&world);
}

static void assert_reason(const char *words)
{
    const char *reason = session_reason(world.session);

    ck_assert_msg(strstr(reason, words) != NULL, "\"%s\" is not in \"%s\"", words, reason);
}

static void assert_no_word_of(const char *words)
{
    const char *reason = session_reason(world.session);

    ck_assert_msg(strstr(reason, words) == NULL, "\"%s\" is in \"%s\"", words, reason);
}

/* Answers that say nothing about the credential, and a part of the reason. */
static const struct {
    int status;
    const char *body, *reason;
} odd[] = {
    {200, "",
     "is not JSON: check that upstream.url is a ThingsBoard server, not a gateway or a captive portal"},
    {200, PORTAL, "the answer to the login (POST /api/auth/login) is not JSON"},
    {200, "null", "is not JSON"},
    {200, "[]", "is not JSON"},
    {200, "42", "is not JSON"},
    {200, "\xff", "is not JSON"},
    {200, "{}", "holds no token: check that upstream.url is a ThingsBoard server"},
    {200, "{\"token\":7,\"refreshToken\":\"x\"}", "holds no token"},
    {200, "{\"refreshToken\":\"x\"}", "holds no token"},
    {200, "{\"token\":\"\",\"refreshToken\":\"x\"}", "holds no token"},
    {200, "{\"token\":\"a\\r\\nX-Evil: 1\",\"refreshToken\":\"x\"}", "holds no token"},
    {200, "{\"token\":\"a\\u0000b\",\"refreshToken\":\"x\"}", "holds no token"},
    {403, "{\"message\":\"bad login " WORLD_PASSWORD " and " WORLD_PASSWORD "\"}",
     "HTTP 403: bad login ************** and **************: check that upstream.url"},
    {201, "{\"token\":\"a.b.c\",\"refreshToken\":\"x\"}",
     "HTTP 201: check that upstream.url is a ThingsBoard server"},
    {204, "", "HTTP 204"},
    {301, "", "HTTP 301, a redirect without a usable Location"},
    {304, "", "HTTP 304"},
    {400, "", "HTTP 400: check that upstream.url is a ThingsBoard server"},
    {403, PORTAL, "HTTP 403: check that upstream.url is a ThingsBoard server"},
    {403, "", "HTTP 403"},
    {403, "{\"message\":\"blocked by the firewall\"}",
     "HTTP 403: blocked by the firewall: check that upstream.url"},
    {403, "{\"status\":403,\"message\":\"no\",\"errorCode\":\"20\"}",
     "HTTP 403: no: check that upstream.url"},
    {404, "default backend - 404", "HTTP 404: check that upstream.url is a ThingsBoard server"},
    {405, "", "HTTP 405"},
    {407, "", "HTTP 407"},
    {408, "", "HTTP 408"},
    {421, "", "HTTP 421"},
    {429, "", "HTTP 429"},
    {500, "", "HTTP 500"},
    {502, PORTAL, "HTTP 502"},
    {503, "", "HTTP 503"},
    {504, "", "HTTP 504"},
    {999, "", "HTTP 999"},
};

START_TEST(an_answer_of_something_else_does_not_lock_out)
{
    static const int64_t seconds[] = {1, 2, 4, 8, 16, 30, 30};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(seconds); i++) {
        world_begin(&world, SESSION_CALL_LOGIN);
        world_answer(&world, odd[_i].status, odd[_i].body, -1);
        world_assert_state(&world, SESSION_OFFLINE);
        assert_reason(odd[_i].reason);
        ck_assert(!world_has_credential(&world));
        ck_assert_int_eq(session_status(world.session), odd[_i].status);
        world_wait_due(&world, seconds[i] * 1000);
    }
    world_log_in(&world, 9000);
}
END_TEST

START_TEST(an_answer_that_asks_to_wait_does_not_doubt_the_url)
{
    static const int statuses[] = {408, 429, 500, 503};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(statuses); i++) {
        world_begin(&world, SESSION_CALL_LOGIN);
        world_answer(&world, statuses[i], "", -1);
        assert_no_word_of("upstream.url");
        world.now_ms = session_due(world.session);
    }
}
END_TEST

/* An answer of the server itself, whatever it is about. */
START_TEST(the_servers_own_message_does_not_doubt_the_url)
{
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 400, "{\"status\":400,\"message\":\"Invalid body\",\"errorCode\":31}", -1);
    world_assert_state(&world, SESSION_OFFLINE);
    assert_reason("HTTP 400: Invalid body");
    assert_no_word_of("upstream.url");
}
END_TEST

static const struct {
    int status;
    const char *body;
} refusals[] = {
    {401, "{\"status\":401,\"message\":\"Invalid username or password\",\"errorCode\":10}"},
    {401, ""},
    {401, PORTAL},
    {403, FORBIDDEN},
};

START_TEST(a_refusal_of_the_server_itself_locks_out)
{
    char status[20];

    snprintf(status, sizeof(status), "HTTP %d", refusals[_i].status);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, refusals[_i].status, refusals[_i].body, -1);
    world_assert_state(&world, SESSION_LOCKED_OUT);
    assert_reason(status);
    assert_no_word_of("upstream.url");
}
END_TEST

/* A token of 8 s, and a gateway that answers 404 for 10 s when it is to be renewed. */
START_TEST(a_gateway_without_a_backend_costs_no_more_than_its_time)
{
    int64_t back_ms;

    world_log_in(&world, 8);
    world_wait_due(&world, 6400);
    back_ms = world.now_ms + 10000;
    while (world.now_ms < back_ms) {
        world_begin(&world,
                    world.calls[SESSION_CALL_REFRESH] < 2 ? SESSION_CALL_REFRESH : SESSION_CALL_LOGIN);
        world_answer(&world, 404, "default backend - 404", -1);
        if (world.now_ms < back_ms - 10000 + 1600) {
            world_assert_state(&world, SESSION_REFRESHING);
            ck_assert(world_has_credential(&world)); /* requests go on */
        }
        world.now_ms = session_due(world.session);
    }
    ck_assert_int_le(world.now_ms, back_ms + 8000);
    world_log_in(&world, 8);
}
END_TEST

START_TEST(a_renewal_that_is_redirected_leaves_the_old_token)
{
    world_log_in(&world, 9000);
    world_wait_due(&world, 7200000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_redirect(&world, "http://tb", "http://portal/");
    world_assert_state(&world, SESSION_REFRESHING);
    ck_assert(world_has_credential(&world));
    assert_reason("token renewal (POST /api/auth/token)");
    world_wait_due(&world, 1000);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_pair(&world, 9000);
}
END_TEST

static const struct {
    const char *url, *location, *reason;
} redirects[] = {
    {"http://tb.example", "https://tb.example/api/auth/login",
     "answers with a redirect to https://tb.example: set upstream.url to that"},
    {"http://tb.example:8080", "https://TB.example:8443/api/auth/login",
     "to https://TB.example:8443: set upstream.url to that"},
    {"http://tb.example/prefix", "https://tb.example/prefix/api/auth/login?x=secret#y",
     "to https://tb.example/prefix: set upstream.url to that"},
    {"http://tb.example", "https://tb.example/",
     "HTTP 302, a redirect to https://tb.example/: check that upstream.url"},
    {"http://tb.example", "https://other.example/api/auth/login",
     "HTTP 302, a redirect to https://other.example/api/auth/login: check that upstream.url"},
    {"https://tb.example", "http://tb.example/api/auth/login",
     "a redirect to http://tb.example/api/auth/login: check that"},
    {"http://tb.example", "http://user:secret@portal.example/in?session=secret#secret",
     "a redirect to http://portal.example/in: check that upstream.url is a ThingsBoard server, "
     "not a gateway or a captive portal"},
    {"http://tb.example", "//portal.example/in", "a redirect to http://portal.example/in: check that"},
    {"http://tb.example", "/login?secret", "a redirect to http://tb.example/login: check that"},
    {"http://tb.example/prefix", "../x", "a redirect to http://tb.example/prefix/api/x: check that"},
    {"http://tb.example", NULL, "a redirect without a usable Location"},
    {"http://tb.example", "portal://secret@x/y", "a redirect without a usable Location"},
    {"http://tb.example", "http://", "a redirect without a usable Location"},
};

START_TEST(a_redirect_names_where_it_leads)
{
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_redirect(&world, redirects[_i].url, redirects[_i].location);
    world_assert_state(&world, SESSION_OFFLINE);
    assert_reason(redirects[_i].reason);
    assert_no_word_of("secret");
    world_wait_due(&world, 1000);
}
END_TEST

START_TEST(a_redirects_target_is_bounded_and_one_line_of_ascii)
{
    char location[4000] = "http://portal.example/";
    const char *c;
    size_t length = strlen(location);

    memset(location + length, 'x', sizeof(location) - length - 1);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_redirect(&world, "http://tb.example", location);
    location[200] = '\0';
    assert_reason(location);
    location[200] = 'x';
    location[201] = '\0';
    assert_no_word_of(location);
    assert_reason("check that upstream.url is a ThingsBoard server"); /* all of it has room */
    world.now_ms = session_due(world.session);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_redirect(&world, "http://tb.example", "http://portal.example/\xc3\xa9\x01\x1b[2J\nx");
    for (c = session_reason(world.session); *c; c++)
        ck_assert(*c >= 0x20 && *c < 0x7f);
}
END_TEST

/* The same holds for the check of a key. */
START_TEST(a_check_of_a_key_that_something_else_answers_is_retried)
{
    static const char *const bodies[] = {"", PORTAL, "[]", "null", "\"user\""};
    size_t i;

    world_close(&world);
    world_open_key(&world);
    for (i = 0; i < ARRAY_SIZE(bodies); i++) {
        world_begin(&world, SESSION_CALL_VERIFY);
        world_answer(&world, 200, bodies[i], -1);
        world_assert_state(&world, SESSION_OFFLINE);
        assert_reason("check of the credential (GET /api/auth/user) is not JSON");
        ck_assert(!world_has_credential(&world));
        world.now_ms = session_due(world.session);
    }
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 404, "", -1);
    world_assert_state(&world, SESSION_OFFLINE);
    world.now_ms = session_due(world.session);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 200, "{\"portal\":1}", -1);
    world_assert_state(&world, SESSION_OFFLINE);
    assert_reason("is not a user");
    world.now_ms = session_due(world.session);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 200, "{\"id\":{}}", -1);
    world_assert_state(&world, SESSION_READY);
}
END_TEST

/* A pair that was given: its token is renewed after a refusal only. */
START_TEST(a_given_token_whose_check_something_else_answers_is_kept)
{
    world_close(&world);
    world_open_tokens(&world, true, 9000);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 404, "", -1);
    world_assert_state(&world, SESSION_OFFLINE);
    world_wait_due(&world, 1000);
    world_begin(&world, SESSION_CALL_VERIFY);
    world_answer(&world, 403, FORBIDDEN, -1);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer(&world, 200, PORTAL, -1);
    world_assert_state(&world, SESSION_OFFLINE);
    world.now_ms = session_due(world.session);
    world_begin(&world, SESSION_CALL_REFRESH);
    world_answer_pair(&world, 9000);
    world_assert_state(&world, SESSION_READY);
}
END_TEST

START_TEST(the_status_is_that_of_the_last_call)
{
    ck_assert_int_eq(session_status(world.session), 0);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer(&world, 429, "", 5000);
    ck_assert_int_eq(session_status(world.session), 429);
    world.now_ms = session_due(world.session);
    world_begin(&world, SESSION_CALL_LOGIN);
    world_answer_error(&world, "no route");
    ck_assert_int_eq(session_status(world.session), 0);
}
END_TEST

UNIT_SUITE(session_answer)
{
    TCase *tests;
    Suite *suite = unit_suite_create("session_answer", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, an_answer_of_something_else_does_not_lock_out, 0, (int)ARRAY_SIZE(odd));
    tcase_add_test(tests, an_answer_that_asks_to_wait_does_not_doubt_the_url);
    tcase_add_test(tests, the_servers_own_message_does_not_doubt_the_url);
    tcase_add_loop_test(tests, a_refusal_of_the_server_itself_locks_out, 0, (int)ARRAY_SIZE(refusals));
    tcase_add_test(tests, a_gateway_without_a_backend_costs_no_more_than_its_time);
    tcase_add_test(tests, a_renewal_that_is_redirected_leaves_the_old_token);
    tcase_add_loop_test(tests, a_redirect_names_where_it_leads, 0, (int)ARRAY_SIZE(redirects));
    tcase_add_test(tests, a_redirects_target_is_bounded_and_one_line_of_ascii);
    tcase_add_test(tests, a_check_of_a_key_that_something_else_answers_is_retried);
    tcase_add_test(tests, a_given_token_whose_check_something_else_answers_is_kept);
    tcase_add_test(tests, the_status_is_that_of_the_last_call);
    return suite;
}
