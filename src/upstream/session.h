/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session with a ThingsBoard server: which credential requests carry, and when it is renewed. A state
 * machine that does no I/O: it says which call to make and when (session_due, session_next_call), the owner
 * makes it and reports the answer (session_call_done). So there is never more than one call at a time, and
 * the tests run years on a virtual clock.
 *
 * Times are ms of the boot clock. Not thread-safe: its owner serialises the calls.
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
    SESSION_REFRESHING, /* authenticated; the credential is being renewed, or a renewal failed and is tried
                           again */
    SESSION_LOCKED_OUT, /* the server refused the credential, or a file has none; tried rarely */
    SESSION_OFFLINE,    /* no answer to logins, or something other than the server answers */
};

/* How a call has ended. */
enum session_outcome {
    SESSION_OUTCOME_SUCCESS,
    SESSION_OUTCOME_REFUSED, /* the credential was */
    SESSION_OUTCOME_FAILED,  /* no answer, or none that can be used */
    SESSION_OUTCOMES
};

struct session;

/* Returns 0, -ENOMEM, or -EINVAL with a message unless exactly one way to authenticate is given. Makes no
 * call. */
int session_new(const struct session_options *options, struct session **ret, struct tb_error *err);
void session_free(struct session *session);

/* When to call session_next_call(): the next call is due or, while locked out, it is time to look whether a
 * file holds another secret now. INT64_MAX while a call is under way or none is needed. */
int64_t session_due(const struct session *session);

/* Begins the call that is due. Returns 0: the caller makes it, ends it with session_call_done() and frees it
 * with session_call_free(). 1: there is none, the files hold what they held. A negative errno with a message:
 * a secret cannot be read, and the session is locked out. */
int session_next_call(struct session *session, int64_t now_ms, struct session_call *ret,
                      struct tb_error *err);
void session_call_done(struct session *session, int64_t now_ms, const struct session_reply *reply);

/* The credential for a request sent now, not a new reference; NULL: none is valid, and session_may_wait()
 * says whether it makes sense to wait. */
struct credential *session_credential(struct session *session, int64_t now_ms);

/* Whether a request without a credential should wait rather than fail: a call is under way or about to be
 * made. An offline session makes a new attempt for it, at most one a second. */
bool session_may_wait(struct session *session, int64_t now_ms);

/* The server answers again: an offline session makes its next attempt now, but not within a second of the
 * last one, nor before a Retry-After has passed. If it refuses in the next 30 s what it has accepted
 * before, that is tried once more after a second, before the session is locked out. */
void session_server_is_back(struct session *session, int64_t now_ms);

/* The server refused the credential GENERATION with 401 (or redirected to its login page). Returns whether
 * the request should wait and be sent again: a renewal was begun, or there is a newer credential already.
 * REPLAYED: that was done with this request already, so the 401 is the answer and nothing is renewed for it;
 * and if the credential was renewed for a refused request, such renewals are held back for a growing time. */
bool session_refused(struct session *session, int64_t now_ms, uint64_t generation, bool replayed);

/* Tries again now, or when the call under way has ended, in any state: the administrator has changed
 * something. */
void session_retry_now(struct session *session, int64_t now_ms);

/* Renews the credential now, although it is not due; without one that is valid, as session_retry_now(). If a
 * call is under way, that is the one. */
void session_renew_now(struct session *session, int64_t now_ms);

enum session_state session_state(const struct session *session);
const char *session_state_name(enum session_state state);

/* Why the last call failed, "" if it did not: one line of ASCII, without secrets. */
const char *session_reason(const struct session *session);

/* What helps, if another secret does: options.remedy, or "". */
const char *session_remedy(const struct session *session);

/* When the next call is made; INT64_MAX: one is under way, or none is planned. */
int64_t session_next_try_ms(const struct session *session);

/* When the credential expires; INT64_MAX: never, not known, or there is none. */
int64_t session_expires_ms(const struct session *session);

/* "password", "token" or "api-key". */
const char *session_method(const struct session *session);

/* The HTTP status of the answer to the last call; 0: no answer came, or no call was made. */
int session_status(const struct session *session);

/* How many calls of KIND have ended with OUTCOME. */
uint64_t session_calls_ended(const struct session *session, enum session_call_kind kind,
                             enum session_outcome outcome);

/* The user, as the server describes it: the claims of the token or, for an API key, the answer of
 * /api/auth/user. NULL before the first authentication. Not a new reference. */
const json_t *session_user(const struct session *session);

#endif
