/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the server's edition and version (server_version.h), on a connection of its own: no request waits for
 * it or fails with it. Belongs to one loop and one thread.
 */
#ifndef TB_UPSTREAM_SERVER_PROBE_H
#define TB_UPSTREAM_SERVER_PROBE_H

#include "base/loop.h"
#include "transport/transport.h"
#include "upstream/server_version.h"
#include "upstream/session.h"

struct server_probe {
    struct loop *loop;
    struct transport_options (*options)(const struct server_probe *probe); /* for the server in use */
    struct transport *transport;                                           /* while it is under way */
    struct transfer transfer;
    struct server_version pending; /* being asked for */
    struct server_version found;   /* the last result */
    bool asked;                    /* since the server was last away */
    struct timer again;            /* if something is still unknown */
    unsigned retries;              /* since it was asked */
};

/* PROBE must be zeroed; OPTIONS returns the options for the server in use. */
void server_probe_open(struct server_probe *probe, struct loop *loop,
                       struct transport_options (*options)(const struct server_probe *probe));

/* The session is in STATE (SESSION_OFFLINE if no server can be used): asks when it is ready for the first
 * time, and again after it was offline or locked out, because another server may answer now. What is not
 * found is asked for again after 1, 5 and 30 min. */
void server_probe_session_changed(struct server_probe *probe, enum session_state state);

/* transport_run() and transport_is_pending() for its transport. */
void server_probe_run(struct server_probe *probe);
bool server_probe_is_pending(const struct server_probe *probe);

/* Cancels what is under way. Harmless if it was never opened. */
void server_probe_close(struct server_probe *probe);

#endif
