/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that local programs connect to, bound and listening.
 */
#ifndef TB_PROXY_LISTEN_LISTENING_SOCKET_H
#define TB_PROXY_LISTEN_LISTENING_SOCKET_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"
#include "proxy/route/route.h"

struct listening_socket {
    int fd;                  /* -1: not open */
    enum listener_kind kind; /* LISTENER_API, if its caller does not set another */
    unsigned port;           /* 0: a Unix socket */
    char name[128];          /* "http://127.0.0.1:8282" or the path, for messages */
    /* Of a Unix socket that tbproxyd opened itself. The process that holds the lock owns PATH, from before
     * bind() until it is removed. */
    char *path;
    char *lock_path;
    int lock_fd;
    struct stat file;
};

/*
 * Opens a TCP socket on each of the *COUNT loopback ADDRESSES, all with the same PORT; 0 picks a free one.
 * Skips an address that the host does not have (no IPv6), and sets *COUNT to the number of sockets in RET. 0,
 * or a negative errno with nothing open; -EADDRNOTAVAIL or -EAFNOSUPPORT if the host has none of the
 * addresses.
 */
int listening_sockets_open_tcp(const char *const *addresses, size_t *count, unsigned port,
                               struct listening_socket *ret, struct tb_error *err);

struct unix_socket_options {
    const char *section; /* of the options, for messages: "listen" */
    const char *path;
    mode_t mode;
    gid_t group; /* (gid_t)-1: that of the process */
};

/*
 * Opens a Unix socket. Replaces a socket that a dead process left there, but not one that a process has
 * bound, even if it does not listen yet, or that another tbproxyd is about to bind.
 */
int listening_socket_open_unix(const struct unix_socket_options *options, struct listening_socket *ret,
                               struct tb_error *err);

/* Does nothing if it is not open. Removes the file of a Unix socket unless another process replaced it. */
void listening_socket_close(struct listening_socket *listening);

#endif
