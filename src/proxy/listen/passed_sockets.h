/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets that the service manager opened and passed to tbproxyd (sd_listen_fds(3)).
 */
#ifndef TB_PROXY_LISTEN_PASSED_SOCKETS_H
#define TB_PROXY_LISTEN_PASSED_SOCKETS_H

#include <stddef.h>

#include "base/error.h"
#include "proxy/listen/listening_socket.h"

#define PASSED_SOCKETS_MAX 32

struct config;

/* Whether the service manager passed any. */
bool passed_sockets_exist(void);

/* Takes over the passed sockets and returns how many, PASSED_SOCKETS_MAX at most. Those with the name "admin"
 * (FileDescriptorName=) are for admin listeners. Logs an error for each that is not a loopback address or a
 * Unix socket, or does not listen, and for those beyond the maximum. The others are served: if the daemon
 * ended, the connection that waits would start it again, until systemd closes all sockets. */
size_t passed_sockets_take(struct listening_socket ret[PASSED_SOCKETS_MAX]);

/* Logs a warning for each option listen.* that somebody has set to something else than what the passed
 * SOCKETS are, and for those of the admin socket if it was passed. */
void passed_sockets_compare(const struct listening_socket *sockets, size_t count, struct config *config);

#endif
