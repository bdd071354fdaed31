/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated server for the tests of upstream_call.c, behind request_start() and the other functions of
 * upstream/request.h, on the clock of the daemon's loop. Like the real one, it counts asynchronous operations
 * twice, and refuses them after it has executed them if there is no second token. A call that its client
 * gives up is executed nevertheless.
 *
 * It stores the writes of upstream_call_world.c: {"w<writer>": serial}, for telemetry with a timestamp around
 * it.
 */
#ifndef TB_PROXY_FORWARDING_SERVER_H
#define TB_PROXY_FORWARDING_SERVER_H

#include "base/list.h"
#include "base/loop.h"
#include "upstream/request.h"

#define SERVER_ENTITIES 512
#define SERVER_WRITERS  64
#define SERVER_SERIALS  100000

#define SERVER_OWN_LIMITS 16

/* A limit as a virtual schedule (generic cell rate algorithm): when the bucket will be full again. */
struct server_band {
    int64_t capacity, seconds;
    int64_t full_at; /* in us times capacity */
};

/* How often faults happen, in a thousand calls. */
struct server_faults {
    unsigned reset;        /* the connection dies before the server has read it */
    unsigned lost;         /* it dies after the execution */
    unsigned late;         /* the answer comes after the timeout */
    unsigned error_500;    /* instead of the execution */
    unsigned error_503;    /* of a proxy in front */
    unsigned unauthorized; /* 401; the request is sent again with another credential */
    unsigned no_session;   /* it is not sent at all */
};

struct server_limit {
    struct server_band bands[2];
    size_t count;
    const char *part;       /* of the targets of one operation; NULL: it counts all */
    unsigned refused;       /* 429; unused for the shared limit */
    int64_t retry_after_ms; /* with that; -1: none */
};

struct server {
    struct loop *loop;
    int64_t travel_min_ms, travel_max_ms; /* each way */
    int64_t work_min_ms, work_max_ms;     /* for the execution */
    struct server_faults faults;
    int next_status;        /* of the next call that arrives; 0: no fault */
    int bad_status;         /* for a body with the member "bad" */
    int64_t retry_after_ms; /* with 429; -1: none */
    int64_t session_ms;     /* there is no credential before */
    bool is_away;           /* connections are refused, and what is under way is lost */

    struct server_limit limit;
    struct server_limit own[SERVER_OWN_LIMITS]; /* of operations */
    size_t own_count;
    const struct server_limit *told; /* whose refusal is being reported */
    int64_t now_us;

    struct list calls;   /* all of them */
    struct list arrived; /* answers that are to be reported */
    unsigned call_count;
    unsigned refused_connections;
    int64_t last_timeout_ms;             /* that a request was sent with */
    unsigned tokens;                     /* taken from the limit */
    unsigned refused;                    /* 429 */
    unsigned refused_after_execution;    /* of those */
    unsigned writes_of[SERVER_ENTITIES]; /* in flight */
    unsigned most_writes_of_one;         /* ever, in flight for one entity */
    unsigned largest;                    /* writes in one call */
    bool disordered;                     /* a call held a later write before an earlier one */
    bool overtaken;                      /* a writer's later write was executed before an earlier one */

    unsigned attributes[SERVER_ENTITIES][SERVER_WRITERS]; /* the last value */
    unsigned last[SERVER_ENTITIES][SERVER_WRITERS];       /* telemetry: that was executed */
    struct server_write {
        int64_t ts_ms;
        unsigned points; /* with different times */
        unsigned executions;
    } writes[SERVER_SERIALS]; /* by serial; also calls that store nothing */
};

/* SERVER must be zeroed. */
void server_init(struct server *server, struct loop *loop);

/* "50:1" or "50:1,300:60"; "": none. With full buckets. */
void server_limit(struct server *server, const char *limit);

/* Others use up the rest of it. */
void server_use_up(struct server *server);

/* Adds a limit of the operation whose targets contain PART. It is checked first, so its refusals take nothing
 * from the shared limit. */
struct server_limit *server_limit_operation(struct server *server, const char *part, const char *limit);

/* Reports at most COUNT answers that have arrived. Returns whether there was one. */
bool server_deliver(struct server *server, size_t count);

/* Ends all calls. */
void server_close(struct server *server);

#endif
