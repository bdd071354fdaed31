/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running program: everything that its parts share. One thread, one loop.
 */
#ifndef TB_PROXY_DAEMON_DAEMON_H
#define TB_PROXY_DAEMON_DAEMON_H

#include "base/list.h"
#include "base/loop.h"
#include "base/quota.h"
#include "proxy/config/config.h"
#include "proxy/config/config_check.h"
#include "proxy/forward/queue.h"
#include "proxy/listen/listener.h"
#include "proxy/metrics/metrics.h"
#include "proxy/route/urgency.h"
#include "proxy/subscribe/subscription.h"
#include "upstream/budget.h"
#include "upstream/limit_discovery.h"
#include "upstream/request.h"
#include "upstream/server_probe.h"
#include "upstream/upstream.h"
#include "upstream/websocket_token.h"

#define LISTENERS_MAX (LISTEN_ADDRESSES_MAX + 1)

struct daemon {
    struct config *config;
    struct loop loop;
    struct upstream upstream;
    char *proxy_password;                   /* of the outgoing proxy's user; NULL: none */
    struct server_probe server_probe;       /* of the server's edition and version */
    struct request_options request_options; /* what the configuration says of all requests */
    struct request_options retry; /* the same for retries after a 429, which upstream_call.c makes */
    struct limit_discovery limit_discovery;
    struct budget budget; /* of what is sent with the session's credential */
    struct queue queue;
    struct list paused;       /* calls that hold their key for a moment after their end */
    struct timer queue_timer; /* when the budget will take the next */
    struct urgencies urgencies;
    uint64_t write_generation; /* counts writes that were sent, and those that ended */
    uint64_t merge_groups;     /* the last number of a part of a split merge */
    uint64_t peers;            /* local connections so far */
    size_t open_peers;         /* and now */
    struct metrics *metrics;
    struct listener listeners[LISTENERS_MAX];
    size_t listener_count;
    unsigned max_connections; /* of each: listen.max_connections, or what the descriptors are enough for */
    int64_t shortage_next_ms; /* before that, no line tells again that they are used up */
    struct list exchanges;    /* all of them */
    struct list tunnels;      /* WebSockets, and what is to become one */
    struct websocket_token websocket_token; /* what they authenticate with */
    struct subscriptions subscriptions;
    struct quota bodies;    /* of requests and answers, in memory */
    bool draining;          /* no new connections; ends when no exchange is left */
    bool stopping;          /* the drain is over: nothing is sent any more */
    bool told_ready;        /* systemd knows that the start is over */
    int64_t drain_until_ms; /* boot clock */
    struct timer watchdog;
    int64_t watchdog_ms; /* how often systemd wants to hear; 0: not at all */
    struct watch signals;
    /* What was last logged of the session: its state, and what its last call was answered with. */
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

/* The URL of the configured server that URL is on; that of the first where it is on none. */
const char *daemon_server_of(const struct daemon *daemon, const char *url);

/* The state of it all in one word, "ready" if requests can be answered, and the reason for another; "" if
 * there is none. */
const char *daemon_state(const struct daemon *daemon);
const char *daemon_reason(const struct daemon *daemon);

/* Something of what the budget depends on has changed. */
void daemon_update_budget(struct daemon *daemon);

void daemon_close(struct daemon *daemon);

#endif
