/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running program: opens the rooms, runs them in one loop on one thread, and stops them.
 */
#ifndef TB_PROXY_DAEMON_DAEMON_H
#define TB_PROXY_DAEMON_DAEMON_H

#include "proxy/exchange/services.h"
#include "proxy/forward/forward.h"
#include "proxy/listen/listener.h"
#include "proxy/spool/spool.h"
#include "proxy/spool/spool_report.h"
#include "proxy/status/status_events.h"
#include "proxy/subscribe/subscriptions.h"
#include "upstream/limit_discovery.h"
#include "upstream/server_probe.h"

#define DAEMON_STATUS_BYTES (4 * TB_ERROR_MESSAGE_MAX + 300)

struct daemon {
    struct services services;
    struct listeners listeners;
    struct forward forward;
    struct spool spool;
    struct subscriptions subscriptions;
    struct status_events status_events;
    struct server_probe server_probe;
    struct limit_discovery limit_discovery;
    char *proxy_password;   /* of the user of upstream.proxy; NULL: none */
    int64_t drain_until_ms; /* boot clock */
    bool told_ready;        /* systemd has been told that the start is over */
    struct list renewals;   /* of the session, that somebody waits for (actions.c) */
    struct timer watchdog;
    int64_t watchdog_ms; /* between two messages to systemd; 0: none */
    struct watch signals;
    enum spool_trouble told_spool_trouble;
    char told_status[DAEMON_STATUS_BYTES]; /* STATUS, as systemd knows it, without the time of the next try */
    int64_t told_next_try_ms;
    struct timer limit_timer; /* when a rate limit that is reached opens */
    struct timer ready_timer; /* when READY=1 is sent again */
    int64_t limit_logged_ms;  /* when it was last logged that one is; 0: never */
    char *credential_remedy;  /* for the session */
    /* For reading the configuration again. */
    const char *config_path;
    char *const *settings;
    size_t setting_count;
};

/* Opens everything but the listeners. Takes over CONFIG. DAEMON must be zeroed, except for the arguments of
 * the configuration. After an error it is closed; any but -ENOMEM and -EMFILE is a mistake in the
 * configuration or in a file that it names. */
int daemon_open(struct daemon *daemon, struct config *config, struct tb_error *err);

/* Opens the listeners and begins to log in. After an error it is closed. */
int daemon_listen(struct daemon *daemon, struct tb_error *err);

/* Serves until a signal ends it and requests under way have ended. 0 or a negative errno. */
int daemon_run(struct daemon *daemon);

/* Call it when something that the budget depends on has changed. */
void daemon_update_budget(struct daemon *daemon);

void daemon_close(struct daemon *daemon);

/* reload.c: applies the options for requests to the server, at the start and after a reload. */
void daemon_set_request_options(struct daemon *daemon);

/* reload.c: reads the configuration again (SIGHUP), and logs what became of it. Appends a line to REPORT,
 * which may be NULL, for each option that has changed. After an error nothing has changed. */
int daemon_reload(struct daemon *daemon, struct buf *report, struct tb_error *err);

/* drain.c: begins to stop; if that has begun already, ends the time for it. */
void daemon_begin_drain(struct daemon *daemon);

/* drain.c: closes connections whose request has no complete header. Returns the ms that are left; 0: no
 * exchange is left, or no time. */
int64_t daemon_continue_drain(struct daemon *daemon);

/* drain.c: responds 503 to the exchanges that are left, and gives the responses time to be written. */
void daemon_end_drain(struct daemon *daemon);

/* daemon.c, for drain.c: one round of everything that needs no event. */
void daemon_run_pending(struct daemon *daemon);

/* notify.c: keeps services->server, and reports its changes and the end of the start to systemd and the log.
 */
void daemon_session_changed(struct upstream *upstream);
void daemon_health_changed(struct upstream *upstream);
void daemon_watch_limit(struct daemon *daemon);
void daemon_watch_spool(struct daemon *daemon);
void daemon_limit_opened(struct timer *timer);
void daemon_notify_status(struct daemon *daemon);
void daemon_notify_ready(struct daemon *daemon);
void daemon_start_watchdog(struct daemon *daemon);

#endif
