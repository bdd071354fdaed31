/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the state of the server, and reports its changes to systemd and the log.
 */
#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "proxy/daemon/actions.h"
#include "proxy/daemon/daemon.h"
#include "proxy/daemon/trouble.h"

/* A limit that is reached again and again is told once in this time. */
#define LIMITED_LOG_MS 60000

/* A notice that could not be sent is sent again. */
#define NOTIFY_AGAIN_MS 1000

static struct daemon *daemon_of(struct upstream *upstream)
{
    return CONTAINER_OF(upstream, struct daemon, services.upstream);
}

/* ---- STATUS ---- */

/* "; spool: CAUSE; REMEDY", if there is something. */
static void describe_spool(const struct services *services, char *ret, size_t size)
{
    struct spool_report report;

    *ret = '\0';
    if (spool_report_read(services, &report) && *report.cause)
        snprintf(ret, size, "; spool: %s%s%s", report.cause, *report.remedy ? "; " : "", report.remedy);
}

/* "ready; server URL", "unreachable: CAUSE; REMEDY; server URL". */
static void describe(const struct services *services, char *ret, size_t size)
{
    const struct server_state *server = &services->server;
    char spool[2 * TB_ERROR_MESSAGE_MAX + 20];

    describe_spool(services, spool, sizeof(spool));

    if (services->draining)
        snprintf(ret, size, "draining; server %.200s", upstream_url(&services->upstream));
    else
        snprintf(ret, size, "%s%s%s%s%s; server %.200s%s", server_condition_name(server->condition),
                 *server->cause ? ": " : "", server->cause, *server->remedy ? "; " : "", server->remedy,
                 upstream_url(&services->upstream), spool);
}

/* "; next try at TIME", if there is one. */
static void describe_next_try(const struct services *services, char *ret, size_t size)
{
    const struct server_state *server = &services->server;
    char at[CLOCK_TEXT_BYTES];

    *ret = '\0';
    if (services->draining || !*server->cause || server->next_try_ms == INT64_MAX)
        return;
    clock_format(clock_wall_ms() + server->next_try_ms - services->loop.now_ms, at);
    snprintf(ret, size, "; next try at %s", at);
}

/* Many requests may fail at a time, and each may be the reason for an update. */
void daemon_notify_status(struct daemon *daemon)
{
    const struct services *services = &daemon->services;
    char text[DAEMON_STATUS_BYTES], next_try[64];

    describe(services, text, sizeof(text));
    if (strcmp(text, daemon->told_status) == 0 && services->server.next_try_ms == daemon->told_next_try_ms)
        return;
    memcpy(daemon->told_status, text, sizeof(text));
    daemon->told_next_try_ms = services->server.next_try_ms;
    describe_next_try(services, next_try, sizeof(next_try));
    sd_notifyf(0, "STATUS=%s%s", text, next_try);
}

/* ---- the log ---- */

static void log_return(const struct daemon *daemon, const struct server_change *change)
{
    const struct upstream *upstream = &daemon->services.upstream;
    const char *url = upstream->servers.list[upstream->calls.server].url;
    int64_t away_s = (change->away_ms + 500) / 1000;
    const char *s = change->failed_requests == 1 ? "" : "s";

    if (change->before == SERVER_STARTING)
        log_info("authenticated with %s", url);
    else if (change->before == SERVER_REFUSED)
        log_info("authenticated with %s after %" PRId64 " s; %" PRIu64 " request%s failed in the meantime",
                 url, away_s, change->failed_requests, s);
    else
        log_info("%s answers again after %" PRId64 " s; %" PRIu64 " request%s failed in the meantime",
                 upstream_url(upstream), away_s, change->failed_requests, s);
}

static void log_limit(struct daemon *daemon)
{
    int64_t now_ms = daemon->services.loop.now_ms;
    const struct server_state *server = &daemon->services.server;

    if (daemon->limit_logged_ms && now_ms - daemon->limit_logged_ms < LIMITED_LOG_MS)
        return;
    daemon->limit_logged_ms = now_ms;
    log_info("%s: nothing is sent for %" PRId64 " s; %s", server->cause,
             (server->next_try_ms - now_ms + 999) / 1000, server->remedy);
}

static void log_trouble(const struct server_state *server)
{
    const char *separator = *server->remedy ? "; " : "";

    if (server->condition == SERVER_REFUSED)
        log_error("cannot log in: %s%s%s", server->cause, separator, server->remedy);
    else if (server->condition == SERVER_READY)
        log_warning("the login cannot be renewed: %s%s%s", server->cause, separator, server->remedy);
    else
        log_warning("%s%s%s", server->cause, separator, server->remedy);
}

static void log_change(struct daemon *daemon, const struct server_change *change)
{
    const struct server_state *server = &daemon->services.server;
    bool was_ready = change->before == SERVER_READY || change->before == SERVER_LIMITED;

    if (server_state_is_ready(server) && !was_ready)
        log_return(daemon, change);
    if (server->condition == SERVER_LIMITED)
        log_limit(daemon);
    else if (*server->cause)
        log_trouble(server);
    else if (change->before == SERVER_READY)
        log_info("the login was renewed");
}

/* ---- the state ---- */

static bool may_be_told(struct services *services, struct server_trouble *connection,
                        const struct server_trouble *session)
{
    /* If something else answers, the answer to the login says best what. */
    return trouble_of_connection(services, connection) &&
           !(services->upstream.health.failure.is_page && session);
}

static void update_state(struct daemon *daemon)
{
    struct services *services = &daemon->services;
    const struct upstream *upstream = &services->upstream;
    struct server_trouble connection, session, budget;
    struct server_change change;
    struct server_facts facts = {
        .session = trouble_of_session(services, &session) ? &session : NULL,
        .budget = trouble_of_budget(services, &budget) ? &budget : NULL,
        .has_credential = session_credential(upstream->session, services->loop.now_ms),
        .in_doubt = !upstream->health.is_sound,
    };

    if (may_be_told(services, &connection, facts.has_credential ? NULL : facts.session))
        facts.connection = &connection;
    change = server_state_update(&services->server, &facts, services->loop.now_ms);
    if (change.is_news) {
        failure_log_flush(&services->failure_log);
        log_change(daemon, &change);
    }
    if (facts.budget)
        timer_start(&services->loop.timers, &daemon->limit_timer, budget.next_try_ms);
    daemon_notify_status(daemon);
    server_probe_session_changed(&daemon->server_probe,
                                 upstream->is_away ? SESSION_OFFLINE : session_state(upstream->session));
}

/* Called in each turn of the loop. */
void daemon_watch_limit(struct daemon *daemon)
{
    struct services *services = &daemon->services;
    bool closed = budget_closed_ms(&services->budget, services->loop.now_ms) > 0;

    if (server_state_is_ready(&services->server) && closed != (services->server.condition == SERVER_LIMITED))
        update_state(daemon);
}

/* Likewise. */
void daemon_watch_spool(struct daemon *daemon)
{
    enum spool_trouble trouble = spool_trouble(&daemon->services);

    if (trouble == daemon->told_spool_trouble)
        return;
    daemon->told_spool_trouble = trouble;
    daemon_notify_status(daemon);
}

void daemon_limit_opened(struct timer *timer)
{
    (void)timer; /* daemon_watch_limit() is called in every turn of the loop */
}

static void ready_timer_expired(struct timer *timer)
{
    daemon_notify_ready(CONTAINER_OF(timer, struct daemon, ready_timer));
}

/* Without it, systemd would end a service that starts or reloads, after a while. */
void daemon_notify_ready(struct daemon *daemon)
{
    daemon->ready_timer.expired = ready_timer_expired;
    if (sd_notify(0, "READY=1") < 0)
        loop_timer_start(&daemon->services.loop, &daemon->ready_timer, NOTIFY_AGAIN_MS);
}

/* A login, a renewal or a check has ended. systemd gets READY=1 after the first one, even if it failed:
 * tbproxyd serves in any case, and STATUS says how it ended. */
void daemon_session_changed(struct upstream *upstream)
{
    struct daemon *daemon = daemon_of(upstream);

    daemon->services.was_ready |= session_state(upstream->session) == SESSION_READY;
    update_state(daemon);
    actions_session_changed(daemon);
    if (!daemon->told_ready) {
        daemon->told_ready = true;
        daemon_notify_ready(daemon);
    }
}

void daemon_health_changed(struct upstream *upstream)
{
    struct daemon *daemon = daemon_of(upstream);

    forward_health_changed(&daemon->forward);
    update_state(daemon);
    subscriptions_health_changed(&daemon->subscriptions);
}

/* ---- the watchdog ---- */

static void daemon_watchdog_expired(struct timer *timer)
{
    struct daemon *daemon = CONTAINER_OF(timer, struct daemon, watchdog);

    sd_notify(0, "WATCHDOG=1");
    loop_timer_start(&daemon->services.loop, timer, daemon->watchdog_ms);
}

/* The message comes from the loop itself, so systemd notices a loop that hangs. */
void daemon_start_watchdog(struct daemon *daemon)
{
    uint64_t limit_us;

    if (sd_watchdog_enabled(0, &limit_us) <= 0)
        return;
    daemon->watchdog_ms = (int64_t)(limit_us / 2000);
    daemon->watchdog.expired = daemon_watchdog_expired;
    loop_timer_start(&daemon->services.loop, &daemon->watchdog, 0);
}
