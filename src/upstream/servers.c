/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/servers.h"

#include <errno.h>

#include "http/origin.h"

const char *const servers_probe_headers[] = {"User-Agent: tbproxyd/" PACKAGE_VERSION, NULL};

/* So that no call is sent on a connection that has died unnoticed. */
#define SESSION_IDLE_MS 2000

static int open_server(struct upstream_server *server, struct loop *loop,
                       const struct transport_options *options, const char *url, struct tb_error *err)
{
    const long max_connections[SERVER_USES] = {
        [SERVER_SESSION] = 1,
        [SERVER_REQUESTS] = options->max_connections,
        [SERVER_WEBSOCKETS] = 0,
    };
    struct transport_options transport = *options;
    size_t use;
    int r = 0;

    server->url = strdup(url);
    if (!server->url)
        return tb_error_set(err, -ENOMEM, "out of memory");
    transport.url = url;
    for (use = 0; r == 0 && use < SERVER_USES; use++) {
        transport.max_connections = max_connections[use];
        transport.idle_ms = use == SERVER_SESSION ? SESSION_IDLE_MS : 0;
        r = transport_new(loop, &transport, &server->transports[use], err);
    }
    return r;
}

int servers_open(struct servers *servers, struct loop *loop, const struct transport_options *options,
                 const char *const *fallback_urls, struct tb_error *err)
{
    int r = open_server(&servers->list[servers->count++], loop, options, options->url, err);

    while (r == 0 && fallback_urls && *fallback_urls && servers->count < FAILOVER_SERVERS_MAX)
        r = open_server(&servers->list[servers->count++], loop, options, *fallback_urls++, err);
    return r;
}

static void for_each_transport(struct servers *servers, void (*visit)(struct transport *transport))
{
    size_t i, use;

    for (i = 0; i < servers->count; i++)
        for (use = 0; use < SERVER_USES; use++)
            visit(servers->list[i].transports[use]);
}

void servers_close(struct servers *servers)
{
    size_t i;

    for_each_transport(servers, transport_free);
    for (i = 0; i < servers->count; i++)
        free(servers->list[i].url);
}

const char *servers_configured_url(const struct servers *servers, const char *url)
{
    size_t i;

    for (i = 0; i < servers->count; i++)
        if (origin_is_same(url, servers->list[i].url))
            return servers->list[i].url;
    return servers->list[0].url;
}

struct transport *servers_session_transport(const struct servers *servers, size_t server)
{
    struct transport *const *transports = servers->list[server].transports;

    return transports[transport_may_share(transports[SERVER_REQUESTS]) ? SERVER_REQUESTS : SERVER_SESSION];
}

struct transport_state servers_connections(const struct servers *servers, size_t server)
{
    struct transport_state all = {0};
    size_t use;

    for (use = 0; use < SERVER_USES; use++) {
        struct transport_state one = transport_state(servers->list[server].transports[use]);

        all.opening += one.opening;
        all.idle += one.idle;
        all.busy += one.busy;
        all.transfers += one.transfers;
        all.waiting += one.waiting;
        all.opened += one.opened;
        all.bytes.sent += one.bytes.sent;
        all.bytes.received += one.bytes.received;
    }
    return all;
}

void servers_reload_certificates(struct servers *servers)
{
    for_each_transport(servers, transport_reload_certificates);
}

void servers_run(struct servers *servers)
{
    for_each_transport(servers, transport_run);
}

bool servers_are_pending(const struct servers *servers)
{
    size_t i, use;

    for (i = 0; i < servers->count; i++)
        for (use = 0; use < SERVER_USES; use++)
            if (transport_is_pending(servers->list[i].transports[use]))
                return true;
    return false;
}
