/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends the session's calls to the server when they are due: login, token renewal and check. session.h says
 * what they are. Belongs to one loop and one thread.
 */
#ifndef TB_UPSTREAM_SESSION_CALLS_H
#define TB_UPSTREAM_SESSION_CALLS_H

#include "upstream/session.h"
#include "upstream/upstream_clock.h"

struct session_calls {
    struct loop *loop;
    struct session *session; /* NULL: none, and no calls */
    struct server_health *health;
    struct upstream_clock *clock;
    struct timer timer; /* the next call */
    struct session_call call;
    size_t server;            /* that the call under way, or the last one, was sent to */
    unsigned tried;           /* servers that it was sent to in vain, a bit each */
    struct transfer transfer; /* of that call; its answer's body is there until CHANGED has returned */
    const char *lines[4];     /* its header, ended by NULL */
    /* A call has ended: the session may have a credential now, or not. */
    void (*changed)(struct session_calls *calls);
};

/* CALLS must be zeroed. The session is not taken over. */
void session_calls_open(struct session_calls *calls, struct loop *loop, struct session *session,
                        struct server_health *health, struct upstream_clock *clock,
                        void (*changed)(struct session_calls *calls));

/* Before session_free(). Harmless if it was never opened. */
void session_calls_close(struct session_calls *calls);

/* Makes the next call when it is due: to be called after anything that may have changed when that is. */
void session_calls_schedule(struct session_calls *calls);

#endif
