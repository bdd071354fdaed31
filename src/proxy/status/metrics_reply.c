/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/status/metrics_reply.h"

#include "http/preference.h"
#include "proxy/exchange/reply.h"
#include "proxy/forward/forward.h"
#include "proxy/spool/spool_report.h"
#include "proxy/subscribe/subscriptions.h"
#include "proxy/websocket/tunnel.h"

#define OPENMETRICS "application/openmetrics-text"
#define TEXT        "text/plain"

static void read_session(const struct services *services, struct metrics_gauges *gauges)
{
    struct session *session = services->upstream.session;
    unsigned kind, outcome;

    gauges->condition = services->server.condition;
    gauges->session_ready = session_credential(session, services->loop.now_ms) != NULL;
    for (kind = 0; kind < SESSION_CALL_KINDS; kind++)
        for (outcome = 0; outcome < SESSION_OUTCOMES; outcome++)
            gauges->session_calls[kind][outcome] =
                session_calls_ended(session, (enum session_call_kind)kind, (enum session_outcome)outcome);
}

static void read_queue(const struct services *services, struct metrics_gauges *gauges)
{
    struct forward_queue_state queue = forward_queue_state(services->forward);

    gauges->queue_requests = queue.requests;
    gauges->queue_bytes = queue.bytes;
    gauges->queue_max_requests = queue.max_requests;
    gauges->queue_max_bytes = queue.max_bytes;
    gauges->queue_oldest_ms = forward_oldest_ms(services->forward);
}

static void read_budget(const struct services *services, struct metrics_gauges *gauges)
{
    int64_t now_ms = services->loop.now_ms;
    struct budget_state budget = budget_state(&services->budget, now_ms);
    size_t i;

    gauges->in_flight = budget.in_flight;
    gauges->max_in_flight = quota_part(budget.max_in_flight);
    gauges->pace = budget.pace;
    gauges->closed_ms = budget_was_closed_ms(&services->budget, now_ms);
    gauges->bucket_count = budget.limit->count;
    for (i = 0; i < budget.limit->count; i++)
        gauges->buckets[i] = (struct metrics_bucket){.limit = budget.limit->pairs[i],
                                                     .tokens = budget_tokens(&services->budget, now_ms, i)};
}

static void read_servers(const struct upstream *upstream, struct metrics_gauges *gauges)
{
    size_t i;

    gauges->server_count = upstream->servers.count;
    for (i = 0; i < upstream->servers.count; i++) {
        struct upstream_server_state state = upstream_server_state(upstream, i);

        gauges->servers[i] =
            (struct metrics_server){.url = state.url,
                                    .is_healthy = state.is_healthy,
                                    .connections = servers_connections(&upstream->servers, i)};
    }
}

static void read_spool(const struct services *services, struct metrics_gauges *gauges)
{
    struct spool_report report;

    if (spool_report_read(services, &report))
        gauges->spool = report.gauges;
}

static struct metrics_gauges read_gauges(const struct services *services)
{
    struct metrics_gauges gauges = {
        .local_connections = services->open_peers,
        .websockets = tunnel_count(services),
        .subscribers = subscribers_count(services->subscriptions),
        .subscriptions = subscriptions_count(services->subscriptions),
        .process = process_read(),
    };

    read_session(services, &gauges);
    read_queue(services, &gauges);
    read_budget(services, &gauges);
    read_spool(services, &gauges);
    read_servers(&services->upstream, &gauges);
    return gauges;
}

static bool wants_openmetrics(const struct exchange *exchange)
{
    const char *accept = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Accept");
    int quality = accept ? preference_quality(accept, OPENMETRICS, "version=1.0.0") : 0;

    return quality > 0 && quality >= preference_quality(accept, TEXT, "version=0.0.4");
}

void metrics_reply(struct exchange *exchange)
{
    struct services *services = exchange->services;
    struct buf page = BUF_INIT(METRICS_PAGE_MAX_BYTES);
    struct metrics_gauges gauges = read_gauges(services);
    struct metrics_format format = {
        .is_openmetrics = wants_openmetrics(exchange),
        .has_principals = exchange->peer->kind & (LISTENER_ADMIN | LISTENER_ADMIN_TCP),
    };

    if (metrics_print(services->metrics, &gauges, &format, &page) < 0) {
        buf_free(&page);
        reply_no_memory(exchange);
        return;
    }
    reply_text(exchange, 200,
               format.is_openmetrics ? OPENMETRICS "; version=1.0.0; charset=utf-8"
                                     : TEXT "; version=0.0.4; charset=utf-8",
               page.data);
}
