/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the server's edition and version (client/edition.h), on a connection of its own: no request waits for
 * it and none fails with it.
 */
#ifndef TB_UPSTREAM_SERVER_PROBE_H
#define TB_UPSTREAM_SERVER_PROBE_H

#include "base/loop.h"
#include "upstream/server_version.h"
#include "upstream/session.h"
#include "upstream/transport.h"

struct detection {
    struct loop *loop;
    struct transport_options (*options)(const struct detection *detection); /* for the server in use */
    struct transport *transport;                                            /* while it is under way */
    struct transfer transfer;
    struct edition_probe probe; /* under way */
    struct edition_probe found; /* the last result */
    bool asked;                 /* since the server was last away */
    struct timer again;         /* something is unknown yet */
    unsigned retries;           /* since then */
};

/* DETECTION is memory of zeros. */
void detection_open(struct detection *detection, struct loop *loop,
                    struct transport_options (*options)(const struct detection *detection));

/* The session is in STATE, SESSION_OFFLINE without a server: begins when it is ready for the first time, and
 * again when it was not reached or refused meanwhile, because another server may answer now. What cannot
 * begin is not known. What is not known is asked for again after 1, 5 and 30 min. */
void detection_session_changed(struct detection *detection, enum session_state state);

/* transport_run() and transport_is_pending() for its transport. */
void detection_run(struct detection *detection);
bool detection_is_pending(const struct detection *detection);

/* Gives up what is under way. */
void detection_close(struct detection *detection);

#endif
