/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon without sockets, on a virtual clock: the real room forward and budget, a simulated server behind
 * request_*(), simulated clients behind reply_*(). After every turn of the loop it checks that the counts of
 * the queue and the budget are right, and that the loop does not sleep while something could be sent.
 */
#ifndef TB_PROXY_FORWARDING_WORLD_H
#define TB_PROXY_FORWARDING_WORLD_H

#include "proxy/exchange/exchange.h"
#include "proxy/forward/forward.h"
#include "unit.h"
#include "upstream_call_server.h"

#define WORLD_START_MS INT64_C(1000000)       /* boot clock */
#define WORLD_EPOCH_MS INT64_C(1795415381000) /* the server's clock at boot time 0 */
#define WORLD_TCP(n)   (-1 - (n))             /* instead of a user: the connection of that number */
#define WORLD_NO_WISH  (-1)                   /* for wait_ms */
#define WORLD_HUNG_UP  1                      /* the status of a local request without a response */
#define WORLD_CLOSED   2
/* Check reports every ck_assert() to its parent process: too slow for so many. */
#define WORLD_ASSERT(condition)                                                                              \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            ck_abort_msg("%s", #condition);                                                                  \
    } while (0)

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)

enum kind {
    TELEMETRY,  /* 2 tokens */
    ATTRIBUTES, /* 2 */
    READ,       /* of attributes: 2 */
    DEVICE,     /* reads a device: 1 */
    RPC,        /* 2; may not be retried */
    DEVICE_API, /* the server counts it separately */
    KINDS,
};

struct local;

struct world {
    struct services services;
    struct forward forward;
    struct config config;
    struct server server;
    struct list answered;  /* local requests whose clients have not got their response */
    unsigned serial;       /* of the last local request */
    unsigned open;         /* local requests */
    int64_t repeat_turns;  /* in this ms */
    bool is_one_operation; /* all requests are of one operation */
    bool is_one_user;      /* all connections WORLD_TCP(n) are of one user; else of one each */
    bool late_delivery;    /* some answers arrive after upstream_call_run() */
    void (*count_others)(unsigned *calls,
                         int64_t *tokens); /* in flight, not for local requests; NULL: none */
};

/* A request of a client. */
struct wish {
    enum kind kind;
    int64_t user; /* or WORLD_TCP(n) */
    unsigned entity, writer;
    unsigned urgency; /* 0: none */
    int64_t wait_ms;  /* of Prefer, or WORLD_NO_WISH */
    bool bad;         /* the server refuses the body */
    bool broken;      /* the body is not JSON */
    size_t blanks;    /* at the end of the body */
    const char *header;
    void (*answered)(struct local *local);
    void *owner;
};

struct local {
    struct exchange exchange;
    struct peer peer;
    struct world *world;
    struct wish wish;
    struct list link; /* in world->answered */
    unsigned serial;
    unsigned answers;
    int status;
    char answer[2048];
    int64_t begun_ms, answered_ms;
    struct timer retire_timer;
    int64_t retire_after_ms; /* how long it takes to write the response */
};

/* No limit, 64 calls in flight, merging under pressure, joining, waits of up to 30 s, the default retries. */
void world_open(struct world *world);
void world_close(struct world *world);

/* The proxy's limit; the pace is learned or not. */
void world_budget(struct world *world, const char *limit, bool learn, unsigned max_in_flight);

/* What a request or a probe says of the server. */
void world_report(struct world *world, enum failover_result result);

/* From now on no connection to the server can be made; and it can, and a probe has found that. */
void world_stop_server(struct world *world);
void world_start_server(struct world *world);

/* A complete request arrives. */
struct local *world_begin(struct world *world, const struct wish *wish);

/* Its client hangs up; LOCAL is freed in the next turn. Closed: without a response, at once. */
void world_hang_up(struct local *local);
void world_cut(struct local *local);

/* Runs the loop for so long; or until nothing is open, at most so long. */
void world_run(struct world *world, int64_t ms);
void world_run_all(struct world *world, int64_t max_ms);

/* Asserts that nothing waits, is under way or is held. */
void world_assert_idle(struct world *world);

static inline int64_t world_now(const struct world *world)
{
    return world->services.loop.now_ms;
}

/* How often that happened. */
uint64_t world_count(const struct world *world, enum metrics_event event);
uint64_t world_refusals(const struct world *world, enum metrics_refusal reason);

#endif
