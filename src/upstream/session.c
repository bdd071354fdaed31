/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "upstream/session_answer.h"
#include "upstream/session_delays.h"
#include "upstream/session_grant.h"
#include "upstream/session_secrets.h"

#define STARTING_MS 30000 /* a server that is back may not be ready for so long */

struct session {
    struct session_options options;
    enum session_mode mode;
    struct session_secrets secrets;
    enum session_state state;
    char reason[TB_ERROR_MESSAGE_MAX];
    bool is_remediable; /* another secret helps */

    struct session_grant grant;
    bool credential_refused;   /* that of the grant */
    bool obtained_for_refusal; /* it, too, was asked for by a refused request */

    enum session_call_kind next_kind;
    int64_t due_ms;
    int64_t look_ms;       /* while locked out: when the files are looked at */
    int64_t not_before_ms; /* the server asked for this with Retry-After */
    bool in_flight;
    enum session_call_kind call_kind; /* of the call in flight */
    bool retry_wanted;                /* begin anew when it ends */
    bool for_refusal;                 /* the call was asked for by a refused request */
    struct credential *candidate;     /* being verified */
    int status;                       /* that the last call was answered with; 0: none */
    int64_t last_attempt_ms;
    unsigned refusals;    /* since the last success */
    unsigned outages;     /* in a row */
    int64_t back_ms;      /* when the server was last back; 0: it was not away */
    bool was_tried_again; /* what was refused first, since the last success */

    struct session_hold hold;
    uint64_t ended[SESSION_CALL_KINDS][SESSION_OUTCOMES];
};

/* The call that needs only the options. */
static enum session_call_kind first_kind(const struct session *session)
{
    return session->mode == SESSION_MODE_PASSWORD ? SESSION_CALL_LOGIN : SESSION_CALL_VERIFY;
}

int session_new(const struct session_options *options, struct session **ret, struct tb_error *err)
{
    struct session *session = calloc(1, sizeof(*session));
    int r;

    if (!session)
        return tb_error_set(err, -ENOMEM, "out of memory");
    session->options = *options;
    if (!options->url_name)
        session->options.url_name = "the URL";
    if (!options->api_key_name)
        session->options.api_key_name = "api_key";
    r = session_options_mode(options, &session->mode, err);
    if (r < 0) {
        free(session);
        return r;
    }
    session_secrets_init(&session->secrets, &session->options, session->mode);
    session->next_kind = first_kind(session);
    session->last_attempt_ms = INT64_MIN / 2;
    session->not_before_ms = INT64_MIN / 2;
    session->hold.until_ms = INT64_MIN / 2;
    *ret = session;
    return 0;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    session_grant_free(&session->grant);
    credential_release(session->candidate);
    free(session);
}

int64_t session_due(const struct session *session)
{
    if (session->in_flight)
        return INT64_MAX;
    return session->state == SESSION_LOCKED_OUT && session->look_ms < session->due_ms ? session->look_ms
                                                                                      : session->due_ms;
}

static bool credential_is_valid(const struct session *session, int64_t now_ms)
{
    return session->grant.credential && !session->credential_refused &&
           now_ms < session->grant.credential->expires_ms;
}

/* The reason goes to logs, to systemd's line protocol and to JSON: one line, whatever the server wrote. */
static void PRINTF_LIKE(2, 3) set_reason(struct session *session, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(session->reason, sizeof(session->reason), format, args);
    va_end(args);
    make_printable(session->reason);
}

static void look_later(struct session *session, int64_t now_ms)
{
    session->look_ms = session_secrets_can_change(&session->secrets) ? now_ms + SESSION_LOOK_MS : INT64_MAX;
}

/* The server refused the credential, or a file has none: only an administrator can help. */
static void lock_out(struct session *session, int64_t now_ms)
{
    look_later(session, now_ms);
    session->state = SESSION_LOCKED_OUT;
    session->next_kind = first_kind(session);
    session->due_ms = now_ms + session_locked_out_delay_ms(session->refusals);
    session->refusals++;
    session->outages = 0;
}

/* Nothing was refused: tries again soon. Requests go on while the old credential is valid. */
static void go_offline(struct session *session, int64_t now_ms, int64_t retry_after_ms)
{
    int64_t delay = session_offline_delay_ms(session->outages);

    session->ended[session->call_kind][SESSION_OUTCOME_FAILED]++;
    session->state = credential_is_valid(session, now_ms) ? SESSION_REFRESHING : SESSION_OFFLINE;
    session->due_ms = now_ms + (retry_after_ms > delay ? retry_after_ms : delay);
    session->not_before_ms = retry_after_ms > 0 ? now_ms + retry_after_ms : now_ms;
    /* A server that keeps failing to renew may still take a login. */
    if (session->outages > 0 && session->next_kind == SESSION_CALL_REFRESH &&
        session->mode == SESSION_MODE_PASSWORD)
        session->next_kind = SESSION_CALL_LOGIN;
    session->outages++;
}

static int login_call(struct session *session, struct session_call *call, struct tb_error *err)
{
    char *secrets[SESSION_SECRETS_MAX] = {NULL, NULL};
    int r = session_secrets_read(&session->secrets, secrets, err);

    if (r == 0)
        r = session_call_login(call, session->options.username, secrets[0], err);
    free_secret(secrets[0]);
    return r;
}

static int verify_call(struct session *session, struct session_call *call, struct tb_error *err)
{
    const char *scheme = session->mode == SESSION_MODE_API_KEY ? "ApiKey" : "Bearer";
    char *secrets[SESSION_SECRETS_MAX] = {NULL, NULL};
    int r = session_secrets_read(&session->secrets, secrets, err);

    if (r < 0)
        return r;
    if (secrets[1]) {
        free_secret(session->grant.refresh_token);
        session->grant.refresh_token = secrets[1];
    }
    credential_release(session->candidate);
    session->candidate = credential_new(scheme, secrets[0], ++session->grant.generation, INT64_MAX);
    free_secret(secrets[0]);
    if (!session->candidate)
        return tb_error_set(err, -ENOMEM, "out of memory");
    session_call_verify(call, session->candidate);
    return 0;
}

static int make_call(struct session *session, struct session_call *call, struct tb_error *err)
{
    switch (session->next_kind) {
    case SESSION_CALL_LOGIN:
        return login_call(session, call, err);
    case SESSION_CALL_REFRESH:
        return session_call_refresh(call, session->grant.refresh_token, err);
    case SESSION_CALL_VERIFY:
        return verify_call(session, call, err);
    }
    return -EINVAL;
}

/* Looks whether there is something new to try before the next call is due. */
static bool look(struct session *session, int64_t now_ms)
{
    look_later(session, now_ms);
    if (!session_secrets_have_changed(&session->secrets))
        return false;
    session->refusals = 0; /* they were of another secret */
    return true;
}

/* Nothing is wrong with the credential, and a moment later there may be enough. */
static bool is_shortage(int r)
{
    return r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

int session_next_call(struct session *session, int64_t now_ms, struct session_call *ret, struct tb_error *err)
{
    struct session_call call = {.kind = session->next_kind};
    int r;

    if (session->state == SESSION_LOCKED_OUT && now_ms < session->due_ms && !look(session, now_ms))
        return 1;
    r = make_call(session, &call, err);
    session->last_attempt_ms = now_ms;
    if (r < 0) {
        session_call_free(&call);
        session->status = 0;
        set_reason(session, "%s", err->message);
        session->is_remediable = !is_shortage(r);
        session->call_kind = call.kind;
        if (is_shortage(r))
            go_offline(session, now_ms, 0);
        else
            lock_out(session, now_ms);
        return r;
    }
    session->in_flight = true;
    session->call_kind = call.kind;
    if (session->state == SESSION_READY)
        session->state = SESSION_REFRESHING;
    *ret = call;
    return 0;
}

/* The grant has a new credential, whose life is LIFE_MS; 0: unknown. */
static void become_ready(struct session *session, int64_t now_ms, int64_t life_ms)
{
    bool has_refresh_token = session->grant.refresh_token != NULL;
    bool renewable =
        session->mode == SESSION_MODE_PASSWORD || (session->mode == SESSION_MODE_TOKEN && has_refresh_token);

    session->credential_refused = false;
    session->obtained_for_refusal = session->for_refusal;
    session->for_refusal = false;
    session->state = SESSION_READY;
    session->reason[0] = '\0';
    session->was_tried_again = false;
    session->refusals = 0;
    session->outages = 0;
    session->next_kind = session->mode == SESSION_MODE_API_KEY ? SESSION_CALL_VERIFY
                         : has_refresh_token                   ? SESSION_CALL_REFRESH
                                                               : first_kind(session);
    session->due_ms = life_ms <= 0 ? INT64_MAX /* at its end, another one is looked for */
                                   : now_ms + (renewable ? session_renewal_delay_ms(life_ms) : life_ms);
}

/* A server that starts may refuse a login at first. So what it has accepted before is tried once more, which
 * does not look like an attack yet. */
static bool deserves_another_try(const struct session *session, int64_t now_ms)
{
    if (session->back_ms == 0 || now_ms - session->back_ms > STARTING_MS)
        return false;
    return session->mode != SESSION_MODE_TOKEN && session->call_kind == first_kind(session) &&
           session->grant.credential && !session->was_tried_again;
}

static void call_refused(struct session *session, int64_t now_ms)
{
    enum session_call_kind kind = session->call_kind;

    if (deserves_another_try(session, now_ms)) {
        session->was_tried_again = true;
        go_offline(session, now_ms, -1);
        return;
    }
    session->ended[kind][SESSION_OUTCOME_REFUSED]++;
    if (kind == SESSION_CALL_REFRESH && session->mode == SESSION_MODE_PASSWORD) {
        free_secret(TAKE_PTR(session->grant.refresh_token));
        session->next_kind = SESSION_CALL_LOGIN;
        session->due_ms = now_ms;
    } else if (kind == SESSION_CALL_VERIFY && session->mode == SESSION_MODE_TOKEN &&
               session->grant.refresh_token) {
        session->next_kind = SESSION_CALL_REFRESH;
        session->due_ms = now_ms;
        session->is_remediable = session->state == SESSION_LOCKED_OUT;
    } else {
        free_secret(TAKE_PTR(session->grant.refresh_token));
        session->is_remediable = session->status != 200; /* not if it lacks a second factor */
        lock_out(session, now_ms);
    }
}

static void accept_answer(struct session *session, int64_t now_ms, const struct session_reply *reply,
                          json_t *body)
{
    struct session_grant *grant = &session->grant;
    int64_t life_ms = 0;
    int r = 0;

    if (session->call_kind == SESSION_CALL_VERIFY)
        life_ms =
            session_grant_take_credential(grant, now_ms, TAKE_PTR(session->candidate),
                                          session->mode == SESSION_MODE_TOKEN, body, reply->server_now_ms);
    else
        r = session_grant_take_pair(grant, now_ms, body, &life_ms);
    if (r == 0) {
        session->ended[session->call_kind][SESSION_OUTCOME_SUCCESS]++;
        become_ready(session, now_ms, life_ms);
    } else {
        set_reason(session, "out of memory");
        go_offline(session, now_ms, -1);
    }
}

static void handle_answer(struct session *session, int64_t now_ms, const struct session_reply *reply)
{
    char reason[TB_ERROR_MESSAGE_MAX] = "";
    json_t *body = NULL;
    enum session_answer answer =
        session_answer_check(session->call_kind, reply, &session->options, &body, reason, sizeof(reason));

    if (answer == SESSION_ANSWER_GOOD) {
        accept_answer(session, now_ms, reply, body);
        json_decref(body);
        return;
    }
    session_secrets_hide(&session->secrets, session->grant.refresh_token, reason);
    set_reason(session, "%s", reason);
    if (answer == SESSION_ANSWER_REFUSED)
        call_refused(session, now_ms);
    else
        go_offline(session, now_ms, session_retry_after_ms(reply->status, reply->retry_after_ms));
}

void session_call_done(struct session *session, int64_t now_ms, const struct session_reply *reply)
{
    session->in_flight = session->is_remediable = false;
    session->status = reply->transport_error ? 0 : reply->status;
    if (reply->transport_error) {
        set_reason(session, "%s", reply->transport_error);
        go_offline(session, now_ms, -1);
    } else {
        handle_answer(session, now_ms, reply);
    }
    credential_release(TAKE_PTR(session->candidate));
    if (session->retry_wanted)
        session_retry_now(session, now_ms);
}

struct credential *session_credential(struct session *session, int64_t now_ms)
{
    return credential_is_valid(session, now_ms) ? session->grant.credential : NULL;
}

bool session_may_wait(struct session *session, int64_t now_ms)
{
    if (session->in_flight || session->due_ms <= now_ms ||
        (session->state == SESSION_READY && session->due_ms - now_ms <= SESSION_RENEWAL_MIN_MS))
        return true;
    if (session->state == SESSION_LOCKED_OUT || now_ms < session->not_before_ms ||
        now_ms - session->last_attempt_ms < SESSION_OFFLINE_MIN_MS)
        return false;
    session->due_ms = now_ms;
    return true;
}

void session_server_is_back(struct session *session, int64_t now_ms)
{
    int64_t due_ms = session->last_attempt_ms + SESSION_OFFLINE_MIN_MS;

    session->back_ms = now_ms;
    if (due_ms < session->not_before_ms)
        due_ms = session->not_before_ms;
    if (due_ms < now_ms)
        due_ms = now_ms;
    if ((session->state == SESSION_OFFLINE || session->state == SESSION_REFRESHING) &&
        due_ms < session->due_ms)
        session->due_ms = due_ms;
}

bool session_refused(struct session *session, int64_t now_ms, uint64_t generation, bool replayed)
{
    if (!session->grant.credential)
        return false;
    if (session->grant.credential->generation != generation || session->credential_refused)
        return session->state != SESSION_LOCKED_OUT;
    if (now_ms < session->hold.until_ms)
        return false;
    if (replayed) {
        if (session->obtained_for_refusal)
            session_hold_begin(&session->hold, now_ms);
        return false;
    }
    session->credential_refused = true;
    if (session->state == SESSION_LOCKED_OUT)
        return false;
    session->for_refusal = true;
    session->state = SESSION_REFRESHING;
    session->due_ms = now_ms > session->not_before_ms ? now_ms : session->not_before_ms;
    return true;
}

void session_retry_now(struct session *session, int64_t now_ms)
{
    session->retry_wanted = session->in_flight;
    if (session->in_flight)
        return;
    session->refusals = 0;
    session->outages = 0;
    session->next_kind = first_kind(session);
    session->not_before_ms = now_ms;
    session->due_ms = now_ms;
}

void session_renew_now(struct session *session, int64_t now_ms)
{
    if (session->in_flight)
        return;
    if (session->state != SESSION_READY && session->state != SESSION_REFRESHING) {
        session_retry_now(session, now_ms);
        return;
    }
    session->not_before_ms = now_ms;
    session->due_ms = now_ms;
}

enum session_state session_state(const struct session *session)
{
    return session->state;
}

const char *session_state_name(enum session_state state)
{
    static const char *const names[] = {"starting", "ready", "refreshing", "locked-out", "offline"};

    return names[state];
}

const char *session_reason(const struct session *session)
{
    return session->reason;
}

const char *session_remedy(const struct session *session)
{
    return session->is_remediable && session->options.remedy ? session->options.remedy : "";
}

int session_status(const struct session *session)
{
    return session->status;
}

uint64_t session_calls_ended(const struct session *session, enum session_call_kind kind,
                             enum session_outcome outcome)
{
    return session->ended[kind][outcome];
}

int64_t session_next_try_ms(const struct session *session)
{
    return session->in_flight ? INT64_MAX : session->due_ms;
}

int64_t session_expires_ms(const struct session *session)
{
    return session->grant.credential ? session->grant.credential->expires_ms : INT64_MAX;
}

const char *session_method(const struct session *session)
{
    static const char *const names[] = {
        [SESSION_MODE_API_KEY] = "api-key",
        [SESSION_MODE_PASSWORD] = "password",
        [SESSION_MODE_TOKEN] = "token",
    };

    return names[session->mode];
}

const json_t *session_user(const struct session *session)
{
    return session->grant.user;
}
