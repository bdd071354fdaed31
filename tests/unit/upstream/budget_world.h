/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server with a rate limit, a client that sends calls to it as the budget allows, and others that use the
 * limit up, on a virtual clock. The server's buckets share no idea with the budget's: they have no level, but
 * the time at which each will be full again, in nanoseconds.
 */
#ifndef TB_UNIT_BUDGET_WORLD_H
#define TB_UNIT_BUDGET_WORLD_H

#include "unit.h"
#include "upstream/budget.h"

#define CALLS_MAX   64
#define MINUTES_MAX 64

struct plan {
    const char *limit;      /* the server's */
    const char *configured; /* what the budget knows of it */
    bool learn;
    unsigned in_flight_max;
    int64_t latency_ms;    /* from sending to the answer, at most */
    unsigned asynchronous; /* percent of the calls; they take a second token when they complete */
    unsigned others;       /* percent of the limit that others use, at random times */
    bool pauses;           /* the client does not always want something */
};

struct server_bucket {
    int64_t capacity, period_ns;
    int64_t full_at; /* in ns * capacity, so that one token is period_ns */
};

struct call {
    bool under_way;
    enum budget_result result;
    unsigned cost;
    unsigned steps; /* tokens that the server has still to take */
    int64_t sent_ms, step_ns[2], answer_ns;
};

struct budget_world {
    struct plan plan;
    struct budget budget;
    struct server_bucket buckets[RATE_LIMIT_PAIRS_MAX];
    size_t bucket_count;
    struct call calls[CALLS_MAX];
    unsigned under_way;
    int64_t now_ns, start_ns;
    int64_t wake_ns;        /* when the client looks again */
    int64_t others_ns;      /* when another client sends a call */
    int64_t phase_ns;       /* the client's clock ticks in ms, and not together with the server's */
    int64_t server_tick_ns; /* the server's clock */
    unsigned wanted;        /* calls before the next pause */
    unsigned next_cost;
    int64_t granted; /* tokens that the server took for the client */
    unsigned refusals;
    unsigned episodes; /* refusals of calls that were sent before the first one was known are one episode */
    unsigned minute_episodes[MINUTES_MAX];
    unsigned episode_refusals;
    int64_t episode_ms; /* when the first of its refusals arrived */
};

void budget_world_open(struct budget_world *world, const struct plan *plan);

/* What the server's administrator does: the limit changes at once, to full buckets. */
void budget_world_change_limit(struct budget_world *world, const char *limit);

/* Others use all up that the server has left. */
void budget_world_use_up(struct budget_world *world);

void budget_world_run(struct budget_world *world, int64_t seconds);

/* Lets all calls end that are under way; nothing may be left set aside. */
void budget_world_close(struct budget_world *world);

/* Tokens a second that the server's limit gives in the long run. */
double budget_world_rate(const struct budget_world *world);

#endif
