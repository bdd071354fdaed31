/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which servers of the cluster can be used: takes in what came of transfers, sends the probes that failover.h
 * asks for, and keeps account of an outage of all. Belongs to one loop and one thread.
 */
#ifndef TB_UPSTREAM_SERVER_HEALTH_H
#define TB_UPSTREAM_SERVER_HEALTH_H

#include "upstream/outage.h"
#include "upstream/servers.h"

struct server_health {
    struct loop *loop;
    const struct servers *servers;
    struct failover failover;
    struct outage outage;
    size_t in_use;      /* the server that was last logged as being in use */
    struct timer timer; /* the next probe */
    bool probes_single; /* also probe a server that has no other beside it */
    /* outage.is_on has changed; the outage is forgotten after the call if it is over. */
    void (*outage_changed)(struct server_health *health);
    struct health_probe {
        struct server_health *health;
        struct transfer transfer;
    } probes[FAILOVER_SERVERS_MAX]; /* one for each server */
};

/* HEALTH must be zeroed; SERVERS must be open and live as long. */
void server_health_open(struct server_health *health, struct loop *loop, const struct servers *servers,
                        void (*outage_changed)(struct server_health *health));

/* Before servers_close(). Harmless if it was never opened. */
void server_health_close(struct server_health *health);

/* Reports what came of a transfer to SERVER. COUNTS: its answer says something about the server's health.
 * That of a device's RPC does not: it is at most a reason to probe. */
void server_health_report(struct server_health *health, size_t server, const struct transfer *transfer,
                          bool counts);

/* The server at which a transfer that failed at the servers of the bit set TRIED is tried next, or
 * FAILOVER_NONE. HARMLESS: the servers may execute it twice. */
size_t server_health_next(const struct server_health *health, const struct transfer *transfer, unsigned tried,
                          bool harmless);

#endif
