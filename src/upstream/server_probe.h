/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the server's edition and version (upstream/server_version.h), on a connection of its own: no request
 * waits for it and none fails with it.
 */
#ifndef TB_UPSTREAM_SERVER_PROBE_H
#define TB_UPSTREAM_SERVER_PROBE_H

#include "base/loop.h"
#include "upstream/server_version.h"
#include "upstream/session.h"
#include "upstream/transport.h"

struct server_probe {
    struct loop *loop;
    struct transport_options (*options)(const struct server_probe *server_probe); /* for the server in use */
    struct transport *transport;                                                  /* while it is under way */
    struct transfer transfer;
    struct server_version probe; /* under way */
    struct server_version found; /* the last result */
    bool asked;                  /* since the server was last away */
    struct timer again;          /* something is unknown yet */
    unsigned retries;            /* since then */
};

/* DETECTION is memory of zeros. */
void server_probe_open(struct server_probe *server_probe, struct loop *loop,
                       struct transport_options (*options)(const struct server_probe *server_probe));

/* The session is in STATE, SESSION_OFFLINE without a server: begins when it is ready for the first time, and
 * again when it was not reached or refused meanwhile, because another server may answer now. What cannot
 * begin is not known. What is not known is asked for again after 1, 5 and 30 min. */
void server_probe_session_changed(struct server_probe *server_probe, enum session_state state);

/* transport_run() and transport_is_pending() for its transport. */
void server_probe_run(struct server_probe *server_probe);
bool server_probe_is_pending(const struct server_probe *server_probe);

/* Gives up what is under way. */
void server_probe_close(struct server_probe *server_probe);

#endif
