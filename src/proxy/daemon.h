/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running program: everything that its parts share. One thread, one loop.
 */
#ifndef TB_PROXY_DAEMON_H
#define TB_PROXY_DAEMON_H

#include "base/list.h"
#include "base/loop.h"
#include "base/quota.h"
#include "client/request.h"
#include "client/upstream.h"
#include "proxy/config.h"
#include "proxy/detection.h"
#include "proxy/listener.h"

#define LISTENERS_MAX 2

struct daemon {
    struct config *config;
    struct loop loop;
    struct upstream upstream;
    struct detection detection;             /* of the server's edition and version */
    struct request_options request_options; /* what the configuration says of all requests */
    struct listener listeners[LISTENERS_MAX];
    size_t listener_count;
    struct list exchanges;  /* all of them */
    struct quota bodies;    /* of requests and answers, in memory */
    bool draining;          /* no new connections; ends when no exchange is left */
    bool stopping;          /* the drain is over: nothing is sent any more */
    bool told_ready;        /* systemd knows that the start is over */
    int64_t drain_until_ms; /* boot clock */
    struct timer watchdog;
    int64_t watchdog_ms; /* how often systemd wants to hear; 0: not at all */
    struct watch signals;
    /* To read the configuration again. */
    const char *config_path;
    char *const *settings;
    size_t setting_count;
};

/* Opens everything and begins to authenticate. CONFIG is taken over. After an error the daemon is closed. */
int daemon_open(struct daemon *daemon, struct config *config, struct tb_error *err);

/* Serves until a signal ends it and what was under way is drained. 0, or a negative errno. */
int daemon_run(struct daemon *daemon);

void daemon_close(struct daemon *daemon);

#endif
