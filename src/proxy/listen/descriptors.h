/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many files the process may have open, and what for.
 */
#ifndef TB_PROXY_LISTEN_DESCRIPTORS_H
#define TB_PROXY_LISTEN_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

/* What is neither a local connection nor one that carries a request: standard streams, listening sockets,
 * epoll, signals, name resolution, files that are read now and then; and for each server the session, probes
 * and libcurl's own. */
#define DESCRIPTORS_OWN        32
#define DESCRIPTORS_OWN_SERVER 12

/* Raises the soft limit of open files to the hard one and returns it. */
uint64_t descriptors_raise_limit(void);

/*
 * Local connections for each of LISTENERS, at most WANTED and at least 1, so that with all that they can need
 * no more than LIMIT files are open: each of them may be a WebSocket, which has a connection to the server of
 * its own; besides, each of SERVERS has up to UPSTREAM connections, but not more than there were local ones
 * to ask for them.
 */
unsigned descriptors_fit(uint64_t limit, unsigned wanted, size_t listeners, unsigned upstream,
                         size_t servers);

#endif
