/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which servers of the cluster can be used: takes in what came of transfers, and sends the probes that
 * failover.h asks for. If nothing is heard of the server in use, that is a reason for a probe, too. Belongs
 * to one loop and one thread.
 */
#ifndef TB_UPSTREAM_SERVER_HEALTH_H
#define TB_UPSTREAM_SERVER_HEALTH_H

#include "upstream/servers.h"

/* What a transfer that failed says about its server. */
struct server_failure {
    size_t server;
    int status;        /* of the answer: a gateway error, or not one of ThingsBoard; 0: there is none */
    const char *token; /* status 0: the error type (http/proxy_status.h) */
    bool is_page;      /* a page or a redirect: something else answers */
    char detail[TRANSFER_DETAIL_BYTES]; /* status 0: why there is none */
};

struct server_health {
    struct loop *loop;
    const struct servers *servers;
    struct failover failover;
    size_t in_use;                 /* the server that was last logged as being in use */
    bool is_sound;                 /* failover_is_sound(), as last reported */
    struct timer timer;            /* the next probe */
    struct timer check_timer;      /* when the server in use must have been heard of */
    int64_t check_interval_ms;     /* 0: only failures are a reason for a probe */
    bool probes_single;            /* also probe a server that has no other beside it */
    struct server_failure failure; /* the last one */
    /* Whether servers can be used, or why they cannot, may have changed. */
    void (*changed)(struct server_health *health);
    struct health_probe {
        struct server_health *health;
        struct transfer transfer;
        struct timer silence;       /* when its answer is late */
        int64_t heard_ms;           /* the last good answer of the server; boot clock */
    } probes[FAILOVER_SERVERS_MAX]; /* one for each server */
};

/* HEALTH must be zeroed; SERVERS must be open and live as long. */
void server_health_open(struct server_health *health, struct loop *loop, const struct servers *servers,
                        void (*changed)(struct server_health *health));

/* Before servers_close(). Harmless if it was never opened. */
void server_health_close(struct server_health *health);

/* From now on, a server in use that is not heard of for INTERVAL_MS is probed; 0: it is not. */
void server_health_set_check_interval(struct server_health *health, int64_t interval_ms);

/* Reports what came of a transfer to SERVER. COUNTS: its answer says something about the server's health.
 * That of a device's RPC does not: it is at most a reason to probe. */
void server_health_report(struct server_health *health, size_t server, const struct transfer *transfer,
                          bool counts);

/* The server at which a transfer that failed at the servers of the bit set TRIED is tried next, or
 * FAILOVER_NONE. HARMLESS: the servers may execute it twice. */
size_t server_health_next(const struct server_health *health, const struct transfer *transfer, unsigned tried,
                          bool harmless);

/* Whether nothing can be sent until a server answers again, which may be in a moment: not if an administrator
 * has to do something first. */
static inline bool server_health_may_return(const struct server_health *health)
{
    return failover_is_in_vain(&health->failover) && !transfer_error_lasts(health->failure.token);
}

/* Whether it is certain that no server can be used; health->failure says why. */
static inline bool server_health_is_away(const struct server_health *health)
{
    return failover_away_since_ms(&health->failover) != INT64_MAX;
}

#endif
