/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session_grant.h"

#include <errno.h>

#include "upstream/jwt.h"

static void set_credential(struct session_grant *grant, struct credential *credential)
{
    credential_release(grant->credential);
    grant->credential = credential;
}

static void set_user(struct session_grant *grant, json_t *user)
{
    if (!user)
        return;
    json_decref(grant->user);
    grant->user = user;
}

int session_grant_take_pair(struct session_grant *grant, int64_t now_ms, const json_t *pair,
                            int64_t *ret_life_ms)
{
    const char *token = json_string_value(json_object_get(pair, "token"));
    char *refresh_token = strdup(json_string_value(json_object_get(pair, "refreshToken")));
    json_t *claims = jwt_claims(token);
    bool lacks_claims = !claims && errno == ENOMEM; /* they would be missing until the next pair */
    int64_t life_ms = jwt_life_ms(claims);
    struct credential *credential =
        credential_new("Bearer", token, ++grant->generation, life_ms > 0 ? now_ms + life_ms : INT64_MAX);

    if (!refresh_token || !credential || lacks_claims) {
        credential_release(credential);
        free_secret(refresh_token);
        json_decref(claims);
        return -ENOMEM;
    }
    free_secret(grant->refresh_token);
    grant->refresh_token = refresh_token;
    set_user(grant, claims);
    set_credential(grant, credential);
    *ret_life_ms = life_ms;
    return 0;
}

int64_t session_grant_take_credential(struct session_grant *grant, int64_t now_ms,
                                      struct credential *credential, bool is_jwt, json_t *user,
                                      int64_t server_now_ms)
{
    json_t *claims = is_jwt ? jwt_claims(strrchr(credential->header, ' ') + 1) : NULL;
    int64_t expires_ms = jwt_expires_ms(claims), life_ms = 0;

    /* A token that was given is not new: what counts is how long the server will still accept it. */
    if (expires_ms > server_now_ms) {
        life_ms = expires_ms - server_now_ms;
        credential->expires_ms = now_ms + life_ms;
    }
    set_user(grant, claims ? claims : json_incref(user));
    set_credential(grant, credential);
    return life_ms;
}

void session_grant_free(struct session_grant *grant)
{
    credential_release(grant->credential);
    free_secret(grant->refresh_token);
    json_decref(grant->user);
}
