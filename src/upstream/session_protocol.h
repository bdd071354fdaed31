/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session's three calls, as ThingsBoard defines them: login, token renewal, and the check of a key or
 * token that was given.
 */
#ifndef TB_UPSTREAM_SESSION_PROTOCOL_H
#define TB_UPSTREAM_SESSION_PROTOCOL_H

#include "base/buf.h"
#include "base/error.h"
#include "upstream/credential.h"

enum session_call_kind { SESSION_CALL_LOGIN, SESSION_CALL_REFRESH, SESSION_CALL_VERIFY };
#define SESSION_CALL_KINDS 3

struct session_call {
    enum session_call_kind kind;
    const char *method;            /* "GET" or "POST" */
    const char *path;              /* "/api/auth/login", ... */
    struct buf body;               /* JSON for POST; secret */
    struct credential *credential; /* what to authenticate this call with; NULL: nothing */
};

struct session_reply {
    const char *transport_error; /* why no answer came; NULL: one came */
    int status;
    const char *body; /* of LENGTH bytes, not necessarily text */
    size_t length;
    const char *url;        /* of the server that was asked */
    const char *location;   /* of a redirect, as it came; NULL: none */
    int64_t retry_after_ms; /* -1: none */
    int64_t server_now_ms;  /* the server's time, ms since the epoch */
};

/* Each fills CALL, which is to be freed with session_call_free(), after an error, too. Returns 0, or -ENOMEM
 * or -EMSGSIZE with a message. */
int session_call_login(struct session_call *call, const char *username, const char *password,
                       struct tb_error *err);
int session_call_refresh(struct session_call *call, const char *refresh_token, struct tb_error *err);
void session_call_verify(struct session_call *call, struct credential *credential);

/* Harmless if it is zeroed. */
void session_call_free(struct session_call *call);

/* The call for a person: "login (POST /api/auth/login)"; and its path. */
const char *session_call_name(enum session_call_kind kind);
const char *session_call_path(enum session_call_kind kind);

#endif
