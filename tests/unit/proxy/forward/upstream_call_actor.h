/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local programs of the simulations: each asks, waits for the answer, thinks, asks again. What a writer was
 * told that it has written is what a reader must find.
 */
#ifndef TB_PROXY_FORWARDING_ACTOR_H
#define TB_PROXY_FORWARDING_ACTOR_H

#include "upstream_call_world.h"

#define ACTORS_MAX 200

struct actor {
    struct wish wish;
    struct crowd *crowd;
    struct timer timer; /* it asks again */
    unsigned found_at_least[SERVER_WRITERS];
    int64_t longest_ms; /* that it has waited for an answer */
    unsigned answers;
    bool runs;
};

struct crowd {
    struct world *world;
    struct actor actors[ACTORS_MAX];
    size_t count;
    int64_t think_max_ms;
    unsigned written[SERVER_ENTITIES][SERVER_WRITERS]; /* attributes, as their writers were told */
    unsigned by_status[600];
    unsigned stale; /* reads that did not find what was written */
    unsigned bad_per_thousand;
    bool leaving; /* nobody asks again */
};

/* CROWD is memory of zeros. */
void crowd_init(struct crowd *crowd, struct world *world, int64_t think_max_ms);

/* COUNT more that ask for KIND, each on a connection of its own or, where USER is not 0, all of that user;
 * for entities below ENTITIES in turn. */
void crowd_add(struct crowd *crowd, enum kind kind, size_t count, int64_t user, unsigned entities);

/* All that do not run yet begin, or those from FIRST on, and all run for so long. */
void crowd_go_on(struct crowd *crowd, int64_t ms);
void crowd_go_on_from(struct crowd *crowd, size_t first, int64_t ms);

/* All stop, and have their answers. */
void crowd_end(struct crowd *crowd);

/* All begin, run for so long, and have their answers. */
void crowd_run(struct crowd *crowd, int64_t ms);

#endif
