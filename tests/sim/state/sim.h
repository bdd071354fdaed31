/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole state of the stand-in. One mutex guards everything but `config` that is read at start only;
 * whoever sleeps lets go of it first (sim_sleep).
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/state/injected_faults.h"
#include "sim/state/rate_limiter.h"
#include "sim/state/request_log.h"
#include "sim/state/violation_log.h"
#include "sim/store/entity_store.h"

enum {
    MAX_BODY = 16 * 1024 * 1024,      /* maxPayloadSize of a default server */
    MAX_FILE_BODY = 50 * 1024 * 1024, /* the same for images and resources */
    MAX_FILES = 64 * 1024 * 1024,     /* bytes of all images and packages together */
    MAX_ENTITIES = 100000,            /* devices, assets, customers, alarms, relations, API keys together */
    MAX_POINTS = 1000000,             /* time series points and attributes together */
    MAX_HEADER = 8192,                /* Tomcat's maxHttpRequestHeaderSize */
};

/* What the command line says and POST /sim/set changes. */
struct settings {
    int64_t token_life;   /* s */
    int64_t refresh_life; /* s */
    int64_t write_ms;
    int64_t requests_per_connection; /* 0 = any number */
    int64_t clock_offset_ms;
    int64_t seed;              /* of generated answers */
    bool strict;               /* every violation of the specification is refused with 400 */
    bool check_answers;        /* our own, too */
    bool silent_devices;       /* they answer no calls but over HTTP */
    int64_t websocket_ping_ms; /* 0 = never */
};

struct call;

/* What waits for devices, and they for it. */
struct calls {
    pthread_cond_t changed; /* on CLOCK_MONOTONIC, with the lock */
    struct call *first;     /* in the order of the calls */
    json_t *attributes;     /* saved last of shared ones */
    const struct entity *attributes_of;
    uint64_t attribute_changes;
    bool stopping;
};

struct websocket;

struct websockets {
    struct websocket *list;
    uint64_t opened; /* the number of the last one */
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
    struct record record;
    struct violations violations;        /* of requests */
    struct violations answer_violations; /* of our answers, where they are checked */
    struct store store;
    struct entity *preloaded_key; /* --api-key */
    struct websockets websockets;
    struct calls calls;

    pthread_mutex_t stop_lock;
    pthread_cond_t stop_cond; /* the program stops, or what is held is let go */
    bool stopping;
    uint64_t held;     /* requests that are held now */
    uint64_t releases; /* how often those that were held have been let go */
};

void sim_init(struct sim *sim);
void sim_free(struct sim *sim);

/* The server's clock: the real one plus clockOffsetMs. */
int64_t sim_now_ms(const struct sim *sim);

/* Sleeps without the lock held; ends early when the program stops. */
void sim_sleep(struct sim *sim, int64_t ms);
/* Waits without the lock held until sim_release() or the end of the program. */
void sim_hold(struct sim *sim);
/* Lets go what is held now. */
void sim_release(struct sim *sim);
/* How many requests are held. */
uint64_t sim_held(struct sim *sim);
void sim_stop(struct sim *sim);
