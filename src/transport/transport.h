/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP to one server: the connections to it, kept and shared by all transfers. libcurl makes them
 * (connection.h); what is said on them is http1.c and http2.c. One transport belongs to one loop and one
 * thread.
 */
#ifndef TB_TRANSPORT_TRANSPORT_H
#define TB_TRANSPORT_TRANSPORT_H

#include "base/loop.h"
#include "transport/connector.h"
#include "transport/options.h"
#include "transport/transfer.h"

struct transport;

int transport_new(struct loop *loop, const struct transport_options *options, struct transport **ret,
                  struct tb_error *err);

/* Reads the CA certificates again, and verifies every server with them: no connection that was verified with
 * the old ones takes another transfer. */
void transport_reload_certificates(struct transport *transport);

/* No transfer may be under way. */
void transport_free(struct transport *transport);

/* Does what is due before the loop sleeps: calls done() for transfers that ended, sends what has been
 * gathered. */
void transport_run(struct transport *transport);

/* Whether transport_run() has something to do already: the loop must not sleep. */
bool transport_is_pending(const struct transport *transport);

/* How many transfers the server takes at a time: as many as there can be connections, or streams if it is
 * known to use HTTP/2. */
unsigned transport_capacity(const struct transport *transport);

/* Whether a transfer that must not wait behind others, nor behind a dead connection, can be one of this
 * transport: the server uses HTTP/2, or that is not known yet, and the connection is a new one or has spoken
 * lately. */
bool transport_may_share(const struct transport *transport);

/* What a page of metrics shows. */
struct transport_state {
    unsigned opening, idle, busy; /* connections */
    unsigned transfers;           /* on them: with HTTP/2, streams */
    unsigned waiting;             /* transfers without a connection */
    uint64_t opened;              /* connections so far, also those that could not be made */
    struct connector_bytes bytes;
};

/* Looks at all connections. */
struct transport_state transport_state(const struct transport *transport);

/* TRANSPORT learns from OTHER, which is to the same server, whether that uses HTTP/2. */
void transport_learn_from(struct transport *transport, const struct transport *other);

#endif
