/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The servers of one ThingsBoard cluster and the connections to them. Its nodes share their signing key, so a
 * token from one is valid on all. Belongs to one loop and one thread.
 */
#ifndef TB_UPSTREAM_SERVERS_H
#define TB_UPSTREAM_SERVERS_H

#include "transport/transport.h"
#include "upstream/failover.h"

/* For requests of our own: costs nothing of the server's rate limit and needs no credential. */
#define SERVERS_PROBE_PATH "/api/noauth/whiteLabel/loginWhiteLabelParams"

/* Their header, for the server's log. Ended by NULL. */
extern const char *const servers_probe_headers[];

/* What a transport is for. */
enum server_use {
    SERVER_SESSION, /* apart from the requests, so that no renewal waits behind them */
    SERVER_REQUESTS,
    /* Connections that last, apart so that they take no place from requests; whoever opens them bounds their
     * number. Health probes are sent here, too: they do not wait behind requests that hang. */
    SERVER_WEBSOCKETS,
    SERVER_USES
};

struct upstream_server {
    char *url;
    struct transport *transports[SERVER_USES];
};

struct servers {
    size_t count;
    struct upstream_server list[FAILOVER_SERVERS_MAX]; /* in order of preference */
};

/* SERVERS must be zeroed. The URL of OPTIONS is that of the first server, FALLBACK_URLS (ended by NULL;
 * NULL: none) are those of the others. Returns 0, or a negative errno with a message; after an error, too,
 * servers_close() frees everything. */
int servers_open(struct servers *servers, struct loop *loop, const struct transport_options *options,
                 const char *const *fallback_urls, struct tb_error *err);

/* No transfer may be under way. */
void servers_close(struct servers *servers);

/* The configured URL of the server that URL is on (same origin); of the first server if it is on none. */
const char *servers_configured_url(const struct servers *servers, const char *url);

/* The transport for the session's own calls: with HTTP/2 that of the requests if its connection is a new one
 * or has spoken lately, so that the first request finds the connection of the login. */
struct transport *servers_session_transport(const struct servers *servers, size_t server);

/* transport_state() of all uses of SERVER together. */
struct transport_state servers_connections(const struct servers *servers, size_t server);

/* transport_reload_certificates(), transport_run() and transport_is_pending() for all transports. */
void servers_reload_certificates(struct servers *servers);
void servers_run(struct servers *servers);
bool servers_are_pending(const struct servers *servers);

#endif
