/* SPDX-License-Identifier: Apache-2.0 */
/* Login, refresh, logout, password change, and a token for another user. */
#include <stdlib.h>
#include <string.h>

#include "sim/auth/token_issuer.h"
#include "sim/controller/controller_mapping.h"

static void refuse(struct reply *rp, const char *message)
{
    reply_error(rp, 401, ERROR_AUTHENTICATION, "%s", message);
}

void login(struct sim *sim, struct request *rq, struct reply *rp)
{
    json_auto_t *body = java_json_read(rq->body.data, rq->body.len, NULL);
    const char *username = json_str(body, "username");
    const char *password = json_str(body, "password");

    if (!username || !*username || !password || !*password) {
        refuse(rp, "Authentication failed");
        return;
    }
    const struct user *user = store_find_user(&sim->store, username);
    if (!user || !streq(user->password, password))
        refuse(rp, "Invalid username or password");
    else if (!user->enabled)
        refuse(rp, "User account is not active");
    else
        reply_login(rp, jwt_issue_pair(sim, user));
}

/* The refresh token is not rotated: it stays valid, and each refresh gives a new pair. */
static void refresh(struct sim *sim, const char *token, struct reply *rp)
{
    struct jwt_claims claims = {};
    enum jwt_verdict verdict = jwt_verify(sim, token, &claims);

    if (verdict == JWT_GARBAGE)
        refuse(rp, "Invalid username or password");
    else if (verdict == JWT_EXPIRED)
        reply_error(rp, 401, ERROR_JWT_TOKEN_EXPIRED, "Token has expired");
    else if (!claims.refresh)
        reply_error(rp, 500, ERROR_GENERAL, "Invalid Refresh Token scope");
    else if (claims.serial <= sim->refresh_outdated || claims.serial <= claims.user->outdated)
        refuse(rp, "Token is outdated");
    else if (!claims.user->enabled)
        refuse(rp, "User account is not active");
    else
        reply_login(rp, jwt_issue_pair(sim, claims.user));
}

void refresh_token(struct sim *sim, struct request *rq, struct reply *rp)
{
    json_auto_t *body = java_json_read(rq->body.data, rq->body.len, NULL);
    const char *token = json_str(body, "refreshToken");

    if (!token || !*token)
        refuse(rp, "Authentication failed");
    else
        refresh(sim, token, rp);
}

/* Logout leaves the tokens valid. */
void logout(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)sim;
    (void)rq;
    reply_empty(rp, 200);
}

void change_password(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *current = json_str(rq->json, "currentPassword");
    const char *password = json_str(rq->json, "newPassword");

    if (!current || !streq(rq->user->password, current)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Current password doesn't match!");
    } else if (!password || strlen(password) < 6 || strlen(password) > 72) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Password must be no less than 6 characters in length.");
    } else if (streq(current, password)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "New password should be different from existing!");
    } else {
        free(rq->user->password);
        rq->user->password = xstrdup(password);
        rq->user->outdated = sim->last_serial;
        reply_json(rp, jwt_issue_pair(sim, rq->user));
    }
}

void get_user_token(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct user *user = store_find_user_id(&sim->store, rq->vars[0]);

    if (!uuid_is_valid(rq->vars[0]))
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Invalid UUID string: %s", rq->vars[0]);
    else if (!user)
        reply_not_found(rp, "User", rq->vars[0]);
    else if (user->authority < rq->user->authority && user != rq->user)
        reply_no_permission(rp);
    else
        reply_json(rp, jwt_issue_pair(sim, user));
}
