/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where local programs connect. Each listening socket has a libmicrohttpd daemon of its own, which runs in
 * the daemon's loop.
 */
#ifndef TB_PROXY_LISTEN_LISTENER_H
#define TB_PROXY_LISTEN_LISTENER_H

#include <microhttpd.h>

#include "base/error.h"
#include "base/loop.h"
#include "proxy/config/values.h"
#include "proxy/exchange/peer.h"
#include "proxy/exchange/services.h"
#include "proxy/listen/listening_socket.h"
#include "proxy/listen/passed_sockets.h"

#define LISTENERS_MAX (PASSED_SOCKETS_MAX + 2) /* and the admin listeners */

struct listener {
    struct services *services;
    struct listeners *listeners;
    struct MHD_Daemon *mhd;
    struct watch watch; /* libmicrohttpd's epoll descriptor */
    struct listener_work work;
    struct timer read_timer; /* until libmicrohttpd reads although nothing is known to have come */
    struct listening_socket socket;

    /* accept.c */
    struct watch accept_watch; /* the socket */
    bool is_accepting;         /* it is watched */
    struct newcomer newcomer;  /* while a connection is given to libmicrohttpd */
    struct timer accept_timer; /* until the next attempt */

    struct list idle; /* of an admin listener; those of programs are with their principals */
};

struct listeners {
    struct services *services; /* NULL: not opened */
    struct listener list[LISTENERS_MAX];
    size_t count;
    struct list waits; /* connection_wait.h */
    size_t wait_count;
    struct timer port_timer; /* until the next try to have the port, while another program has it */
    struct timer trim_timer; /* until freed memory goes back to the system */
    unsigned closed;         /* connections since it last did */
    int64_t accepted_ms;     /* when the last connection was given a place; boot clock */
    int64_t shortage_log_ms; /* the next message that there are no descriptors comes after this; boot clock */
};

/* listeners.c: opens the listeners on the sockets that the service manager passed, or else on those of the
 * configuration. While another program has the port, tries again every 5 s, and serves the Unix socket.
 * LISTENERS must be zeroed. Call listeners_close() even after an error. */
int listeners_open(struct listeners *listeners, struct services *services, struct tb_error *err);

/* Opens one of LISTENERS. Takes over SOCKET. */
int listener_open(struct listener *listener, struct listeners *listeners, struct listening_socket *socket,
                  struct tb_error *err);

/* Runs libmicrohttpd for the listeners that are pending: receives requests, and reads the bodies of responses
 * that stream. */
void listeners_run(struct listeners *listeners);

/* Milliseconds until libmicrohttpd has to run again without an event; -1: only after an event. */
int64_t listeners_wait_ms(struct listeners *listeners);

/* Accepts no more connections. Open ones are still served. */
void listeners_quiesce(struct listeners *listeners);

/* Closes all connections. None may be suspended. */
void listeners_close(struct listeners *listeners);

#endif
