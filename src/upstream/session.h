/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session with a ThingsBoard server: which credential requests carry, and when it is renewed. A state
 * machine without input or output of its own: it says which call to make and when (session_due,
 * session_next_call), the owner makes it and reports the answer (session_call_done). So there is never more
 * than one call at a time, and the tests run years on a virtual clock.
 *
 * Times are ms of the boot clock. Not thread-safe: its owner serialises.
 */
#ifndef TB_UPSTREAM_SESSION_H
#define TB_UPSTREAM_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "upstream/credential.h"

/* A secret: in a file, or in memory. Both NULL or "": none. A file is read with secret_read() at every login,
 * so that a changed one is seen and the password does not stay in memory. */
struct secret_source {
    const char *file;
    const char *value;
};

/* Where the credential comes from. Exactly one way: a key; a name and a password; a token and, optionally, a
 * refresh token. The strings must live as long as the session. */
struct session_options {
    struct secret_source api_key;
    const char *username;
    struct secret_source password;
    struct secret_source token;
    struct secret_source refresh_token;
    /* What the person who reads session_reason() calls the server's URL and the key: names of options. */
    const char *url_name;
    const char *api_key_name;
    const char *remedy; /* what to do after a refused or unreadable credential was mended; NULL: nothing */
};

enum session_state {
    SESSION_STARTING,   /* not authenticated yet */
    SESSION_READY,      /* authenticated */
    SESSION_REFRESHING, /* authenticated before; to be renewed, or a renewal has failed and is tried again */
    SESSION_LOCKED_OUT, /* the server, or a file, refused the credential; probed rarely */
    SESSION_OFFLINE,    /* the server does not answer logins, or something else answers in its place */
};

enum session_call_kind { SESSION_CALL_LOGIN, SESSION_CALL_REFRESH, SESSION_CALL_VERIFY };

struct session_call {
    enum session_call_kind kind;
    const char *method;            /* "GET" or "POST" */
    const char *path;              /* "/api/auth/login", ... */
    struct buf body;               /* JSON for POST; secret */
    struct credential *credential; /* what to authenticate this call with; NULL: nothing */
};

void session_call_free(struct session_call *call);

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

struct session;

/* Checks that exactly one way is given; -EINVAL with a message otherwise. Makes no call. */
int session_new(const struct session_options *options, struct session **ret, struct tb_error *err);
void session_free(struct session *session);

/* When session_next_call() wants to be called: the next call is due, or, while locked out, it is time to look
 * whether a file holds another secret now. INT64_MAX while a call is under way or none is needed. */
int64_t session_due(const struct session *session);

/* Begins the call that is due: 0; the caller makes it, frees it with session_call_free() and ends it with
 * session_call_done(). 1: there is none, the files hold what they held. A secret that cannot be read locks
 * the session out and is the error returned. */
int session_next_call(struct session *session, int64_t now_ms, struct session_call *ret,
                      struct tb_error *err);
void session_call_done(struct session *session, int64_t now_ms, const struct session_reply *reply);

/* The credential for a request sent now, or NULL where there is none that is valid; session_may_wait() then
 * tells whether waiting makes sense. Not a new reference. */
struct credential *session_credential(struct session *session, int64_t now_ms);

/* Whether a request without a credential had better wait than be refused: a call is under way or about to be
 * made. Of an offline session it asks for a new attempt, at most one a second. */
bool session_may_wait(struct session *session, int64_t now_ms);

/* The server answers again: an offline session need not wait for its next attempt. At most one a second, and
 * none before a Retry-After. */
void session_server_is_back(struct session *session, int64_t now_ms);

/* The server refused GENERATION with 401 (or sent to its login page). Whether the request is to be parked and
 * sent again: a renewal was asked for, or a newer credential is there already. REPLAYED: that was done with
 * this request already, so the 401 is the answer and nothing is renewed for it; and where the credential was
 * renewed for such a request, renewals on these grounds are held back for a growing time. */
bool session_refused(struct session *session, int64_t now_ms, uint64_t generation, bool replayed);

/* Tries again at once, or when the call under way has ended, whatever the state: the administrator changed
 * something. */
void session_retry_now(struct session *session, int64_t now_ms);

enum session_state session_state(const struct session *session);
const char *session_state_name(enum session_state state);

/* Why the last call failed; "" after one that did not. One line of ASCII, no secret. */
const char *session_reason(const struct session *session);

/* The HTTP status of the answer to the last call; 0: none came, or none was made. */
int session_status(const struct session *session);

/* What the server says of the user: the claims of the token, or for an API key what /api/auth/user answered.
 * NULL before the first authentication. Not a new reference. */
const json_t *session_user(const struct session *session);

#endif
