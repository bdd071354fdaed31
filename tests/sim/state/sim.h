/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole state of the stand-in. The lock guards all of it except what stop_lock guards; a thread that
 * sleeps or waits releases it first.
 */
#ifndef TB_SIM_SIM_H
#define TB_SIM_SIM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "sim/state/injected_faults.h"
#include "sim/state/rate_limiter.h"
#include "sim/state/request_log.h"
#include "sim/state/violation_log.h"
#include "sim/store/entity_store.h"
#include "sim/store/value_history.h"

/* What the command line sets and POST /sim/set changes. */
struct settings {
    int64_t token_life;   /* s */
    int64_t refresh_life; /* s */
    int64_t write_ms;
    int64_t requests_per_connection; /* 0: no limit */
    int64_t clock_offset_ms;
    int64_t seed;              /* of generated answers */
    bool strict;               /* every violation of the specification is refused with 400 */
    bool check_answers;        /* the stand-in's own are validated, too */
    bool silent_devices;       /* they answer calls over HTTP only */
    int64_t websocket_ping_ms; /* 0: never */
};

/* Calls to devices, and devices that poll for calls and attributes. */
struct rpc_calls {
    pthread_cond_t changed; /* on CLOCK_MONOTONIC, with the lock */
    struct list list;       /* of struct rpc_call, in the order of arrival */
    json_t *attributes;     /* the shared ones that were saved last */
    const struct entity *attributes_of;
    uint64_t attribute_changes;
    bool stopping;
};

struct websockets {
    struct list list; /* of struct websocket, in the order of opening */
    uint64_t opened;  /* the number of the last one */
    bool stopping;
};

struct sim {
    pthread_mutex_t lock;
    struct settings settings;
    const struct tb_api *api; /* of the edition and version */

    unsigned char signing_key[64];
    uint64_t last_serial;     /* of the last token pair issued */
    uint64_t access_outdated; /* access tokens up to this serial are refused */
    uint64_t refresh_outdated;

    uint64_t last_connection; /* number of the last API connection */
    struct limit tenant_limit;
    struct limit customer_limit;
    struct faults faults;
    struct request_log log;
    struct violations violations;        /* of requests */
    struct violations answer_violations; /* of the stand-in's own answers, if they are checked */
    struct store store;
    struct value_history history;
    struct entity *preloaded_key; /* --api-key */
    struct websockets websockets;
    struct list subscribers; /* struct subscriptions of every open WebSocket */
    struct rpc_calls calls;

    pthread_mutex_t stop_lock;
    pthread_cond_t stop_cond; /* the program stops, or held requests are released */
    bool stopping;
    uint64_t held;     /* requests that are held */
    uint64_t releases; /* how often held requests were released */
};

/* API: the tables of the edition and version. */
void sim_init(struct sim *sim, const struct tb_api *api);
/* All WebSockets have ended. */
void sim_free(struct sim *sim);

/* The server's clock: the real one plus clockOffsetMs. */
int64_t sim_now_ms(const struct sim *sim);

/* Sleeps; ends early when the program stops. Called without the lock. */
void sim_sleep(struct sim *sim, int64_t ms);
/* Waits until sim_release(), or the program stops. Called without the lock. */
void sim_hold(struct sim *sim);
/* Releases the requests that are held. */
void sim_release(struct sim *sim);
/* How many requests are held. */
uint64_t sim_held(struct sim *sim);
/* Ends all sleeps and waits, now and later. */
void sim_stop(struct sim *sim);

#endif
