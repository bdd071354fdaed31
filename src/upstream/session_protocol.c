/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session_protocol.h"

#include <errno.h>
#include <stdio.h>

#include "base/secret.h"
#include "base/utf8.h"

#define CALL_BODY_MAX (4 * SECRET_MAX_BYTES)

#define ESCAPE_BYTES 6 /* "\u0001" */

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

/* TEXT in quotes, as JSON, to be freed with free_secret(); NULL: no memory. jansson would leave copies of a
 * secret in freed memory. */
static char *quote(const char *text)
{
    char *ret = malloc(strlen(text) * ESCAPE_BYTES + sizeof("\"\"")), *to = ret;

    if (!ret)
        return NULL;
    *to++ = '"';
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20) {
            to += snprintf(to, ESCAPE_BYTES + 1, "\\u%04x", (unsigned)*text);
            continue;
        }
        if (*text == '"' || *text == '\\')
            *to++ = '\\';
        *to++ = *text;
    }
    *to++ = '"';
    *to = '\0';
    return ret;
}

int session_call_login(struct session_call *call, const char *username, const char *password,
                       struct tb_error *err)
{
    char *name = quote(username), *secret = quote(password);
    int r = -ENOMEM;

    *call = call_of(SESSION_CALL_LOGIN);
    if (utf8_count(username, strlen(username)) < 0)
        r = -EINVAL;
    else if (name && secret)
        r = buf_append_format(&call->body, "{\"username\":%s,\"password\":%s}", name, secret);
    free(name);
    free_secret(secret);
    return r == -EINVAL ? tb_error_set(err, r, "the user name is not UTF-8")
           : r < 0      ? tb_error_set(err, r, "out of memory")
                        : 0;
}

int session_call_refresh(struct session_call *call, const char *refresh_token, struct tb_error *err)
{
    char *token = quote(refresh_token);
    int r;

    *call = call_of(SESSION_CALL_REFRESH);
    r = token ? buf_append_format(&call->body, "{\"refreshToken\":%s}", token) : -ENOMEM;

    free_secret(token);
    return r < 0 ? tb_error_set(err, r, "out of memory") : 0;
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
