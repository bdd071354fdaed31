/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/local/ready.h"

#include <stdio.h>

#include "proxy/exchange/reply.h"
#include "json/json_write.h"

/* "" is null. */
static json_t *text_or_null(const char *text)
{
    return *text ? json_string(text) : json_null();
}

/* AT_MS of the boot clock as a time of day, by the host's clock. */
static void format_time(const struct services *services, int64_t at_ms, char ret[CLOCK_TEXT_BYTES])
{
    clock_format(clock_wall_ms() - (services->loop.now_ms - at_ms), ret);
}

static json_t *last_failure(const struct services *services)
{
    const struct server_state *server = &services->server;
    char at[CLOCK_TEXT_BYTES];

    if (!*server->last_failure.cause)
        return json_null();
    format_time(services, server->last_failure.at_ms, at);
    return json_pack("{s:s,s:s}", "at", at, "cause", server->last_failure.cause);
}

json_t *ready_time_left(const struct services *services, int64_t at_ms)
{
    if (at_ms == INT64_MAX)
        return json_null();
    return json_integer(at_ms > services->loop.now_ms ? at_ms - services->loop.now_ms : 0);
}

json_t *ready_server(const struct services *services)
{
    const struct server_state *server = &services->server;
    const struct server_version *found = services->server_version;
    char since[CLOCK_TEXT_BYTES];

    format_time(services, server->since_ms, since);
    return json_pack("{s:s,s:s,s:I,s:s,s:s?,s:o,s:o,s:o,s:o,s:o}", "state",
                     server_condition_name(server->condition), "since", since, "for_ms",
                     (json_int_t)(services->loop.now_ms - server->since_ms), "url",
                     upstream_url(&services->upstream), "edition", edition_name(found->edition), "version",
                     text_or_null(found->version), "cause", text_or_null(server->cause), "remedy",
                     text_or_null(server->remedy), "next_try_ms",
                     ready_time_left(services, server->next_try_ms), "last_failure", last_failure(services));
}

void ready_explain(const struct services *services, char ret[READY_REASON_BYTES])
{
    const struct server_state *server = &services->server;

    if (services->draining)
        snprintf(ret, READY_REASON_BYTES, "tbproxyd is stopping");
    else
        snprintf(ret, READY_REASON_BYTES, "%s%s%s", server->cause, *server->remedy ? "; " : "",
                 server->remedy);
}

void reply_ready(struct exchange *exchange)
{
    const struct services *services = exchange->services;
    bool ready = server_state_is_ready(&services->server) && !services->draining;
    json_t *json = json_pack("{s:b}", "ready", (int)ready), *server = ready_server(services), *more;
    char reason[READY_REASON_BYTES];
    int r;

    ready_explain(services, reason);
    more =
        json_pack("{s:s,s:s,s:s}", "session", session_state_name(session_state(services->upstream.session)),
                  "upstream", upstream_url(&services->upstream), "reason", reason);
    r = json_object_update(json, server) | json_object_update(json, more);
    reply_json(exchange, ready ? 200 : 503, r < 0 ? NULL : json_write_text(json, JSON_COMPACT));
    json_decref(json);
    json_decref(server);
    json_decref(more);
}
