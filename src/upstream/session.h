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

#include "upstream/session_options.h"
#include "upstream/session_protocol.h"

enum session_state {
    SESSION_STARTING,   /* not authenticated yet */
    SESSION_READY,      /* authenticated */
    SESSION_REFRESHING, /* authenticated before; to be renewed, or a renewal has failed and is tried again */
    SESSION_LOCKED_OUT, /* the server, or a file, refused the credential; probed rarely */
    SESSION_OFFLINE,    /* the server does not answer logins, or something else answers in its place */
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
