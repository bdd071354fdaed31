/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/secret.h"
#include "upstream/jwt.h"
#include "upstream/session_answer.h"
#include "upstream/session_secrets.h"

#define CALL_BODY_MAX (4 * SECRET_MAX_BYTES)

/* A server that does not answer is asked again after 1, 2, 4 ... 30 s, and at most once a second when a
 * request wants it. */
#define OFFLINE_DELAY_MS     1000
#define OFFLINE_DELAY_MAX_MS 30000

/* A login that is rate limited waits as long as it is told, but not for ever for one odd answer. */
#define RATE_LIMITED_MAX_MS 3600000

/* ThingsBoard can lock an account after failed logins: a refused credential is tried again after 15 s, 30 s,
 * 1 minute, 2, 4 ... up to an hour. Whether a file holds another one is looked at more often. */
#define LOCKED_OUT_DELAY_MS     15000
#define LOCKED_OUT_DELAY_MAX_MS 3600000
#define LOOK_DELAY_MS           2000

/* Where a renewal did not help a refused request, the next one for such a reason comes after 1, 2, 4 ... 60
 * s. */
#define HOLD_MS     1000
#define HOLD_MAX_MS 60000

/* What a token's rounding and the call that renews it may take of its life. */
#define RENEWAL_MARGIN_MS 1500

/* However short its life is said to be. */
#define RENEWAL_DELAY_MIN_MS 500

enum mode { MODE_API_KEY, MODE_PASSWORD, MODE_TOKEN };

struct session {
    struct session_options options;
    enum mode mode;
    struct session_secrets secrets;
    enum session_state state;
    char reason[TB_ERROR_MESSAGE_MAX];

    struct credential *credential; /* in use; NULL before the first authentication */
    bool credential_refused;
    bool obtained_for_refusal;
    char *refresh_token;
    json_t *user;
    uint64_t generation;

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
    unsigned refusals; /* since the last success */
    unsigned outages;  /* in a row */

    int64_t hold_ms; /* no renewal for a refusal before hold_until_ms */
    int64_t hold_until_ms;
};

static bool given(const char *option)
{
    return option && *option;
}

static int choose_mode(const struct session_options *options, enum mode *ret, struct tb_error *err)
{
    bool key = secret_is_given(&options->api_key);
    bool password = given(options->username) || secret_is_given(&options->password);
    bool token = secret_is_given(&options->token) || secret_is_given(&options->refresh_token);
    int ways = key + password + token;

    if (ways != 1)
        return tb_error_set(
            err, -EINVAL,
            "%s: give an API key, or a user name and a password, or a token and its refresh token",
            ways ? "more than one credential" : "no credential");
    if (password && !(given(options->username) && secret_is_given(&options->password)))
        return tb_error_set(err, -EINVAL, "a user name and a password belong together");
    if (token && !secret_is_given(&options->token))
        return tb_error_set(err, -EINVAL, "a refresh token needs a token");
    *ret = key ? MODE_API_KEY : password ? MODE_PASSWORD : MODE_TOKEN;
    return 0;
}

static void choose_secrets(struct session *session)
{
    const struct session_options *options = &session->options;
    const struct secret_source **sources = session->secrets.sources;

    sources[0] = session->mode == MODE_API_KEY    ? &options->api_key
                 : session->mode == MODE_PASSWORD ? &options->password
                                                  : &options->token;
    if (session->mode == MODE_TOKEN && secret_is_given(&options->refresh_token))
        sources[1] = &options->refresh_token;
}

/* The call that begins from nothing but the options. */
static enum session_call_kind first_kind(const struct session *session)
{
    return session->mode == MODE_PASSWORD ? SESSION_CALL_LOGIN : SESSION_CALL_VERIFY;
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
    r = choose_mode(options, &session->mode, err);
    if (r < 0) {
        free(session);
        return r;
    }
    choose_secrets(session);
    session->next_kind = first_kind(session);
    session->last_attempt_ms = INT64_MIN / 2;
    session->not_before_ms = INT64_MIN / 2;
    session->hold_until_ms = INT64_MIN / 2;
    *ret = session;
    return 0;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    credential_release(session->credential);
    credential_release(session->candidate);
    free_secret(session->refresh_token);
    json_decref(session->user);
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
    return session->credential && !session->credential_refused && now_ms < session->credential->expires_ms;
}

static int64_t doubled(int64_t delay_ms, unsigned times, int64_t max_ms)
{
    while (times-- > 0 && delay_ms < max_ms)
        delay_ms *= 2;
    return delay_ms < max_ms ? delay_ms : max_ms;
}

/* The reason goes to logs, to systemd's line protocol and to JSON: one line of UTF-8, whatever the server
 * wrote. */
static void PRINTF_LIKE(2, 3) set_reason(struct session *session, const char *format, ...)
{
    va_list args;
    char *c;

    va_start(args, format);
    vsnprintf(session->reason, sizeof(session->reason), format, args);
    va_end(args);
    for (c = session->reason; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            *c = '?';
}

static void add_remedy(struct session *session)
{
    size_t length = strlen(session->reason);

    if (given(session->options.remedy))
        snprintf(session->reason + length, sizeof(session->reason) - length, "; %s", session->options.remedy);
}

static void look_later(struct session *session, int64_t now_ms)
{
    session->look_ms = session_secrets_can_change(&session->secrets) ? now_ms + LOOK_DELAY_MS : INT64_MAX;
}

/* The server, or a file, said no: only an administrator can help. */
static void lock_out(struct session *session, int64_t now_ms)
{
    look_later(session, now_ms);
    session->state = SESSION_LOCKED_OUT;
    session->next_kind = first_kind(session);
    session->due_ms = now_ms + doubled(LOCKED_OUT_DELAY_MS, session->refusals, LOCKED_OUT_DELAY_MAX_MS);
    session->refusals++;
    session->outages = 0;
}

/* Nobody said no: try again soon. Requests go on while the old credential lasts. */
static void go_offline(struct session *session, int64_t now_ms, int64_t retry_after_ms)
{
    int64_t delay = doubled(OFFLINE_DELAY_MS, session->outages, OFFLINE_DELAY_MAX_MS);

    session->state = credential_is_valid(session, now_ms) ? SESSION_REFRESHING : SESSION_OFFLINE;
    session->due_ms = now_ms + (retry_after_ms > delay ? retry_after_ms : delay);
    session->not_before_ms = retry_after_ms > 0 ? now_ms + retry_after_ms : now_ms;
    /* A server that keeps failing to renew may still take a login. */
    if (session->outages > 0 && session->next_kind == SESSION_CALL_REFRESH && session->mode == MODE_PASSWORD)
        session->next_kind = SESSION_CALL_LOGIN;
    session->outages++;
}

static int call_body(struct session_call *call, json_t *object, struct tb_error *err)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    int r = text ? buf_append_string(&call->body, text) : -ENOMEM;

    free_secret(text);
    json_decref(object);
    return r < 0 ? tb_error_set(err, r, "out of memory") : 0;
}

static int login_call(struct session *session, struct session_call *call, struct tb_error *err)
{
    char *secrets[SESSION_SECRETS_MAX] = {NULL, NULL};
    int r = session_secrets_read(&session->secrets, secrets, err);

    if (r < 0)
        return r;
    call->method = "POST";
    call->path = "/api/auth/login";
    r = call_body(call, json_pack("{s:s,s:s}", "username", session->options.username, "password", secrets[0]),
                  err);
    free_secret(secrets[0]);
    return r;
}

static int refresh_call(struct session *session, struct session_call *call, struct tb_error *err)
{
    call->method = "POST";
    call->path = "/api/auth/token";
    return call_body(call, json_pack("{s:s}", "refreshToken", session->refresh_token), err);
}

static int verify_call(struct session *session, struct session_call *call, struct tb_error *err)
{
    const char *scheme = session->mode == MODE_API_KEY ? "ApiKey" : "Bearer";
    char *secrets[SESSION_SECRETS_MAX] = {NULL, NULL};
    int r = session_secrets_read(&session->secrets, secrets, err);

    if (r < 0)
        return r;
    if (secrets[1]) {
        free_secret(session->refresh_token);
        session->refresh_token = secrets[1];
    }
    credential_release(session->candidate);
    session->candidate = credential_new(scheme, secrets[0], ++session->generation, INT64_MAX);
    free_secret(secrets[0]);
    if (!session->candidate)
        return tb_error_set(err, -ENOMEM, "out of memory");
    call->method = "GET";
    call->path = "/api/auth/user";
    call->credential = credential_reference(session->candidate);
    return 0;
}

/* Whether there is something new to be tried before the next call is due. */
static bool look(struct session *session, int64_t now_ms)
{
    look_later(session, now_ms);
    if (!session_secrets_have_changed(&session->secrets))
        return false;
    session->refusals = 0; /* those were of another one */
    return true;
}

int session_next_call(struct session *session, int64_t now_ms, struct session_call *ret, struct tb_error *err)
{
    struct session_call call = {.kind = session->next_kind, .body = BUF_INIT(CALL_BODY_MAX)};
    int r;

    if (session->state == SESSION_LOCKED_OUT && now_ms < session->due_ms && !look(session, now_ms))
        return 1;
    r = call.kind == SESSION_CALL_LOGIN     ? login_call(session, &call, err)
        : call.kind == SESSION_CALL_REFRESH ? refresh_call(session, &call, err)
                                            : verify_call(session, &call, err);
    session->last_attempt_ms = now_ms;
    if (r < 0) {
        session_call_free(&call);
        session->status = 0;
        set_reason(session, "%s", err->message);
        add_remedy(session);
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

void session_call_free(struct session_call *call)
{
    buf_free_secret(&call->body);
    credential_release(call->credential);
    call->credential = NULL;
}

/* JWT times are whole seconds, so a token may end up to one second before its life, counted from its receipt,
 * is over, and the renewal takes its time: renew when 80 % have passed, or RENEWAL_MARGIN_MS before the end
 * where that is sooner. */
static int64_t renewal_delay_ms(int64_t life_ms)
{
    int64_t delay = life_ms / 10 * 8;

    if (delay > life_ms - RENEWAL_MARGIN_MS)
        delay = life_ms - RENEWAL_MARGIN_MS;
    if (delay < life_ms / 4)
        delay = life_ms / 4;
    return delay > RENEWAL_DELAY_MIN_MS ? delay : RENEWAL_DELAY_MIN_MS;
}

/* Takes CREDENTIAL (and its reference) into use; LIFE_MS is 0 where unknown. */
static void adopt(struct session *session, int64_t now_ms, struct credential *credential, int64_t life_ms)
{
    bool renewable =
        session->mode != MODE_API_KEY && (session->refresh_token || session->mode == MODE_PASSWORD);

    credential_release(session->credential);
    session->credential = credential;
    session->credential_refused = false;
    session->obtained_for_refusal = session->for_refusal;
    session->for_refusal = false;
    session->state = SESSION_READY;
    session->reason[0] = '\0';
    session->refusals = 0;
    session->outages = 0;
    session->next_kind = session->mode == MODE_API_KEY ? SESSION_CALL_VERIFY
                         : session->refresh_token      ? SESSION_CALL_REFRESH
                                                       : first_kind(session);
    session->due_ms = life_ms <= 0 ? INT64_MAX /* at its end, what has taken its place is looked for */
                                   : now_ms + (renewable ? renewal_delay_ms(life_ms) : life_ms);
}

static void set_user(struct session *session, json_t *user)
{
    if (!user)
        return;
    json_decref(session->user);
    session->user = user;
}

static void adopt_pair(struct session *session, int64_t now_ms, const json_t *pair)
{
    const char *token = json_string_value(json_object_get(pair, "token"));
    char *refresh_token = strdup(json_string_value(json_object_get(pair, "refreshToken")));
    json_t *claims = jwt_claims(token);
    int64_t life_ms = jwt_life_ms(claims);
    struct credential *credential =
        credential_new("Bearer", token, ++session->generation, life_ms > 0 ? now_ms + life_ms : INT64_MAX);

    if (refresh_token && credential) {
        free_secret(session->refresh_token);
        session->refresh_token = TAKE_PTR(refresh_token);
        set_user(session, TAKE_PTR(claims));
        adopt(session, now_ms, TAKE_PTR(credential), life_ms);
    } else {
        set_reason(session, "out of memory");
        go_offline(session, now_ms, -1);
    }
    credential_release(credential);
    free_secret(refresh_token);
    json_decref(claims);
}

static void adopt_candidate(struct session *session, int64_t now_ms, const struct session_reply *reply,
                            json_t *user)
{
    struct credential *candidate = TAKE_PTR(session->candidate);
    json_t *claims = session->mode == MODE_TOKEN ? jwt_claims(strrchr(candidate->header, ' ') + 1) : NULL;
    int64_t expires_ms = jwt_expires_ms(claims), life_ms = 0;

    /* A token that was given is not new: what counts is how long the server will still take it. */
    if (expires_ms > reply->server_now_ms) {
        life_ms = expires_ms - reply->server_now_ms;
        candidate->expires_ms = now_ms + life_ms;
    }
    set_user(session, claims ? claims : json_incref(user));
    adopt(session, now_ms, candidate, life_ms);
}

static void call_refused(struct session *session, int64_t now_ms)
{
    enum session_call_kind kind = session->call_kind;

    if (kind == SESSION_CALL_REFRESH && session->mode == MODE_PASSWORD) {
        free_secret(TAKE_PTR(session->refresh_token));
        session->next_kind = SESSION_CALL_LOGIN;
        session->due_ms = now_ms;
    } else if (kind == SESSION_CALL_VERIFY && session->mode == MODE_TOKEN && session->refresh_token) {
        session->next_kind = SESSION_CALL_REFRESH;
        session->due_ms = now_ms;
    } else {
        free_secret(TAKE_PTR(session->refresh_token));
        if (session->status != 200) /* a wanted second factor is not mended in a file */
            add_remedy(session);
        lock_out(session, now_ms);
    }
}

/* How long the answer asks to wait, -1 if it does not: only with these two does Retry-After mean that (RFC
 * 9110, section 10.2.3), and a 503 may come from whatever stands before the server. */
static int64_t wait_asked_ms(const struct session_reply *reply)
{
    int64_t max_ms = reply->status == 429   ? RATE_LIMITED_MAX_MS
                     : reply->status == 503 ? OFFLINE_DELAY_MAX_MS
                                            : -1;

    return reply->retry_after_ms < max_ms ? reply->retry_after_ms : max_ms;
}

static void answered(struct session *session, int64_t now_ms, const struct session_reply *reply)
{
    char reason[TB_ERROR_MESSAGE_MAX] = "";
    json_t *body = NULL;
    enum session_verdict verdict =
        session_judge(session->call_kind, reply, &session->options, &body, reason, sizeof(reason));

    if (verdict != SESSION_VERDICT_GOOD)
        session_secrets_hide(&session->secrets, session->refresh_token, reason);
    switch (verdict) {
    case SESSION_VERDICT_GOOD:
        if (session->call_kind == SESSION_CALL_VERIFY)
            adopt_candidate(session, now_ms, reply, body);
        else
            adopt_pair(session, now_ms, body);
        break;
    case SESSION_VERDICT_REFUSED:
        set_reason(session, "%s", reason);
        call_refused(session, now_ms);
        break;
    case SESSION_VERDICT_NONE:
        set_reason(session, "%s", reason);
        go_offline(session, now_ms, wait_asked_ms(reply));
        break;
    }
    json_decref(body);
}

void session_call_done(struct session *session, int64_t now_ms, const struct session_reply *reply)
{
    session->in_flight = false;
    session->status = reply->transport_error ? 0 : reply->status;
    if (reply->transport_error) {
        set_reason(session, "%s", reply->transport_error);
        go_offline(session, now_ms, -1);
    } else {
        answered(session, now_ms, reply);
    }
    credential_release(TAKE_PTR(session->candidate));
    if (session->retry_wanted)
        session_retry_now(session, now_ms);
}

struct credential *session_credential(struct session *session, int64_t now_ms)
{
    return credential_is_valid(session, now_ms) ? session->credential : NULL;
}

bool session_may_wait(struct session *session, int64_t now_ms)
{
    if (session->in_flight || session->due_ms <= now_ms ||
        (session->state == SESSION_READY && session->due_ms - now_ms <= RENEWAL_DELAY_MIN_MS))
        return true;
    if (session->state == SESSION_LOCKED_OUT || now_ms < session->not_before_ms ||
        now_ms - session->last_attempt_ms < OFFLINE_DELAY_MS)
        return false;
    session->due_ms = now_ms;
    return true;
}

void session_server_is_back(struct session *session, int64_t now_ms)
{
    if (session->state == SESSION_OFFLINE || session->state == SESSION_REFRESHING)
        session_may_wait(session, now_ms);
}

/* No renewal on such grounds for a while; longer each time. */
static void hold_renewals(struct session *session, int64_t now_ms)
{
    bool again = session->hold_ms > 0 && now_ms - session->hold_until_ms < HOLD_MAX_MS;

    session->hold_ms = again ? doubled(session->hold_ms, 1, HOLD_MAX_MS) : HOLD_MS;
    session->hold_until_ms = now_ms + session->hold_ms;
}

bool session_refused(struct session *session, int64_t now_ms, uint64_t generation, bool replayed)
{
    if (!session->credential)
        return false;
    if (session->credential->generation != generation || session->credential_refused)
        return session->state != SESSION_LOCKED_OUT;
    if (now_ms < session->hold_until_ms)
        return false;
    if (replayed) {
        if (session->obtained_for_refusal)
            hold_renewals(session, now_ms);
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

int session_status(const struct session *session)
{
    return session->status;
}

const json_t *session_user(const struct session *session)
{
    return session->user;
}
