/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that have been accepted, but have no place yet: they wait for a moment until one is closed, or
 * has no request any more. libmicrohttpd knows nothing of them.
 */
#ifndef TB_PROXY_LISTEN_CONNECTION_WAIT_H
#define TB_PROXY_LISTEN_CONNECTION_WAIT_H

#include "proxy/listen/listener.h"

#define CONNECTION_WAITS_MAX    16 /* of all principals ... */
#define CONNECTION_WAITS_OF_ONE 8  /* ... and of one */
#define CONNECTION_WAIT_MAX_MS  5000

/* An accepted connection, to be given to libmicrohttpd. */
struct accepted {
    int fd;
    struct sockaddr_storage address;
    socklen_t length;
    struct newcomer newcomer;
};

/* ACCEPTED waits; its descriptor and its reference to the principal are taken over. False: too many do, or it
 * is that of an administrator, who can try again. */
bool connection_wait(struct listener *listener, const struct accepted *accepted);

/* Calls TRY for each that waits, in the order of their arrival; if it returns true, the connection has a
 * place and waits no longer. */
void connection_waits_try(struct listeners *listeners,
                          bool (*try)(struct listener *listener, struct accepted *accepted));

/* Refuses all that wait. */
void connection_waits_end(struct listeners *listeners);

/* Answers 503 and closes. */
void connection_refuse(const struct listener *listener, struct accepted *accepted);

#endif
