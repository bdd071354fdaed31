/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of a transport, and the transfers that wait for one; included by the room only.
 *
 * A transfer takes the connection that answered last, so that the others become idle and are closed. Without
 * one it waits in its order. If it is not known yet whether the server speaks HTTP/2, one connection is
 * opened and the others wait for what it turns out to be.
 */
#ifndef TB_TRANSPORT_POOL_H
#define TB_TRANSPORT_POOL_H

#include "transport/transport_private.h"

/* Servers are asked for another HTTP/2 connection only if they allow fewer streams than are wanted. */
#define POOL_HTTP2_CONNECTIONS_MAX 4

/* The server closes a connection that was idle for 60 s (docs/server-behaviour.md); a request on one kept
 * longer could meet that. */
#define POOL_IDLE_MS 50000

/* A connection may have been closed, or its server gone, without notice. A request that must not be sent
 * twice is sent on one that was used within this time, or a new one. */
#define POOL_FRESH_MS 2000

/* Before one that was idle longer is used, it is looked whether its end has arrived. */
#define POOL_PEEK_MS 1000

/* An HTTP/2 connection with streams on it that was silent for this time, although a PING was sent after 5 s,
 * takes no more transfers unless it speaks again. */
#define POOL_SILENT_MS 6000

#define POOL_TICK_MS 1000

/* A request that the server did not process twice in a row is sent again after 5, 10, 20 ... 1,000 ms; others
 * wait with it. An answer begins anew. */
#define POOL_PAUSE_MIN_MS 5
#define POOL_PAUSE_MAX_MS 1000

/* After so many connections in a row that ended by a fault of the server's HTTP/2, HTTP/1.1 is used for a
 * time. */
#define POOL_BAD_HTTP2_MAX   3
#define POOL_HTTP1_PERIOD_MS 600000

/* TRANSFER waits for a connection, or is sent at once. FIRST: in front of the others. */
void pool_add(struct transport *transport, struct transfer *transfer, bool first);

/* TRANSFER leaves whatever it is in, without a report. */
void pool_remove(struct transfer *transfer);

/* Opens a connection of its own for TRANSFER. 0 or -ENOMEM. */
int pool_open_upgrade(struct transport *transport, struct transfer *transfer);

/* A transfer timed out without a byte since SINCE_MS: idle connections that were silent for so long are
 * closed. */
void pool_distrust(struct transport *transport, int64_t since_ms);

/* Gives what waits to connections, opens new ones, frees those that were lost. */
void pool_run(struct transport *transport);

/* Closes all idle connections, and lets the others end after what is on them. */
void pool_retire(struct transport *transport);

void pool_init(struct transport *transport);

/* Closes all connections. */
void pool_close(struct transport *transport);

#endif
