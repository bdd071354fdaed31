/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where local programs connect: one socket with its own libmicrohttpd services, driven by the worker's loop.
 * At most services->max_connections are open; more wait in the kernel, as they do without descriptors.
 */
#ifndef TB_PROXY_LISTEN_LISTENER_H
#define TB_PROXY_LISTEN_LISTENER_H

#include <microhttpd.h>

#include "base/error.h"
#include "base/loop.h"
#include "proxy/config/values.h"
#include "proxy/exchange/services.h"
#include "proxy/listen/listening_socket.h"

#define LISTENERS_MAX (LISTEN_ADDRESSES_MAX + 1)

struct listener {
    struct services *services;
    struct listeners *listeners;
    struct MHD_Daemon *mhd;
    struct watch watch; /* MHD's epoll descriptor */
    struct listening_socket socket;
    struct watch accepting; /* of the socket */
    bool is_accepting;      /* it is watched */
    struct timer accept_timer;
    unsigned connections; /* that are open */
    bool pending;         /* MHD has something to do that no event tells of */
};

struct listeners {
    struct listener list[LISTENERS_MAX];
    size_t count;
    unsigned max_connections; /* of each: listen.max_connections, or what the descriptors suffice for */
    int64_t shortage_next_ms; /* until then the log does not repeat that there are no descriptors */
};

/* Opens what the configuration says. After an error, too, they are to be closed. LISTENERS is memory of
 * zeros. */
int listeners_open(struct listeners *listeners, struct services *services, struct tb_error *err);

/* Lets libmicrohttpd do what is to be done; new requests and the callbacks of answers are handled in here. */
void listeners_run(struct listeners *listeners);

/* Milliseconds until libmicrohttpd wants to run again without an event; -1: not before one. */
int64_t listeners_wait_ms(struct listeners *listeners);

/* Takes no more connections; those that are there are still served. */
void listeners_quiesce(struct listeners *listeners);

/* Closes all connections. No exchange may be left unanswered. */
void listeners_close(struct listeners *listeners);

#endif
