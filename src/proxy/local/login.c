/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/local/login.h"

#include <errno.h>
#include <jansson.h>
#include <strings.h>

#include "proxy/exchange/reply.h"
#include "proxy/exchange/reply_server.h"
#include "upstream/jwt.h"
#include "upstream/own_user.h"
#include "json/json_check.h"
#include "json/json_text.h"
#include "json/json_write.h"

/* Official clients decode their tokens and renew them before they expire. A renewal costs nothing here. */
#define PLACEHOLDER_LIFE_S         86400
#define PLACEHOLDER_REFRESH_LIFE_S (7 * 86400)
#define PLACEHOLDER_MAX_BYTES      16384

static const char placeholder_header[] = "{\"alg\":\"HS512\"}";
static const char placeholder_signature[] = "placeholder of tbproxyd, not a credential";

/* Claims of the real token that identify the user. Clients read them. */
static const char *const user_claims[] = {"sub",      "userId",     "firstName", "lastName",
                                          "tenantId", "customerId", "enabled",   "isPublic"};

static json_t *entity_id(const json_t *user, const char *name)
{
    return json_object_get(json_object_get(user, name), "id");
}

/* Sets the claim NAME if VALUE exists. Returns less than 0 without memory. */
static int set_claim(json_t *claims, const char *name, json_t *value)
{
    return value ? json_object_set(claims, name, value) : 0;
}

static int set_user_claims(json_t *claims, const json_t *user)
{
    int r = 0;
    size_t i;

    for (i = 0; r == 0 && i < ARRAY_SIZE(user_claims); i++)
        if (json_is_string(json_object_get(user, user_claims[i])) ||
            json_is_boolean(json_object_get(user, user_claims[i])))
            r = set_claim(claims, user_claims[i], json_object_get(user, user_claims[i]));
    if (json_object_get(user, "email") && r == 0)
        r = set_claim(claims, "sub", json_object_get(user, "email")) |
            set_claim(claims, "userId", entity_id(user, "id")) |
            set_claim(claims, "tenantId", entity_id(user, "tenantId")) |
            set_claim(claims, "customerId", entity_id(user, "customerId"));
    return r;
}

static int set_scopes(json_t *claims, const json_t *user, const char *scope)
{
    json_t *authority = json_object_get(user, "authority"), *scopes = json_object_get(user, "scopes");

    if (!scope && !authority)
        return set_claim(claims, "scopes", scopes);
    return json_object_set_new(claims, "scopes",
                               scope ? json_pack("[s]", scope) : json_pack("[O]", authority));
}

/* USER is the claims of a token, or the answer of /api/auth/user. NULL: no memory. */
static json_t *placeholder_claims(const json_t *user, const char *scope, int64_t now_s, int64_t life_s)
{
    json_t *claims = json_pack("{s:s,s:I,s:I,s:s}", "iss", "tbproxyd", "iat", (json_int_t)now_s, "exp",
                               (json_int_t)(now_s + life_s), "sub", "tbproxyd");

    if (set_user_claims(claims, user) == 0 && set_scopes(claims, user, scope) == 0)
        return claims;
    json_decref(claims);
    return NULL;
}

static int placeholder_token(struct buf *out, json_t *claims)
{
    CLEANUP(buf_free) struct buf payload = BUF_INIT(PLACEHOLDER_MAX_BYTES);
    int r = claims ? json_write(&payload, claims) : -ENOMEM;

    json_decref(claims);
    return r == 0 ? jwt_write(placeholder_header, payload.data, placeholder_signature, out) : r;
}

/* The pair looks like a real one but gives no access: tbproxyd discards the token that a client sends. */
static void login_reply(struct exchange *exchange)
{
    struct upstream *upstream = &exchange->services->upstream;
    const json_t *user = session_user(upstream->session);
    int64_t now_s = upstream_clock_now_ms(&upstream->clock) / 1000;
    CLEANUP(buf_free) struct buf token = BUF_INIT(PLACEHOLDER_MAX_BYTES);
    CLEANUP(buf_free) struct buf refresh_token = BUF_INIT(PLACEHOLDER_MAX_BYTES);
    json_t *pair = NULL;

    if (placeholder_token(&token, placeholder_claims(user, NULL, now_s, PLACEHOLDER_LIFE_S)) == 0 &&
        placeholder_token(&refresh_token,
                          placeholder_claims(user, "REFRESH_TOKEN", now_s, PLACEHOLDER_REFRESH_LIFE_S)) == 0)
        pair = json_pack("{s:s,s:s}", "token", token.data, "refreshToken", refresh_token.data);
    if (pair)
        reply_json(exchange, 200, json_write_text(pair, JSON_COMPACT));
    else
        reply_no_memory(exchange);
    json_decref(pair);
}

/* ---- the handler ---- */

/* A request that waits for the session, and is never sent. */
struct login {
    struct exchange *exchange;
    struct request request;
    char *given; /* the name that the program logs in with; NULL: none, or any is accepted */
};

/* tbproxyd's own; NULL: not known. */
static const char *own_name(const struct exchange *exchange)
{
    const struct services *services = exchange->services;
    const char *configured = services->config->upstream.username;

    return *configured ? configured : own_user_read(session_user(services->upstream.session)).name;
}

static void refuse_other(struct exchange *exchange)
{
    metrics_refused(exchange->services->metrics, METRICS_REFUSED_LOGIN);
    reply_error(
        exchange, 401, PROXY_STATUS_DENIED,
        "tbproxyd is logged in as another user, whose rights this login would get. Log in with the name of "
        "that user and any password, or ask the administrator of this host (local.accept_any_login)");
}

/* Whether the login may be answered. Otherwise it has got its response. */
static bool is_own_login(const struct login *login)
{
    const char *given = login->given, *own = own_name(login->exchange);

    if (!given)
        return true;
    if (!own)
        reply_later(login->exchange, 0, "tbproxyd does not know yet who its own user is: %s",
                    session_reason(login->exchange->services->upstream.session));
    else if (strcasecmp(given, own) != 0)
        refuse_other(login->exchange);
    return own && strcasecmp(given, own) == 0;
}

static void login_ready(struct request *request)
{
    struct login *login = CONTAINER_OF(request, struct login, request);

    if (is_own_login(login))
        login_reply(login->exchange);
}

static void login_done(struct request *request)
{
    struct login *login = CONTAINER_OF(request, struct login, request);

    if (is_own_login(login))
        reply_request(login->exchange, request);
}

/* The user name in BODY; null is none. -EINVAL: it cannot be read, or programs may read different ones, so
 * nobody knows who logs in. -ENOMEM. */
static int read_name(const struct buf *body, char **ret)
{
    struct json_part value, name;
    int r;

    if (!json_check(body->data, body->len, 0))
        return -EINVAL;
    value = json_text_value(body->data, body->len);
    r = json_text_member(value, "username", &name);
    if (*value.text != '{' || r == -EEXIST)
        return -EINVAL;
    if (r == -ENOENT || *name.text == 'n')
        return 0;
    *ret = json_text_string(name);
    return *ret ? 0 : -errno;
}

/* The name that a login brings, if it must be tbproxyd's own. */
static int read_login(const struct exchange *exchange, char **ret)
{
    const struct buf *body = &exchange->inbound.body;

    if (exchange->services->config->local.accept_any_login ||
        !path_matches("/api/auth/login", exchange->head.target.text.data, exchange->head.target.path_length))
        return 0;
    if (exchange->inbound.streams)
        return -EINVAL;
    return body->len == 0 ? 0 : read_name(body, ret);
}

static void login_begin(struct exchange *exchange)
{
    struct services *services = exchange->services;
    struct login *login = calloc(1, sizeof(*login));
    int r;

    if (!login) {
        reply_no_memory(exchange);
        return;
    }
    exchange->state = login;
    login->exchange = exchange;
    r = read_login(exchange, &login->given);
    if (r < 0) {
        if (r == -ENOMEM)
            reply_no_memory(exchange);
        else
            refuse_other(exchange);
        return;
    }
    inbound_free(exchange); /* it may wait */
    if (own_name(exchange) && !is_own_login(login))
        return;
    request_init(&login->request, &services->upstream, &services->request_options);
    login->request.method = exchange->head.method;
    login->request.target = exchange->head.target.text.data;
    login->request.headers = &exchange->head.headers;
    login->request.ready = login_ready;
    login->request.done = login_done;
    request_start(&login->request);
}

static void login_leave(struct exchange *exchange)
{
    struct login *login = exchange->state;

    if (login)
        request_cancel(&login->request);
}

static void login_free(struct exchange *exchange)
{
    struct login *login = TAKE_PTR(exchange->state);

    if (login) {
        request_free(&login->request);
        free(login->given);
    }
    free(login);
}

const struct handler login_handler = {
    .name = "login",
    .begin = login_begin,
    .leave = login_leave,
    .free = login_free,
};
