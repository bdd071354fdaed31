/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/respond.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "http/headers.h"
#include "http/proxy_status.h"
#include "proxy/exchange/early_response.h"
#include "proxy/exchange/error_response.h"
#include "proxy/exchange/header_room.h"
#include "proxy/exchange/response_queue.h"

/* ---- counting and logging ---- */

/* 503 is what the page says then, and no failure. */
static bool is_page_of_state(const struct exchange *exchange)
{
    return exchange->head.route.kind == ROUTE_READY || exchange->head.route.kind == ROUTE_STARTUP;
}

static enum metrics_listener listener_of(const struct peer *peer)
{
    return peer->kind & (LISTENER_ADMIN | LISTENER_ADMIN_TCP) ? METRICS_ADMIN
           : peer->port == 0                                  ? METRICS_UNIX
                                                              : METRICS_TCP;
}

static void count(const struct exchange *exchange, int status)
{
    struct services *services = exchange->services;
    const struct timing *timing = &exchange->timing;
    struct metrics_response response = {
        .operation = exchange->head.operation,
        .listener = listener_of(exchange->peer),
        .principal = peer_user(exchange->peer),
        .status = status,
        .was_sent = timing->was_sent,
        .waited_us = timing->waited_us,
        .upstream_us = timing->upstream_us,
        .added_us = timing->was_sent ? timing_added_us(timing, clock_boot_us()) : 0,
    };

    if (status >= 502 && status <= 504 && !is_page_of_state(exchange))
        server_state_count_failure(&services->server, !services->upstream.health.is_sound);
    metrics_responded(services->metrics, &response);
}

static void note_failure(const struct exchange *exchange, int status, struct response response)
{
    const struct failure_kind kind = {
        .operation = exchange->head.operation,
        .user = peer_user(exchange->peer),
        .status = status,
        .error = response.error,
    };

    if (status < 400 || is_page_of_state(exchange))
        return;
    metrics_failed(exchange->services->metrics, status, response.error);
    failures_note(&exchange->services->failures, &kind, response.reason, clock_wall_ms());
    failure_log_note(&exchange->services->failure_log, &kind, response.reason);
}

/* A response that streams is logged at its end (exchange_retire()). */
static void note(struct exchange *exchange, enum outbound_state state, int status, struct response response)
{
    exchange->outbound.status = status;
    if (strcmp(exchange->head.method, MHD_HTTP_METHOD_HEAD) != 0)
        exchange->outbound.bytes = (int64_t)response.length;
    metrics_count(exchange->services->metrics, METRICS_RESPONSE_BYTES, (uint64_t)exchange->outbound.bytes);
    if (!exchange->hung_up) {
        count(exchange, status);
        note_failure(exchange, status, response);
    }
    if (state == OUTBOUND_QUEUED)
        exchange_note_end(exchange, response.reason);
}

/* ---- web pages ---- */

/* A page of listen.origins may read the response, whatever it is. Only a browser says Origin over TCP, and
 * the browser guard has refused all others. Vary: another page must not get it from a cache. */
static void add_cors(struct response response, const struct exchange *exchange)
{
    const char *origins = exchange->services->config->listen.origins, *origin;

    if (!*origins || exchange->peer->port == 0 || exchange->peer->kind != LISTENER_API)
        return;
    response_add(response, "Vary", "Origin");
    origin = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Origin");
    if (!origin || !header_list_contains(origins, origin))
        return;
    response_add(response, "Access-Control-Allow-Origin", origin);
    response_add(response, "Access-Control-Expose-Headers", "*");
}

/* ---- responding ---- */

/* A response whose header does not fit into libmicrohttpd's memory becomes 502. Takes over RESPONSE. */
static struct response make_fit(struct exchange *exchange, int *status, struct response response)
{
    size_t needed = header_room_needed(response.mhd), room = header_room(exchange->connection);
    char message[200];

    if (needed <= room)
        return response;
    MHD_destroy_response(response.mhd);
    snprintf(message, sizeof(message),
             "the server's answer cannot be passed on: its header needs %zu bytes, and there is room for %zu",
             needed, room);
    *status = 502;
    response = error_response(502, message);
    response_set_error(&response, PROXY_STATUS_HEADER_TOO_BIG);
    response.reason = "the server's answer cannot be passed on: its header is too large";
    add_cors(response, exchange);
    return response;
}

/* RFC 7240, section 3. */
static void add_preference_applied(struct response response, const struct exchange *exchange)
{
    const struct outbound *outbound = &exchange->outbound;
    char text[40];

    snprintf(text, sizeof(text), "wait=%" PRId64, exchange->head.prefer_wait_ms / 1000);
    if (outbound->async_applied)
        response_add(response, "Preference-Applied", "respond-async");
    else if (outbound->wait_applied)
        response_add(response, "Preference-Applied", text);
}

/* Whether libmicrohttpd keeps the connection after this response. */
static bool keeps_connection(const struct exchange *exchange, struct response response)
{
    return exchange->head.keeps_connection && exchange->inbound.state == INBOUND_COMPLETE &&
           !MHD_get_response_header(response.mhd, MHD_HTTP_HEADER_CONNECTION);
}

/* RFC 9110, section 7.6.1: Keep-Alive must be named in Connection, which libmicrohttpd then sends. */
static void add_keep_alive(struct response response, const struct exchange *exchange)
{
    char text[32];

    snprintf(text, sizeof(text), "timeout=%" PRId64, exchange->services->config->listen.idle_timeout_s);
    response_add(response, "Keep-Alive", text);
    MHD_set_response_options(response.mhd, MHD_RF_SEND_KEEP_ALIVE_HEADER, MHD_RO_END);
}

/* Takes over RESPONSE. */
static void queue_response(struct exchange *exchange, int status, struct response response)
{
    if (response.mhd && keeps_connection(exchange, response))
        add_keep_alive(response, exchange);
    if (!response.mhd || response_queue(exchange->connection, (unsigned)status, response.mhd) != MHD_YES) {
        log_error("a response with status %d could not be sent", status);
        exchange->outbound.lost = true; /* listener_request() closes the connection */
    }
    if (response.mhd)
        MHD_destroy_response(response.mhd);
    if (exchange->suspended)
        peer_hasten(exchange->peer);
    exchange_resume(exchange);
}

/* Takes over RESPONSE. */
static void begin(struct exchange *exchange, enum outbound_state state, int status, struct response response)
{
    add_cors(response, exchange);
    if (response.mhd && exchange_takes_response(exchange))
        response = make_fit(exchange, &status, response);
    if (response.mhd) {
        response_add_close(response, exchange);
        add_preference_applied(response, exchange);
    }
    if (exchange_takes_response(exchange)) {
        exchange->outbound.state = state;
        queue_response(exchange, status, response);
    } else {
        early_response_begin(exchange, status, response);
    }
    note(exchange, state, status, response);
}

static void cut_off(struct exchange *exchange)
{
    if (exchange->outbound.state == OUTBOUND_EARLY) {
        early_response_abandon(exchange);
        return;
    }
    exchange_leave(exchange);
    exchange_resume(exchange);
}

void respond(struct exchange *exchange, int status, struct response response)
{
    enum outbound_state state = exchange->outbound.state;

    if (state == OUTBOUND_EARLY || state == OUTBOUND_STREAMING) {
        if (response.mhd)
            MHD_destroy_response(response.mhd);
        cut_off(exchange);
        return;
    }
    exchange_leave(exchange);
    begin(exchange, OUTBOUND_QUEUED, status, response);
}

void respond_streaming(struct exchange *exchange, int status, struct response response)
{
    if (exchange_takes_response(exchange))
        begin(exchange, OUTBOUND_STREAMING, status, response);
    else
        respond(exchange, status, response);
}
