/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local programs of the simulations: each sends a request, waits for the response, pauses, and sends the
 * next. A reader must find every write that was confirmed to its writer.
 */
#ifndef TB_PROXY_FORWARDING_ACTOR_H
#define TB_PROXY_FORWARDING_ACTOR_H

#include "upstream_call_world.h"

#define ACTORS_MAX 200

struct actor {
    struct wish wish;
    struct crowd *crowd;
    struct timer timer; /* the next request */
    unsigned found_at_least[SERVER_WRITERS];
    int64_t longest_ms; /* longest wait for a response */
    unsigned answers;
    bool runs;
};

struct crowd {
    struct world *world;
    struct actor actors[ACTORS_MAX];
    size_t count;
    int64_t think_max_ms;
    unsigned written[SERVER_ENTITIES][SERVER_WRITERS]; /* attributes, as confirmed to their writers */
    unsigned by_status[600];
    unsigned stale; /* reads that did not find what was written */
    unsigned bad_per_thousand;
    bool leaving; /* no more requests */
};

/* CROWD must be zeroed. */
void crowd_init(struct crowd *crowd, struct world *world, int64_t think_max_ms);

/* Adds COUNT programs that send requests of KIND, each on a connection of its own, or all as USER if that is
 * not 0, for the entities below ENTITIES in turn. */
void crowd_add(struct crowd *crowd, enum kind kind, size_t count, int64_t user, unsigned entities);

/* Starts all programs that are not running, or those from FIRST on, and runs all for so long. */
void crowd_go_on(struct crowd *crowd, int64_t ms);
void crowd_go_on_from(struct crowd *crowd, size_t first, int64_t ms);

/* Stops all, and waits for their responses. */
void crowd_end(struct crowd *crowd);

/* Starts all, runs them for so long, and stops them. */
void crowd_run(struct crowd *crowd, int64_t ms);

#endif
