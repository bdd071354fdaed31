/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/status/status.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/log.h"
#include "base/utf8.h"
#include "proxy/config/values.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/reply.h"
#include "proxy/exchange/services.h"
#include "proxy/forward/forward.h"
#include "proxy/local/ready.h"
#include "proxy/route/operation.h"
#include "proxy/spool/spool_report.h"
#include "proxy/status/metrics_reply.h"
#include "proxy/status/status_queue.h"
#include "upstream/own_user.h"
#include "json/json_write.h"

#define USER_NAME_MAX 254 /* bytes; the longest e-mail address (RFC 5321, section 4.5.3) */

static json_t *buckets(const struct services *services, const struct rate_limit *limit)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < limit->count; i++)
        json_list_add(&list, json_pack("{s:I,s:I,s:f}", "capacity", (json_int_t)limit->pairs[i].capacity,
                                       "seconds", (json_int_t)limit->pairs[i].seconds, "tokens",
                                       budget_tokens(&services->budget, services->loop.now_ms, i)));
    return list;
}

static json_t *pace_or_null(double tokens_per_s)
{
    return tokens_per_s > 0 ? json_real(tokens_per_s) : json_null();
}

/* Operations that are closed, or have a pace of their own. */
static json_t *refused_operations(const struct services *services)
{
    const struct refused_operation *operation = NULL;
    int64_t now_ms = services->loop.now_ms;
    json_t *list = json_array();

    while ((operation = budget_next_refused(&services->budget, now_ms, operation))) {
        int64_t closed_ms = operation->closed_until_ms - now_ms;

        json_list_add(&list, json_pack("{s:s,s:I,s:o}", "operation",
                                       operation->id == 0 ? "unknown" : operation_texts + operation->id,
                                       "closed_for_ms", (json_int_t)(closed_ms > 0 ? closed_ms : 0), "pace",
                                       pace_or_null(pace_tokens_per_s(&operation->pace))));
    }
    return list;
}

static json_t *limits(const struct services *services)
{
    struct budget_state budget = budget_state(&services->budget, services->loop.now_ms);
    char text[RATE_LIMIT_TEXT_MAX];

    rate_limit_format(budget.limit, text);
    return json_pack("{s:s,s:s,s:o,s:b,s:o,s:I,s:o,s:I,s:I}", "source",
                     budget.limit->count == 0                      ? "none"
                     : config_limit_is_asked_for(services->config) ? "auto"
                                                                   : "configured",
                     "limit", text, "buckets", buckets(services, budget.limit), "learn", (int)budget.learn,
                     "pace", pace_or_null(budget.pace), "closed_for_ms", (json_int_t)budget.closed_ms,
                     "operations", refused_operations(services), "in_flight", (json_int_t)budget.in_flight,
                     "max_in_flight", (json_int_t)quota_part(budget.max_in_flight));
}

static json_t *servers(const struct services *services)
{
    struct upstream_server_state server;
    json_t *list = json_array();
    size_t i;

    for (i = 0; (server = upstream_server_state(&services->upstream, i)).url; i++)
        json_list_add(&list, json_pack("{s:s,s:b,s:b,s:I}", "url", server.url, "in_use",
                                       (int)server.is_in_use, "healthy", (int)server.is_healthy,
                                       "ejected_for_ms", (json_int_t)server.ejected_for_ms));
    return list;
}

/* The reason comes from a server, perhaps, and need not be UTF-8. */
static json_t *failure_entry(const struct failure *failure)
{
    const struct failure_kind *kind = &failure->kind;
    json_t *reason = json_string(*failure->reason ? failure->reason : "the server's answer");
    char name[PRINCIPAL_NAME_MAX], at[CLOCK_TEXT_BYTES];

    principal_name(kind->user, name, sizeof(name));
    clock_format(failure->at_ms, at);
    return json_pack("{s:s,s:s,s:s,s:i,s:o,s:I}", "at", at, "operation",
                     kind->operation ? operation_id(kind->operation) : "unknown", "client", name, "status",
                     kind->status, "reason", reason ? reason : json_null(), "count",
                     (json_int_t)failure->count);
}

/* ONLY: as that of status_report(). */
static json_t *failures(const struct services *services, const struct principal *only)
{
    const struct failure *failure;
    json_t *list = json_array();

    list_for_each(failure, &services->failures.list, link)
        if (!only || failure->kind.user == only->user)
            json_list_add(&list, failure_entry(failure));
    return list;
}

/* In the server's own words: null if they are no name. */
static json_t *user_name(const struct session *session)
{
    const char *said = own_user_read(session_user(session)).name;
    CLEANUP(free_pointer) char *name = said && strlen(said) <= USER_NAME_MAX ? strdup(said) : NULL;

    if (!name)
        return json_null();
    utf8_mask(name);
    return json_string(name);
}

static json_t *session(const struct services *services)
{
    const struct session *session = services->upstream.session;
    const char *reason = session_reason(session);

    return json_pack("{s:s,s:s,s:o,s:o,s:o,s:s?}", "state", session_state_name(session_state(session)),
                     "method", session_method(session), "user", user_name(session), "expires_in_ms",
                     ready_time_left(services, session_expires_ms(session)), "renews_in_ms",
                     ready_time_left(services, session_next_try_ms(session)), "reason",
                     *reason ? reason : NULL);
}

static json_t *number_or_null(int64_t number)
{
    return number < 0 ? json_null() : json_integer(number);
}

static json_t *spool(const struct services *services)
{
    struct spool_report report;
    const struct metrics_spool *gauges = &report.gauges;

    if (!spool_report_read(services, &report))
        return json_null();
    return json_pack("{s:s,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:f,s:o,s:s?,s:s?}", "mode",
                     spool_mode_names[services->config->spool.mode], "open", (int)gauges->is_open, "rows",
                     (json_int_t)gauges->waiting, "bytes", (json_int_t)gauges->waiting_bytes, "aside",
                     (json_int_t)gauges->aside, "aside_bytes", (json_int_t)gauges->aside_bytes, "max_rows",
                     (json_int_t)gauges->max_rows, "max_bytes", (json_int_t)gauges->max_bytes, "oldest_ms",
                     (json_int_t)gauges->oldest_ms, "disk_bytes", (json_int_t)gauges->disk_bytes,
                     "stored_per_s", report.stored_per_s, "delivered_per_s", report.delivered_per_s,
                     "left_ms", number_or_null(report.left_ms), "cause", *report.cause ? report.cause : NULL,
                     "remedy", *report.remedy ? report.remedy : NULL);
}

static json_t *sum_of(const struct metrics_time *time)
{
    return json_pack("{s:I,s:I}", "count", (json_int_t)time->count, "sum_us", (json_int_t)time->sum_us);
}

/* Totals since the start: who asks twice can tell what happened in between. */
static json_t *traffic(const struct services *services)
{
    static const char *const classes[METRICS_CLASS_COUNT] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    struct metrics_traffic traffic = metrics_traffic(services->metrics);
    json_t *responses = json_object();
    size_t i;
    int r = 0;

    for (i = 0; r == 0 && i < METRICS_CLASS_COUNT; i++)
        r = json_object_set_new(responses, classes[i], json_integer((json_int_t)traffic.responses[i]));
    if (r < 0) {
        json_decref(responses);
        return NULL;
    }
    return json_pack("{s:o,s:o,s:o}", "responses", responses, "upstream", sum_of(&traffic.upstream), "queue",
                     sum_of(&traffic.waiting));
}

/* "started" is not computed from the uptime: the clocks drift, and who compares would see a restart. */
static json_t *daemon_itself(const struct services *services)
{
    int64_t uptime_ms = services->loop.now_ms - services->started_ms;
    char started[CLOCK_TEXT_BYTES];

    clock_format(metrics_started_ms(services->metrics), started);
    return json_pack("{s:s,s:i,s:s,s:I,s:b,s:s}", "version", PACKAGE_VERSION, "pid", (int)getpid(), "started",
                     started, "uptime_ms", (json_int_t)uptime_ms, "draining", (int)services->draining,
                     "log_level", log_level_names[log_get_level()]);
}

char *status_report(const struct services *services, const struct principal *only)
{
    json_t *status = daemon_itself(services);
    char *text;
    int r;

    r = json_object_update_new(status,
                               json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "server", ready_server(services),
                                         "session", session(services), "limits", limits(services), "queue",
                                         status_queue(services, only), "servers", servers(services),
                                         "failures", failures(services, only)));
    r |= json_object_set_new(status, "traffic", traffic(services));
    r |= json_object_set_new(status, "spool", spool(services));
    text = r < 0 ? NULL : json_write_text(status, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(status);
    return text;
}

/* Programs see nothing of other users. */
static void reply_status(struct exchange *exchange)
{
    const struct peer *peer = exchange->peer;

    reply_json(exchange, 200,
               status_report(exchange->services, peer->kind == LISTENER_API ? peer->principal : NULL));
}

static void status_begin(struct exchange *exchange)
{
    if (exchange->head.route.kind == ROUTE_METRICS)
        metrics_reply(exchange);
    else
        reply_status(exchange);
}

const struct handler status_handler = {.name = "status", .begin = status_begin};
