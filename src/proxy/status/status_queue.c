/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/status/status_queue.h"

#include <stdio.h>

#include "proxy/exchange/exchange.h"
#include "proxy/forward/forward.h"
#include "json/json_write.h"

#define CLIENTS_MAX 100 /* with connections; and those that have asked before, which are counted */
#define PORTS_MAX   20  /* of each */

/* Where the requests of PRINCIPAL that wait come from over TCP, so that ss(8) can tell the program. */
static json_t *waiting_ports(const struct services *services, const struct principal *principal)
{
    const struct exchange *exchange;
    json_t *list = json_array();

    list_for_each(exchange, &services->exchanges, link)
        if (exchange->peer->principal == principal && exchange->peer->client_port > 0 &&
            forward_waits(exchange) && json_array_size(list) < PORTS_MAX)
            json_list_add(&list, json_integer(exchange->peer->client_port));
    return list;
}

static json_t *bound(const struct allowance *allowance, enum policy_bound_kind kind)
{
    char name[POLICY_BOUND_NAME_MAX];

    policy_bound_print(allowance->bounds, kind, name);
    return json_pack("{s:s,s:I,s:I}", "bound", name, "used", (json_int_t)allowance->used[kind], "max",
                     (json_int_t)allowance_max(allowance, kind));
}

/* What PRINCIPAL holds under policies with bounds, and how much it may. */
static json_t *bounds(const struct principal *principal)
{
    const struct allowance *allowance;
    enum policy_bound_kind kind;
    json_t *list = json_array();

    list_for_each(allowance, &principal->allowances, link)
        for (kind = 0; kind < POLICY_BOUNDS; kind++)
            if (allowance_max(allowance, kind) != UINT_MAX)
                json_list_add(&list, bound(allowance, kind));
    return list;
}

/* How many requests of USER were answered since the start; null: too many users to count those of each. */
static json_t *answered(const struct services *services, int64_t user)
{
    uint64_t count;
    int64_t other;
    size_t i;

    for (i = 0; metrics_principal(services->metrics, i, &other, &count); i++)
        if (other == user)
            return json_integer((json_int_t)count);
    return i < METRICS_PRINCIPALS_MAX ? json_integer(0) : json_null();
}

static json_t *client(const struct services *services, const struct principal *principal)
{
    struct forward_principal_state state = forward_principal_state(services->forward, principal);
    char name[PRINCIPAL_NAME_MAX];

    principal_name(principal->user, name, sizeof(name));
    return json_pack(
        "{s:s,s:o,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "client", name, "answered",
        answered(services, principal->user), "requests", (json_int_t)state.waiting, "in_flight",
        (json_int_t)state.in_flight, "connections", (json_int_t)principal->shares.connections.used, "streams",
        (json_int_t)principal->shares.streams.used, "body_bytes", (json_int_t)principal->shares.bodies.used,
        "waiting_ports", waiting_ports(services, principal), "bounds", bounds(principal));
}

/* One that has asked before and has no connection now. */
static json_t *gone_client(int64_t user, uint64_t count)
{
    char name[PRINCIPAL_NAME_MAX];

    principal_name(user, name, sizeof(name));
    return json_pack("{s:s,s:I,s:i,s:i,s:i,s:i,s:i,s:[],s:[]}", "client", name, "answered", (json_int_t)count,
                     "requests", 0, "in_flight", 0, "connections", 0, "streams", 0, "body_bytes", 0,
                     "waiting_ports", "bounds");
}

static bool is_here(const struct services *services, int64_t user)
{
    const struct principal *principal;

    list_for_each(principal, &services->principals.list, link)
        if (principal->users > 0 && principal->user == user)
            return true;
    return false;
}

static json_t *clients(const struct services *services, const struct principal *only)
{
    const struct principal *principal;
    json_t *list = json_array();
    uint64_t count;
    int64_t user;
    size_t i;

    list_for_each(principal, &services->principals.list, link)
        if (principal->users > 0 && (!only || principal == only) && json_array_size(list) < CLIENTS_MAX)
            json_list_add(&list, client(services, principal));
    for (i = 0; !only && metrics_principal(services->metrics, i, &user, &count); i++)
        if (!is_here(services, user))
            json_list_add(&list, gone_client(user, count));
    return list;
}

json_t *status_queue(const struct services *services, const struct principal *only)
{
    const struct config *config = services->config;
    struct forward_queue_state state = forward_queue_state(services->forward);

    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:o}", "requests", (json_int_t)state.requests, "bytes",
                     (json_int_t)state.bytes, "max_requests", (json_int_t)state.max_requests, "max_bytes",
                     (json_int_t)state.max_bytes, "oldest_ms",
                     (json_int_t)forward_oldest_ms(services->forward), "max_wait_ms",
                     (json_int_t)config->queue.max_wait_ms, "merge", merge_mode_names[config->merge.mode],
                     "clients", clients(services, only));
}
