/* SPDX-License-Identifier: Apache-2.0 */
/* X-Authorization or Authorization; Bearer or ApiKey. */
#include "sim/auth/token_filter.h"

#include <string.h>

#include "sim/auth/token_issuer.h"

bool is_login_path(const struct request *rq)
{
    return streq(rq->path, "/api/auth/login") || streq(rq->path, "/api/auth/token");
}

bool auth_is_open(const struct request *rq)
{
    static const char *const open_prefixes[] = {"/api/noauth/", "/api/v1/", "/api/images/public/", "/api/ws"};

    if (!starts_with(rq->path, "/api/") || is_login_path(rq))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(open_prefixes); i++) {
        if (starts_with(rq->path, open_prefixes[i]))
            return true;
    }
    return false;
}

static bool refuse(struct reply *rp, enum error_code code, const char *message)
{
    reply_error(rp, 401, code, "%s", message);
    return false;
}

static bool check_bearer(struct sim *sim, struct request *rq, struct reply *rp, const char *token)
{
    struct jwt_claims claims = {};

    switch (jwt_verify(sim, token, &claims)) {
    case JWT_GARBAGE:
        return refuse(rp, ERROR_AUTHENTICATION, "Invalid username or password");
    case JWT_EXPIRED:
        return refuse(rp, ERROR_JWT_TOKEN_EXPIRED, "Token has expired");
    case JWT_OK:
        break;
    }
    if (token_is_outdated(sim, &claims))
        return refuse(rp, ERROR_JWT_TOKEN_EXPIRED, "Token has expired");
    if (claims.refresh) {
        /* a refresh token has no claim "enabled" */
        reply_error(rp, 500, ERROR_GENERAL,
                    "Cannot invoke \"java.lang.Boolean.booleanValue()\" because the return value of "
                    "\"io.jsonwebtoken.Claims.get(String, java.lang.Class)\" is null");
        return false;
    }
    rq->user = claims.user;
    return true;
}

static bool check_api_key(struct sim *sim, struct request *rq, struct reply *rp, const char *value)
{
    struct entity *key = map_get(&sim->store.by_token, value);

    if (!key || key->type != ENTITY_API_KEY)
        return refuse(rp, ERROR_AUTHENTICATION, "Invalid username or password");
    int64_t expires = json_int(key->doc, "expirationTime", 0);
    if (expires != 0 && expires < sim_now_ms(sim))
        return refuse(rp, ERROR_AUTHENTICATION, "API key is expired");
    if (!json_is_true(json_object_get(key->doc, "enabled")) || !key->user->enabled)
        return refuse(rp, ERROR_AUTHENTICATION, "User account is not active");
    rq->user = key->user;
    return true;
}

/* A token header without a known prefix leads to the login page, not to a 401. */
static bool redirect_to_login(const struct request *rq, struct reply *rp)
{
    const char *host = request_header(rq, "Host");
    CLEANUP(free_pointer) char *location = xasprintf("http://%s/oauth2Login", host ? host : "127.0.0.1");

    reply_redirect(rp, location);
    return false;
}

bool auth_check(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *header = request_header(rq, "X-Authorization");

    if (!header || !*header)
        header = request_header(rq, "Authorization");
    if (!header || !*header)
        return refuse(rp, ERROR_AUTHENTICATION, "Authentication failed");
    if (starts_with(header, "Bearer ") && header[7] != '\0')
        return check_bearer(sim, rq, rp, header + 7);
    if (starts_with(header, "ApiKey ") && header[7] != '\0')
        return check_api_key(sim, rq, rp, header + 7);
    return redirect_to_login(rq, rp);
}
