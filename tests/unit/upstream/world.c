/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORD_FILE, KEY_FILE, TOKEN_FILE, REFRESH_FILE };

static void open_session(struct world *world, const struct session_options *options)
{
    struct tb_error err = TB_ERROR_INIT;

    ck_assert_msg(session_new(options, &world->session, &err) == 0, "%s", err.message);
    world->now_ms = WORLD_START_MS;
    world_assert_state(world, SESSION_STARTING);
    ck_assert(world_is_due(world));
}

static char *make_token(struct world *world, int64_t life_s)
{
    int64_t issued_s = (WORLD_EPOCH_MS + world->now_ms) / 1000;
    char claims[200];

    world->serial++;
    if (life_s > 0)
        snprintf(claims, sizeof(claims),
                 "{\"sub\":\"user\",\"serial\":%u,\"iat\":%" PRId64 ",\"exp\":%" PRId64 "}", world->serial,
                 issued_s, issued_s + life_s);
    else
        snprintf(claims, sizeof(claims), "{\"sub\":\"user\",\"serial\":%u}", world->serial);
    free(world->token);
    world->token = unit_jwt(claims);
    snprintf(world->refresh_token, sizeof(world->refresh_token), "refresh-9d2e-%u", world->serial);
    return world->token;
}

void world_open_password(struct world *world)
{
    *world = (struct world){0};
    open_session(world, &(struct session_options){
                            .username = "user",
                            .password.file = unit_file(PASSWORD_FILE, "password", 0600, WORLD_PASSWORD,
                                                       strlen(WORLD_PASSWORD)),
                            .url_name = "upstream.url",
                        });
}

void world_open_key(struct world *world)
{
    *world = (struct world){0};
    open_session(world, &(struct session_options){
                            .api_key.file = unit_file(KEY_FILE, "key", 0600, WORLD_KEY, strlen(WORLD_KEY)),
                        });
}

void world_open_tokens(struct world *world, bool with_refresh_token, int64_t life_s)
{
    struct session_options options = {0};

    *world = (struct world){.now_ms = WORLD_START_MS};
    make_token(world, life_s);
    options.token.file = unit_file(TOKEN_FILE, "token", 0600, world->token, strlen(world->token));
    if (with_refresh_token)
        options.refresh_token.file = unit_file(REFRESH_FILE, "refresh-token", 0600, world->refresh_token,
                                               strlen(world->refresh_token));
    open_session(world, &options);
}

void world_close(struct world *world)
{
    if (world->in_flight)
        session_call_free(&world->call);
    session_free(world->session);
    free(world->token);
    *world = (struct world){0};
}

void world_write(const char *name, const char *text)
{
    unit_file(7, name, 0600, text, strlen(text));
}

void world_remove(const char *name)
{
    ck_assert_int_eq(unlink(unit_file(7, name, 0600, "", 0)), 0);
}

/* What the session says of itself fits its state, and gives nothing away. */
static void check(struct world *world)
{
    const char *reason = session_reason(world->session);
    enum session_state state = session_state(world->session);

    ck_assert_ptr_null(strstr(reason, WORLD_PASSWORD));
    ck_assert_ptr_null(strstr(reason, WORLD_KEY));
    ck_assert_ptr_null(strstr(reason, "refresh-9d2e"));
    if (world->token)
        ck_assert_ptr_null(strstr(reason, world->token));
    if (state == SESSION_LOCKED_OUT || state == SESSION_OFFLINE)
        ck_assert_uint_gt(strlen(reason), 0);
    if (state == SESSION_READY)
        ck_assert_str_eq(reason, "");
    if (world->in_flight)
        ck_assert_int_eq(session_due(world->session), INT64_MAX);
}

bool world_is_due(const struct world *world)
{
    return session_due(world->session) <= world->now_ms;
}

bool world_has_credential(struct world *world)
{
    return session_credential(world->session, world->now_ms) != NULL;
}

uint64_t world_generation(struct world *world)
{
    struct credential *credential = session_credential(world->session, world->now_ms);

    return credential ? credential->generation : 0;
}

bool world_refused(struct world *world, uint64_t generation, bool replayed)
{
    bool again = session_refused(world->session, world->now_ms, generation, replayed);

    check(world);
    return again;
}

void world_begin(struct world *world, enum session_call_kind kind)
{
    struct tb_error err = TB_ERROR_INIT;

    ck_assert(!world->in_flight);
    ck_assert(world_is_due(world));
    ck_assert_msg(session_next_call(world->session, world->now_ms, &world->call, &err) == 0, "%s",
                  err.message);
    ck_assert_int_eq(world->call.kind, kind);
    world->calls[kind]++;
    world->in_flight = true;
    check(world);
}

void world_wait(struct world *world, int64_t ms)
{
    world->now_ms += ms;
}

void world_look(struct world *world)
{
    ck_assert_int_eq(session_next_call(world->session, world->now_ms, &world->call, NULL), 1);
    ck_assert_int_gt(session_due(world->session), world->now_ms);
    world->looks++;
    check(world);
}

void world_wait_due(struct world *world, int64_t ms)
{
    int64_t due_ms = world->now_ms + ms;

    while (session_state(world->session) == SESSION_LOCKED_OUT && session_due(world->session) < due_ms) {
        world->now_ms = session_due(world->session);
        world_look(world);
    }
    ck_assert_int_eq(session_due(world->session), due_ms);
    world->now_ms = due_ms;
}

static void finish(struct world *world, const struct session_reply *reply)
{
    ck_assert(world->in_flight);
    session_call_done(world->session, world->now_ms, reply);
    session_call_free(&world->call);
    world->in_flight = false;
    check(world);
}

void world_answer(struct world *world, int status, const char *body, int64_t retry_after_ms)
{
    finish(world, &(struct session_reply){
                      .status = status,
                      .body = body,
                      .length = strlen(body),
                      .retry_after_ms = retry_after_ms,
                      .server_now_ms = WORLD_EPOCH_MS + world->now_ms,
                  });
}

void world_answer_pair(struct world *world, int64_t life_s)
{
    char *body = NULL;

    make_token(world, life_s);
    ck_assert_int_gt(
        asprintf(&body, "{\"token\":\"%s\",\"refreshToken\":\"%s\"}", world->token, world->refresh_token), 0);
    world_answer(world, 200, body, -1);
    free(body);
}

void world_answer_error(struct world *world, const char *text)
{
    finish(world, &(struct session_reply){.transport_error = text, .body = "", .retry_after_ms = -1});
}

void world_answer_redirect(struct world *world, const char *url, const char *location)
{
    finish(world, &(struct session_reply){
                      .status = 302, .body = "", .url = url, .location = location, .retry_after_ms = -1});
}

void world_answer_refused(struct world *world)
{
    world_answer(world, 401,
                 "{\"status\":401,\"message\":\"Invalid username or password\",\"errorCode\":10,"
                 "\"timestamp\":1795415381000}",
                 -1);
}

void world_log_in(struct world *world, int64_t life_s)
{
    world_begin(world, SESSION_CALL_LOGIN);
    world_answer_pair(world, life_s);
    world_assert_state(world, SESSION_READY);
}

void world_assert_state(struct world *world, enum session_state state)
{
    ck_assert_str_eq(session_state_name(session_state(world->session)), session_state_name(state));
    check(world);
}
