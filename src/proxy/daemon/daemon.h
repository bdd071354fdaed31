/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running program: opens the rooms, runs them in one loop on one thread, and stops them.
 */
#ifndef TB_PROXY_DAEMON_DAEMON_H
#define TB_PROXY_DAEMON_DAEMON_H

#include "proxy/exchange/services.h"
#include "proxy/forward/forward.h"
#include "proxy/listen/listener.h"
#include "proxy/subscribe/subscriptions.h"
#include "upstream/limit_discovery.h"
#include "upstream/server_probe.h"

struct daemon {
    struct services services;
    struct listeners listeners;
    struct forward forward;
    struct subscriptions subscriptions;
    struct server_probe server_probe;
    struct limit_discovery limit_discovery;
    char *proxy_password;   /* of the outgoing proxy's user; NULL: none */
    int64_t drain_until_ms; /* boot clock */
    bool told_ready;        /* systemd knows that the start is over */
    struct timer watchdog;
    int64_t watchdog_ms; /* how often systemd wants to hear; 0: not at all */
    struct watch signals;
    /* What was last logged of the session: its state, and the status of the answer to its last call. */
    enum session_state logged_state;
    int logged_status;
    /* To read the configuration again. */
    const char *config_path;
    char *const *settings;
    size_t setting_count;
};

/* Opens everything and begins to authenticate. CONFIG is taken over. After an error the daemon is closed. */
int daemon_open(struct daemon *daemon, struct config *config, struct tb_error *err);

/* Serves until a signal ends it and what was under way is drained. 0, or a negative errno. */
int daemon_run(struct daemon *daemon);

/* Something that the budget depends on has changed. */
void daemon_update_budget(struct daemon *daemon);

void daemon_close(struct daemon *daemon);

/* reload.c: takes over the options of the configuration that concern requests, at the start and after a
 * reload; and reads the configuration again (SIGHUP). */
void daemon_set_request_options(struct daemon *daemon);
void daemon_reload(struct daemon *daemon);

/* drain.c: begins to stop, or stops at once if that has begun; the time that is left, in ms, 0 if it is over;
 * and the end. */
void daemon_begin_drain(struct daemon *daemon);
int64_t daemon_drain_left_ms(const struct daemon *daemon);
void daemon_end_drain(struct daemon *daemon);

/* daemon.c, for drain.c: one round of what needs no event. */
void daemon_run_pending(struct daemon *daemon);

/* notify.c: tells systemd and the log about the session, an outage and the end of the start. */
void daemon_session_changed(struct upstream *upstream);
void daemon_outage_changed(struct upstream *upstream);
void daemon_notify_status(struct daemon *daemon);
int daemon_start_watchdog(struct daemon *daemon);

#endif
