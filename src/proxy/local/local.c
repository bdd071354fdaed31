/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/local/local.h"

#include <jansson.h>

#include "proxy/exchange/reply.h"
#include "proxy/exchange/services.h"
#include "proxy/status/status.h"
#include "upstream/jwt.h"
#include "json/json_write.h"

/* Official clients decode the tokens they are given and renew them before they expire; renewing costs nothing
 * here. */
#define PLACEHOLDER_LIFE_S         86400
#define PLACEHOLDER_REFRESH_LIFE_S (7 * 86400)
#define PLACEHOLDER_MAX_BYTES      16384

static const char placeholder_header[] = "{\"alg\":\"HS512\"}";
static const char placeholder_signature[] = "placeholder of tbproxyd, not a credential";

/* Claims of the real token that say who the user is; clients read them. */
static const char *const user_claims[] = {"sub",      "userId",     "firstName", "lastName",
                                          "tenantId", "customerId", "enabled",   "isPublic"};

static json_t *entity_id(const json_t *user, const char *name)
{
    return json_object_get(json_object_get(user, name), "id");
}

/* What the session knows of the user is either a token's claims or what /api/auth/user said. */
static json_t *placeholder_claims(const json_t *user, const char *scope, int64_t now_s, int64_t life_s)
{
    json_t *claims = json_pack("{s:s,s:I,s:I,s:s}", "iss", "tbproxyd", "iat", (json_int_t)now_s, "exp",
                               (json_int_t)(now_s + life_s), "sub", "tbproxyd");
    json_t *authority = json_object_get(user, "authority");
    json_t *scopes = scope       ? json_pack("[s]", scope)
                     : authority ? json_pack("[O]", authority)
                                 : json_incref(json_object_get(user, "scopes"));
    size_t i;

    for (i = 0; i < ARRAY_SIZE(user_claims); i++)
        if (json_is_string(json_object_get(user, user_claims[i])) ||
            json_is_boolean(json_object_get(user, user_claims[i])))
            json_object_set(claims, user_claims[i], json_object_get(user, user_claims[i]));
    if (json_object_get(user, "email")) {
        json_object_set(claims, "sub", json_object_get(user, "email"));
        json_object_set(claims, "userId", entity_id(user, "id"));
        json_object_set(claims, "tenantId", entity_id(user, "tenantId"));
        json_object_set(claims, "customerId", entity_id(user, "customerId"));
    }
    if (scopes)
        json_object_set_new(claims, "scopes", scopes);
    return claims;
}

static int placeholder_token(struct buf *out, json_t *claims)
{
    CLEANUP(buf_free) struct buf payload = BUF_INIT(PLACEHOLDER_MAX_BYTES);
    int r = json_write(&payload, claims);

    json_decref(claims);
    return r == 0 ? jwt_write(placeholder_header, payload.data, placeholder_signature, out) : r;
}

/* A token pair in the form of the real one, for clients that insist on logging in. It opens nothing: what a
 * local program sends as a token is thrown away. */
static void answer_login(struct exchange *exchange)
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
        reply_json(exchange, 200, json_dumps(pair, JSON_COMPACT));
    else
        reply_error(exchange, 503, "proxy_internal_response", "out of memory");
    json_decref(pair);
}

/* NULL, as JSON's null, where it is unknown. */
static const char *version_or_null(const struct server_version *found)
{
    return *found->version ? found->version : NULL;
}

static void answer_ready(struct exchange *exchange)
{
    struct upstream *upstream = &exchange->services->upstream;
    const struct server_version *found = exchange->services->server_version;
    const struct services *services = exchange->services;
    bool ready = session_credential(upstream->session, upstream->loop->now_ms) &&
                 !upstream->health.outage.is_on && !services->draining;
    json_t *answer =
        json_pack("{s:b,s:s,s:s,s:s,s:s?,s:s?}", "ready", ready, "session", services_state(services),
                  "upstream", upstream_url(upstream), "reason", services_reason(services), "edition",
                  edition_name(found->edition), "version", version_or_null(found));

    reply_json(exchange, ready ? 200 : 503, answer ? json_dumps(answer, JSON_COMPACT) : NULL);
    json_decref(answer);
}

void local_answer(struct exchange *exchange)
{
    switch (exchange->route.kind) {
    case ROUTE_LOGIN:
        answer_login(exchange);
        return;
    case ROUTE_LOGOUT:
        reply_json(exchange, 200, NULL);
        return;
    case ROUTE_LIVE:
        reply_json(exchange, 200, strdup("{\"live\":true}"));
        return;
    case ROUTE_READY:
        answer_ready(exchange);
        return;
    case ROUTE_STATUS:
        status_answer(exchange);
        return;
    case ROUTE_METRICS:
        status_answer_metrics(exchange);
        return;
    case ROUTE_FORBIDDEN:
        reply_error(
            exchange, 403, "http_request_denied",
            "tbproxyd does not forward this: it would give away a credential or change the one that all "
            "local programs share");
        return;
    case ROUTE_NOT_ALLOWED:
        reply_not_allowed(exchange, exchange->route.allow);
        return;
    default:
        reply_error(exchange, 404, "http_request_denied",
                    "tbproxyd forwards ThingsBoard's REST API under /api/; there is nothing here");
        return;
    }
}
