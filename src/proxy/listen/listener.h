/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where local programs connect: one socket with its own libmicrohttpd daemon, driven by the worker's loop. At
 * most daemon->max_connections are open; more wait in the kernel, as they do without descriptors.
 */
#ifndef TB_PROXY_LISTEN_LISTENER_H
#define TB_PROXY_LISTEN_LISTENER_H

#include <microhttpd.h>

#include "base/error.h"
#include "base/loop.h"
#include "proxy/exchange/peer.h"
#include "proxy/listen/listening_socket.h"

struct daemon;

struct listener {
    struct daemon *daemon;
    struct MHD_Daemon *mhd;
    struct watch watch; /* MHD's epoll descriptor */
    struct listening_socket socket;
    struct watch accepting; /* of the socket */
    bool is_accepting;      /* it is watched */
    struct timer accept_timer;
    unsigned connections; /* that are open */
    bool pending;         /* MHD has something to do that no event tells of */
};

/* Serves those who connect to SOCKET, which is taken over. After an error, too, it is to be closed. */
int listener_open(struct listener *listener, struct daemon *daemon, struct listening_socket *socket,
                  struct tb_error *err);

/* Lets MHD do what is to be done; answers and new requests are handled in here. */
void listener_run(struct listener *listener);

/* Milliseconds until MHD wants to run again without an event; -1: not before one. */
int64_t listener_wait_ms(const struct listener *listener);

/* Takes no more connections; those that are there are still served. */
void listener_quiesce(struct listener *listener);

/* Closes all connections. No exchange may be left unanswered. */
void listener_close(struct listener *listener);

#endif
