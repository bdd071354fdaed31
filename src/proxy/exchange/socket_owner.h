/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which user is at the other end of a connection: of a Unix socket by SO_PEERCRED, of TCP by asking the
 * kernel for the client's socket, which is on this host or nowhere (NETLINK_SOCK_DIAG). The kernel answers
 * while it is asked, so nothing waits. Ask once, when the connection is accepted.
 */
#ifndef TB_PROXY_EXCHANGE_SOCKET_OWNER_H
#define TB_PROXY_EXCHANGE_SOCKET_OWNER_H

#include <stdint.h>

#define SOCKET_OWNER_UNKNOWN INT64_C(-1)

struct socket_owner {
    int netlink_fd; /* -1: over TCP, nobody is known */
    uint32_t sequence;
    int64_t
        hidden; /* the uid that stands for all that have no name in our user namespace; -1: all have one */
};

/* 0, or a negative errno: then nobody is known over TCP. Call socket_owner_close() in any case. */
int socket_owner_open(struct socket_owner *owner);
void socket_owner_close(struct socket_owner *owner);

/*
 * The uid of the socket that is connected to FD. SOCKET_OWNER_UNKNOWN if it has been closed already (the
 * kernel then says 0, which is root), if it is not on this host, if a namespace hides it, or if the kernel
 * does not say. Sets *RET_PORT to its TCP port; 0: a Unix socket.
 */
int64_t socket_owner_find(struct socket_owner *owner, int fd, unsigned *ret_port);

#endif
