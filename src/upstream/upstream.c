/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/upstream.h"

void upstream_wait(struct upstream *upstream, struct upstream_waiter *waiter)
{
    list_remove(&waiter->link);
    list_append(&upstream->waiting, &waiter->link);
}

/* A waiter may wait again, or end others. */
static void wake_all(struct upstream *upstream)
{
    struct list waiting;

    list_init(&waiting);
    list_take_all(&waiting, &upstream->waiting);
    while (!list_is_empty(&waiting)) {
        struct upstream_waiter *waiter = CONTAINER_OF(waiting.next, struct upstream_waiter, link);

        list_remove(&waiter->link);
        waiter->wake(waiter);
    }
}

static void upstream_session_changed(struct session_calls *calls)
{
    struct upstream *upstream = CONTAINER_OF(calls, struct upstream, calls);

    upstream->changed(upstream);
    wake_all(upstream);
}

static void upstream_clock_doubt_ended(struct upstream_clock *clock)
{
    wake_all(CONTAINER_OF(clock, struct upstream, clock));
}

static void upstream_health_changed(struct server_health *health)
{
    struct upstream *upstream = CONTAINER_OF(health, struct upstream, health);
    bool was_away = upstream->is_away;

    upstream->is_away = server_health_is_away(health);
    if (was_away && !upstream->is_away && upstream->session) {
        session_server_is_back(upstream->session, upstream->loop->now_ms);
        session_calls_schedule(&upstream->calls);
    }
    if (upstream->health_changed)
        upstream->health_changed(upstream);
}

int upstream_open(struct upstream *upstream, struct loop *loop, const struct upstream_options *options,
                  struct tb_error *err)
{
    int r = servers_open(&upstream->servers, loop, &options->transport, options->fallback_urls, err);

    upstream->loop = loop;
    upstream->changed = options->changed;
    upstream->health_changed = options->health_changed;
    list_init(&upstream->waiting);
    server_health_open(&upstream->health, loop, &upstream->servers, upstream_health_changed);
    upstream->health.probes_single = options->health_changed != NULL;
    upstream_clock_open(&upstream->clock, loop, &upstream->health, upstream_clock_doubt_ended);
    if (r == 0 && options->session)
        r = session_new(options->session, &upstream->session, err);
    session_calls_open(&upstream->calls, loop, upstream->session, &upstream->health, &upstream->clock,
                       upstream_session_changed);
    return r;
}

void upstream_close(struct upstream *upstream)
{
    if (!upstream->loop)
        return;
    upstream_clock_close(&upstream->clock);
    session_calls_close(&upstream->calls);
    session_free(upstream->session);
    server_health_close(&upstream->health);
    servers_close(&upstream->servers);
}

size_t upstream_server(const struct upstream *upstream)
{
    return failover_current(&upstream->health.failover);
}

struct upstream_server_state upstream_server_state(const struct upstream *upstream, size_t index)
{
    const struct failover_server *health;
    int64_t left_ms;

    if (index >= upstream->servers.count)
        return (struct upstream_server_state){0};
    health = &upstream->health.failover.servers[index];
    left_ms = health->ejected ? health->until_ms - upstream->loop->now_ms : 0;
    return (struct upstream_server_state){
        .url = upstream->servers.list[index].url,
        .is_in_use = index == upstream_server(upstream),
        .is_healthy = !health->ejected,
        .ejected_for_ms = left_ms > 0 ? left_ms : 0,
    };
}

static const struct upstream_server *server_in_use(const struct upstream *upstream)
{
    return &upstream->servers.list[upstream_server(upstream)];
}

struct transport *upstream_transport(const struct upstream *upstream)
{
    return server_in_use(upstream)->transports[SERVER_REQUESTS];
}

struct transport *upstream_websocket_transport(const struct upstream *upstream)
{
    return server_in_use(upstream)->transports[SERVER_WEBSOCKETS];
}

const char *upstream_url(const struct upstream *upstream)
{
    return server_in_use(upstream)->url;
}

void upstream_report_websocket(struct upstream *upstream, const struct websocket *websocket)
{
    size_t i;

    for (i = 0; i < upstream->servers.count; i++)
        if (upstream->servers.list[i].transports[SERVER_WEBSOCKETS] == websocket->transport)
            server_health_report(&upstream->health, i, &websocket->transfer, false);
}

bool upstream_clock_is_awaited(const struct upstream *upstream)
{
    return !upstream->clock.clock.known && upstream->session &&
           (upstream->clock.clock.in_doubt || !session_credential(upstream->session, upstream->loop->now_ms));
}
