/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/local/local.h"

#include <jansson.h>

#include "proxy/exchange/reply.h"

/* NULL, which becomes JSON's null, if it is not known. */
static const char *version_or_null(const struct server_version *found)
{
    return *found->version ? found->version : NULL;
}

static void reply_ready(struct exchange *exchange)
{
    struct upstream *upstream = &exchange->services->upstream;
    const struct server_version *found = exchange->services->server_version;
    const struct services *services = exchange->services;
    bool ready = session_credential(upstream->session, upstream->loop->now_ms) &&
                 !upstream->health.outage.is_on && !services->draining;
    json_t *json =
        json_pack("{s:b,s:s,s:s,s:s,s:s?,s:s?}", "ready", ready, "session", services_state(services),
                  "upstream", upstream_url(upstream), "reason", services_reason(services), "edition",
                  edition_name(found->edition), "version", version_or_null(found));

    reply_json(exchange, ready ? 200 : 503, json ? json_dumps(json, JSON_COMPACT) : NULL);
    json_decref(json);
}

static void local_begin(struct exchange *exchange)
{
    switch (exchange->head.route.kind) {
    case ROUTE_LOGOUT:
        reply_json(exchange, 200, NULL);
        return;
    case ROUTE_LIVE:
        reply_json(exchange, 200, strdup("{\"live\":true}"));
        return;
    case ROUTE_READY:
        reply_ready(exchange);
        return;
    case ROUTE_PREFLIGHT:
        reply_preflight(exchange, exchange->head.route.allow);
        return;
    case ROUTE_NOT_ALLOWED:
        reply_not_allowed(exchange, exchange->head.route.allow);
        return;
    default:
        reply_error(exchange, 404, PROXY_STATUS_DENIED,
                    "not found; tbproxyd forwards ThingsBoard's REST API below /api/");
        return;
    }
}

const struct handler local_handler = {.name = "local", .begin = local_begin};
