/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to one ThingsBoard server or cluster: the connections to its servers, their health and clock, the
 * session with them, and the requests that wait for the session. Belongs to one loop and one thread.
 */
#ifndef TB_UPSTREAM_UPSTREAM_H
#define TB_UPSTREAM_UPSTREAM_H

#include "base/list.h"
#include "upstream/session_calls.h"
#include "upstream/websocket.h"

struct upstream;

struct upstream_options {
    struct transport_options transport; /* its URL is that of the first server */
    const char *const *fallback_urls;   /* further servers of the same cluster, ended by NULL; NULL: none */
    const struct session_options *session; /* NULL: no session; requests carry no credential */
    /* A call of the session has ended: it may have a credential now, or not. Called before the requests that
     * wait are started again. */
    void (*changed)(struct upstream *upstream);
    /* What is known of the servers may have changed. NULL: not called, and a single server is not probed. */
    void (*health_changed)(struct upstream *upstream);
};

struct upstream {
    struct loop *loop;
    struct servers servers;
    struct server_health health;
    struct upstream_clock clock;
    struct session *session; /* NULL: none */
    struct session_calls calls;
    struct list waiting; /* for the session, or for the clock */
    bool is_away;        /* it is certain that no server can be used */
    int64_t accepted_ms; /* when the last request was sent that was accepted (2xx) with a credential */
    void (*changed)(struct upstream *upstream);
    void (*health_changed)(struct upstream *upstream);
};

/* Something that waits until the session has a credential, or until the clock is known. */
struct upstream_waiter {
    struct list link;
    void (*wake)(struct upstream_waiter *waiter); /* one of the two may be there: look again */
};

/* UPSTREAM must be zeroed; what the session options point to must live as long. Returns 0, or a negative
 * errno with a message; after an error, too, it is to be closed. */
int upstream_open(struct upstream *upstream, struct loop *loop, const struct upstream_options *options,
                  struct tb_error *err);

/* No request may be under way. Harmless if it was never opened. */
void upstream_close(struct upstream *upstream);

/* Waits, at the end of the row; list_remove() of its link ends that. */
void upstream_wait(struct upstream *upstream, struct upstream_waiter *waiter);

/* The server in use, and its transports for requests and for WebSockets. */
size_t upstream_server(const struct upstream *upstream);
struct transport *upstream_transport(const struct upstream *upstream);
struct transport *upstream_websocket_transport(const struct upstream *upstream);
const char *upstream_url(const struct upstream *upstream);

/* server_health_report() for a WebSocket that was refused. */
void upstream_report_websocket(struct upstream *upstream, const struct websocket *websocket);

/* Whether a value should get its timestamp a little later: no answer has given the server's time yet, and one
 * is under way. upstream_wait() waits for it. */
bool upstream_clock_is_awaited(const struct upstream *upstream);

/* What a status page shows of a server. */
struct upstream_server_state {
    const char *url; /* NULL: there is no server of that number */
    bool is_in_use;
    bool is_healthy;
    int64_t ejected_for_ms; /* from now; 0: not ejected, or about to be probed */
};

struct upstream_server_state upstream_server_state(const struct upstream *upstream, size_t index);

#endif
