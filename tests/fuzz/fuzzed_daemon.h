/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole tbproxyd in this process, with Unix sockets to programs and to the server.
 */
#ifndef TB_TESTS_FUZZED_DAEMON_H
#define TB_TESTS_FUZZED_DAEMON_H

#include "proxy/daemon/daemon.h"

/* Once: makes a folder for sockets and secrets, which is removed when the process exits. */
void fuzzed_daemon_prepare(void);

/* A path in that folder: "socket" for programs, "admin", "server". Valid until the next call. */
const char *fuzzed_daemon_path(const char *name);

/* A listening Unix socket at PATH, for a server. */
int fuzzed_daemon_listen(const char *path);

/* A connection that waits at the socket LISTENING; -1: there is none. */
int fuzzed_daemon_accept(int listening);

/* KIND: bits of the configuration. MORE: further settings, "option=value", and NULL. */
void fuzzed_daemon_start(struct daemon *daemon, unsigned kind, const char *const more[]);

/* Whether no request is under way but those whose response lasts as long as the client is there. */
bool fuzzed_daemon_has_only_streams(const struct daemon *daemon);

/* Whether every request under way has a response, although that may not be over: a stream of the server's. */
bool fuzzed_daemon_has_answered_all(const struct daemon *daemon);

/* Prints what is under way. */
void fuzzed_daemon_print(const struct daemon *daemon);

/* No connection, request, byte of a body or place in a queue is held any more. */
void fuzzed_daemon_check_empty(const struct daemon *daemon);

#endif
