/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/local/local.h"

#include "proxy/exchange/reply.h"
#include "proxy/local/ready.h"
#include "json/json_write.h"

static void reply_startup(struct exchange *exchange)
{
    bool started = exchange->services->was_ready;
    char reason[READY_REASON_BYTES] = "";
    json_t *json;

    if (!started)
        ready_explain(exchange->services, reason);
    json = json_pack("{s:b,s:s}", "started", started, "reason", reason);
    reply_json(exchange, started ? 200 : 503, json_write_text(json, JSON_COMPACT));
    json_decref(json);
}

static void reply_list(struct exchange *exchange)
{
    json_t *list = json_array(), *json;
    const char *method, *path, *about;
    size_t position = 0;

    while (route_next_listed(exchange->peer->kind, &position, &method, &path, &about))
        json_list_add(&list, json_pack("{s:s,s:s,s:s}", "method", method, "path", path, "about", about));
    json = json_pack("{s:o}", "paths", list);
    reply_json(exchange, 200, json_write_text(json, JSON_INDENT(2)));
    json_decref(json);
}

static void reply_elsewhere(struct exchange *exchange)
{
    const char *path = exchange->services->admin_path;

    if (exchange->head.route.on == LISTENER_ADMIN_TCP)
        reply_error(exchange, 404, PROXY_STATUS_DENIED,
                    "not here; it is on the admin address (admin.address)");
    else if (!(exchange->head.route.on & LISTENER_ADMIN))
        reply_error(exchange, 404, PROXY_STATUS_DENIED,
                    "not here, but where tbproxyd serves programs (listen.address, listen.unix_path)");
    else if (path)
        reply_error(exchange, 404, PROXY_STATUS_DENIED, "not here; the admin socket has this: %s", path);
    else
        reply_error(exchange, 404, PROXY_STATUS_DENIED,
                    "not here; only an admin socket has this, and there is none (admin.unix_path)");
}

static void reply_unknown(struct exchange *exchange)
{
    if (exchange->peer->kind == LISTENER_API)
        reply_error(exchange, 404, PROXY_STATUS_DENIED,
                    "not found; tbproxyd forwards ThingsBoard's REST API below /api/");
    else
        reply_error(exchange, 404, PROXY_STATUS_DENIED, "not found; GET /-/ lists what is here");
}

static void local_begin(struct exchange *exchange)
{
    switch (exchange->head.route.kind) {
    case ROUTE_LOGOUT:
        reply_empty(exchange, 200);
        return;
    case ROUTE_LIVE:
        reply_json(exchange, 200, strdup("{\"live\":true}"));
        return;
    case ROUTE_READY:
        reply_ready(exchange);
        return;
    case ROUTE_STARTUP:
        reply_startup(exchange);
        return;
    case ROUTE_LIST:
        reply_list(exchange);
        return;
    case ROUTE_ELSEWHERE:
        reply_elsewhere(exchange);
        return;
    case ROUTE_PREFLIGHT:
        reply_preflight(exchange, exchange->head.route.allow);
        return;
    case ROUTE_NOT_ALLOWED:
        reply_not_allowed(exchange, exchange->head.route.allow);
        return;
    default:
        reply_unknown(exchange);
        return;
    }
}

const struct handler local_handler = {.name = "local", .begin = local_begin};
