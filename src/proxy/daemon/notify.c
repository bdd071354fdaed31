/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon reports to systemd and the log while it runs.
 */
#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "proxy/daemon/actions.h"
#include "proxy/daemon/daemon.h"

static struct daemon *daemon_of(struct upstream *upstream)
{
    return CONTAINER_OF(upstream, struct daemon, services.upstream);
}

void daemon_notify_status(struct daemon *daemon)
{
    const struct services *services = &daemon->services;
    const char *reason = services_reason(services);

    sd_notifyf(0, "STATUS=%s%s%s; server %s", services_state(services), *reason ? ": " : "", reason,
               upstream_url(&services->upstream));
}

/* A failure is not logged again while it stays the same: clients may cause one every second. */
static void log_failed_login(const struct daemon *daemon)
{
    struct session *session = daemon->services.upstream.session;

    if (*session_reason(session) &&
        (session_state(session) != daemon->logged_state || session_status(session) != daemon->logged_status))
        log_warning("not logged in: %s", session_reason(session));
}

static void log_state(struct daemon *daemon)
{
    const struct upstream *upstream = &daemon->services.upstream;
    struct session *session = upstream->session;

    switch (session_state(session)) {
    case SESSION_READY:
        log_info("authenticated with %s", upstream->servers.list[upstream->calls.server].url);
        break;
    case SESSION_LOCKED_OUT:
        log_error("cannot log in: %s", session_reason(session));
        break;
    case SESSION_OFFLINE:
    case SESSION_REFRESHING:
        log_failed_login(daemon);
        break;
    case SESSION_STARTING:
        break;
    }
    daemon->logged_state = session_state(session);
    daemon->logged_status = session_status(session);
}

/* A login, a renewal or a check has ended. systemd gets READY=1 after the first one, even if it failed:
 * tbproxyd serves in any case, and STATUS says how it ended. */
void daemon_session_changed(struct upstream *upstream)
{
    struct daemon *daemon = daemon_of(upstream);

    log_state(daemon);
    daemon->services.was_ready |= session_state(upstream->session) == SESSION_READY;
    daemon_notify_status(daemon);
    server_probe_session_changed(&daemon->server_probe, session_state(upstream->session));
    actions_session_changed(daemon);
    if (!daemon->told_ready) {
        daemon->told_ready = true;
        sd_notify(0, "READY=1");
    }
}

void daemon_outage_changed(struct upstream *upstream)
{
    struct daemon *daemon = daemon_of(upstream);
    const struct outage *outage = &upstream->health.outage;

    failure_log_flush(&daemon->services.failure_log);
    if (outage->is_on)
        log_warning("%s", outage->reason);
    else
        log_info("%s answers again after %" PRId64 " s; %" PRIu64 " request%s failed in the meantime",
                 upstream_url(upstream), (daemon->services.loop.now_ms - outage->since_ms + 500) / 1000,
                 outage->failed_requests, outage->failed_requests == 1 ? "" : "s");
    daemon_notify_status(daemon);
    server_probe_session_changed(&daemon->server_probe,
                                 outage->is_on ? SESSION_OFFLINE : session_state(upstream->session));
}

static void daemon_watchdog_expired(struct timer *timer)
{
    struct daemon *daemon = CONTAINER_OF(timer, struct daemon, watchdog);

    sd_notify(0, "WATCHDOG=1");
    loop_timer_start(&daemon->services.loop, timer, daemon->watchdog_ms);
}

/* The message comes from the loop itself, so systemd notices a loop that hangs. */
int daemon_start_watchdog(struct daemon *daemon)
{
    uint64_t limit_us;

    if (sd_watchdog_enabled(0, &limit_us) <= 0)
        return 0;
    daemon->watchdog_ms = (int64_t)(limit_us / 2000);
    daemon->watchdog.expired = daemon_watchdog_expired;
    return loop_timer_start(&daemon->services.loop, &daemon->watchdog, 0);
}
