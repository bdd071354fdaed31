/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session_protocol.h"

#include <errno.h>
#include <jansson.h>

#include "base/secret.h"

#define CALL_BODY_MAX (4 * SECRET_MAX_BYTES)

static const struct {
    const char *method, *path, *name;
} calls[] = {
    [SESSION_CALL_LOGIN] = {"POST", "/api/auth/login", "login (POST /api/auth/login)"},
    [SESSION_CALL_REFRESH] = {"POST", "/api/auth/token", "token renewal (POST /api/auth/token)"},
    [SESSION_CALL_VERIFY] = {"GET", "/api/auth/user", "check of the credential (GET /api/auth/user)"},
};

static struct session_call call_of(enum session_call_kind kind)
{
    return (struct session_call){.kind = kind,
                                 .method = calls[kind].method,
                                 .path = calls[kind].path,
                                 .body = BUF_INIT(CALL_BODY_MAX)};
}

/* Takes OBJECT over; NULL: no memory. */
static int set_body(struct session_call *call, json_t *object, struct tb_error *err)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    int r = text ? buf_append_string(&call->body, text) : -ENOMEM;

    free_secret(text);
    json_decref(object);
    return r < 0 ? tb_error_set(err, r, "out of memory") : 0;
}

int session_call_login(struct session_call *call, const char *username, const char *password,
                       struct tb_error *err)
{
    *call = call_of(SESSION_CALL_LOGIN);
    return set_body(call, json_pack("{s:s,s:s}", "username", username, "password", password), err);
}

int session_call_refresh(struct session_call *call, const char *refresh_token, struct tb_error *err)
{
    *call = call_of(SESSION_CALL_REFRESH);
    return set_body(call, json_pack("{s:s}", "refreshToken", refresh_token), err);
}

void session_call_verify(struct session_call *call, struct credential *credential)
{
    *call = call_of(SESSION_CALL_VERIFY);
    call->credential = credential_reference(credential);
}

void session_call_free(struct session_call *call)
{
    buf_free_secret(&call->body);
    credential_release(call->credential);
    call->credential = NULL;
}

const char *session_call_name(enum session_call_kind kind)
{
    return calls[kind].name;
}

const char *session_call_path(enum session_call_kind kind)
{
    return calls[kind].path;
}
