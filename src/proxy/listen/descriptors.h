/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limit of open files, and how many local connections it allows.
 */
#ifndef TB_PROXY_LISTEN_DESCRIPTORS_H
#define TB_PROXY_LISTEN_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

/* Files other than local connections and connections that carry requests: standard streams, listening
 * sockets, epoll, signals, connections that wait for a place, 32 of each admin listener, name resolution,
 * files that are read now and then; and, for each server, the session, probes and libcurl's own files. */
#define DESCRIPTORS_OWN        112
#define DESCRIPTORS_OWN_SERVER 12

/* A connection to a server: its socket, and a pair of libcurl's multi handle; without TLS only until it is
 * open. */
#define DESCRIPTORS_CONNECTION 3

/* Raises the soft limit of open files to the hard one and returns it. */
uint64_t descriptors_raise_limit(void);

/*
 * The number of local connections of one principal, at most WANTED and at least 1, with which no more than
 * LIMIT files are open. All principals may have a third more (quota.h). Each of them may be a WebSocket,
 * which has its own connection to the server; in addition, each of SERVERS has up to UPSTREAM connections,
 * but no more than there are local connections.
 */
unsigned descriptors_fit(uint64_t limit, unsigned wanted, unsigned upstream, size_t servers);

#endif
