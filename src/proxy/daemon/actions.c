/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/daemon/actions.h"

#include <errno.h>
#include <jansson.h>

#include "base/log.h"
#include "proxy/daemon/daemon.h"
#include "proxy/exchange/reply.h"
#include "json/json_check.h"
#include "json/json_text.h"
#include "json/json_write.h"

#define REPORT_MAX_BYTES 16384

/* One who waits for the end of a renewal. */
struct renewal {
    struct list link; /* in daemon->renewals */
    struct exchange *exchange;
    struct timer timer;
};

static struct daemon *daemon_of(const struct exchange *exchange)
{
    return CONTAINER_OF(exchange->services, struct daemon, services);
}

static const char *who_asked(const struct exchange *exchange, char name[PRINCIPAL_NAME_MAX])
{
    principal_name(peer_user(exchange->peer), name, PRINCIPAL_NAME_MAX);
    return name;
}

static void reply_object(struct exchange *exchange, json_t *object)
{
    reply_json(exchange, 200, json_write_text(object, JSON_COMPACT));
    json_decref(object);
}

/* ---- the session ---- */

static void renewal_expired(struct timer *timer)
{
    struct renewal *renewal = CONTAINER_OF(timer, struct renewal, timer);

    reply_error(renewal->exchange, 504, PROXY_STATUS_INTERNAL,
                "the renewal of the session has not ended after %d s; see /-/status", RENEWAL_WAIT_MS / 1000);
}

static void end_renewal(struct exchange *exchange, const struct session *session)
{
    const char *reason = session_reason(session);
    const char *remedy = session_remedy(session);

    if (session_state(session) == SESSION_READY)
        reply_object(exchange, json_pack("{s:b,s:s}", "renewed", 1, "message", "the session was renewed"));
    else
        reply_error(exchange, 502, PROXY_STATUS_UNAVAILABLE, "the session was not renewed: %s%s%s",
                    *reason ? reason : session_state_name(session_state(session)), *remedy ? "; " : "",
                    remedy);
}

/* A renewal can take several calls: a token that cannot be renewed is followed by a login. */
void actions_session_changed(struct daemon *daemon)
{
    const struct session *session = daemon->services.upstream.session;
    struct renewal *renewal;

    if (session_state(session) != SESSION_READY && session_due(session) <= daemon->services.loop.now_ms)
        return;
    while (!list_is_empty(&daemon->renewals)) {
        renewal = CONTAINER_OF(daemon->renewals.next, struct renewal, link);
        list_remove(&renewal->link);
        end_renewal(renewal->exchange, session);
    }
}

static void renew(struct exchange *exchange)
{
    struct services *services = exchange->services;
    struct renewal *renewal = calloc(1, sizeof(*renewal));
    char name[PRINCIPAL_NAME_MAX];

    if (!renewal) {
        reply_no_memory(exchange);
        return;
    }
    exchange->state = renewal;
    renewal->exchange = exchange;
    renewal->timer.expired = renewal_expired;
    list_append(&daemon_of(exchange)->renewals, &renewal->link);
    log_info("renewing the session: %s asked for it", who_asked(exchange, name));
    loop_timer_start(&services->loop, &renewal->timer, RENEWAL_WAIT_MS);
    session_renew_now(services->upstream.session, services->loop.now_ms);
    session_calls_schedule(&services->upstream.calls);
}

/* ---- the configuration ---- */

/* The lines of REPORT. */
static json_t *lines_of(struct buf *report)
{
    json_t *list = json_array();
    char *line, *rest = report->data;

    while (rest && (line = strsep(&rest, "\n")))
        if (*line)
            json_list_add(&list, json_string(line));
    return list;
}

static void reload(struct exchange *exchange)
{
    CLEANUP(buf_free) struct buf report = BUF_INIT(REPORT_MAX_BYTES);
    struct tb_error err = TB_ERROR_INIT;
    char name[PRINCIPAL_NAME_MAX];
    int r;

    log_info("reloading the configuration: %s asked for it", who_asked(exchange, name));
    r = daemon_reload(daemon_of(exchange), &report, &err);
    if (r < 0)
        reply_error(exchange, r == -ENOMEM || r == -EMFILE || r == -EIO ? 503 : 400,
                    PROXY_STATUS_CONFIGURATION, "the configuration was not reloaded: %s", err.message);
    else
        reply_object(exchange, json_pack("{s:b,s:s,s:o}", "reloaded", 1, "message",
                                         "the configuration was reloaded", "changes", lines_of(&report)));
}

/* ---- the log ---- */

/* -EINVAL: BODY does not name one. */
static int read_level(const struct buf *body)
{
    const char *text = body->data ? body->data : "";
    struct json_part name;
    int level;

    if (!json_check(text, body->len, 0) ||
        json_text_member(json_text_value(text, body->len), "level", &name) < 0 || *name.text != '"')
        return -EINVAL;
    for (level = 0; log_level_names[level]; level++)
        if (json_text_is(name, log_level_names[level]))
            return level;
    return -EINVAL;
}

/* A warning, so that it is seen whether the log is to say more or less. */
static void set_log_level(struct exchange *exchange)
{
    int level = read_level(&exchange->inbound.body);
    char name[PRINCIPAL_NAME_MAX];

    if (level < 0) {
        reply_error(exchange, 400, PROXY_STATUS_DENIED,
                    "the body must be like {\"level\":\"debug\"}; levels: error, warning, info, debug");
        return;
    }
    log_warning("the log has the level %s until the next reload or restart: %s asked for it",
                log_level_names[level], who_asked(exchange, name));
    log_set_level((enum log_level)level);
    reply_object(exchange, json_pack("{s:s}", "log_level", log_level_names[level]));
}

/* ---- */

static void actions_begin(struct exchange *exchange)
{
    if (exchange->services->draining)
        reply_stopping(exchange);
    else if (exchange->head.route.kind == ROUTE_RENEW)
        renew(exchange);
    else if (exchange->head.route.kind == ROUTE_RELOAD)
        reload(exchange);
    else
        set_log_level(exchange);
}

static void actions_leave(struct exchange *exchange)
{
    struct renewal *renewal = exchange->state;

    if (!renewal)
        return;
    loop_timer_stop(&exchange->services->loop, &renewal->timer);
    list_remove(&renewal->link);
}

static void actions_free(struct exchange *exchange)
{
    actions_leave(exchange);
    free(TAKE_PTR(exchange->state));
}

const struct handler actions_handler = {
    .name = "actions",
    .begin = actions_begin,
    .leave = actions_leave,
    .free = actions_free,
};
