/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/response.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/log.h"
#include "http/proxy_status.h"
#include "proxy/exchange/early_response.h"
#include "proxy/exchange/header_room.h"

#define PROXY_NAME "tbproxyd"

/* ThingsBoard's own error codes (ThingsboardErrorCode). */
enum error_code {
    ERROR_GENERAL = 2,
    ERROR_AUTHENTICATION = 10,
    ERROR_PERMISSION_DENIED = 20,
    ERROR_BAD_REQUEST_PARAMS = 31,
    ERROR_ITEM_NOT_FOUND = 32,
};

/* ---- making a response ---- */

struct response response_from_buffer(void *body, size_t length, enum MHD_ResponseMemoryMode mode)
{
    return (struct response){MHD_create_response_from_buffer(length, body, mode), body, length};
}

static enum error_code error_code(int status)
{
    switch (status) {
    case 400:
    case 405:
    case 413:
    case 414:
    case 421:
    case 426:
    case 431:
        return ERROR_BAD_REQUEST_PARAMS;
    case 401:
        return ERROR_AUTHENTICATION;
    case 403:
        return ERROR_PERMISSION_DENIED;
    case 404:
        return ERROR_ITEM_NOT_FOUND;
    default:
        return ERROR_GENERAL;
    }
}

struct response response_from_error(int status, const char *message)
{
    /* A reason from a server may be ISO-8859-1. */
    json_t *text = json_string(message);
    json_t *error = json_pack("{s:i,s:o,s:i,s:I}", "status", status, "message",
                              text ? text : json_string("(text that is not UTF-8)"), "errorCode",
                              (int)error_code(status), "timestamp", (json_int_t)clock_wall_ms());
    char *body = error ? json_dumps(error, JSON_COMPACT) : NULL;
    struct response response = {0};

    json_decref(error);
    if (body)
        response = response_from_buffer(body, strlen(body), MHD_RESPMEM_MUST_FREE);
    response_add(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    return response;
}

void response_add(struct response response, const char *name, const char *value)
{
    if (response.mhd)
        MHD_add_response_header(response.mhd, name, value);
}

void response_add_proxy_status(struct response response, const char *parameter, const char *value)
{
    char text[300];

    snprintf(text, sizeof(text), PROXY_NAME "; %s=%s", parameter, value);
    response_add(response, "Proxy-Status", text);
}

/* How long the request waited, and how long the server took; -1: it was not sent. */
static void read_timing(const struct exchange *exchange, int64_t *waited_ms, int64_t *upstream_ms)
{
    int64_t sent_ms = exchange->outbound.sent_ms;

    *waited_ms = *upstream_ms = -1;
    if (sent_ms == 0)
        return;
    *waited_ms = sent_ms > exchange->dispatched_ms ? sent_ms - exchange->dispatched_ms : 0;
    *upstream_ms = clock_boot_ms() - sent_ms;
}

void response_add_timing(struct response response, const struct exchange *exchange)
{
    int64_t waited_ms, upstream_ms;
    char text[80];

    read_timing(exchange, &waited_ms, &upstream_ms);
    snprintf(text, sizeof(text), "queue;dur=%" PRId64 ", upstream;dur=%" PRId64, waited_ms, upstream_ms);
    response_add(response, "Server-Timing", text);
}

/* libmicrohttpd takes a response only before the body or after it. */
static bool can_be_queued(const struct exchange *exchange)
{
    return !exchange->inbound.streams || exchange->inbound.state == INBOUND_COMPLETE;
}

void response_add_close(struct response response, const struct exchange *exchange)
{
    if (response.mhd &&
        (exchange->services->draining || exchange->outbound.close || !can_be_queued(exchange)) &&
        !MHD_get_response_header(response.mhd, MHD_HTTP_HEADER_CONNECTION))
        response_add(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

/* RFC 7240, section 3. */
static void add_preference_applied(struct response response, const struct exchange *exchange)
{
    char text[40];

    if (!exchange->outbound.wait_applied)
        return;
    snprintf(text, sizeof(text), "wait=%" PRId64, exchange->head.prefer_wait_ms / 1000);
    response_add(response, "Preference-Applied", text);
}

/* ---- counting and logging ---- */

/* Without the query and, in paths of the device API, without the device's token: both can be secret. */
static void log_response(const struct exchange *exchange, int status)
{
    static const char device_api[] = "/api/v1/";
    const struct target *target = &exchange->head.target;
    const char *path = target->text.data ? target->text.data : "";
    int length = (int)target->path_length;

    if (strncmp(path, device_api, strlen(device_api)) == 0)
        length = (int)strlen(device_api);
    log_debug("%s %.*s -> %d", exchange->head.method, length, path, status);
}

static void count(const struct exchange *exchange, int status)
{
    struct upstream *upstream = &exchange->services->upstream;
    int64_t waited_ms, upstream_ms;

    if (status >= 502 && status <= 504 && exchange->head.route.kind != ROUTE_READY)
        outage_count(&upstream->health.outage, &upstream->health.failover);
    read_timing(exchange, &waited_ms, &upstream_ms);
    metrics_answered(exchange->services->metrics, exchange->head.operation, exchange->peer->user, status,
                     waited_ms, upstream_ms);
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
    response = response_from_error(502, message);
    response_add_proxy_status(response, "error", PROXY_STATUS_HEADER_TOO_BIG);
    return response;
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
    if (!response.mhd ||
        MHD_queue_response(exchange->connection, (unsigned)status, response.mhd) != MHD_YES) {
        log_error("a response with status %d could not be sent", status);
        /* listener_request() closes the connection, which is resumed without a response. */
    }
    if (response.mhd)
        MHD_destroy_response(response.mhd);
    exchange_resume(exchange);
}

/* Takes over RESPONSE. */
static void begin(struct exchange *exchange, enum outbound_state state, int status, struct response response)
{
    if (response.mhd && can_be_queued(exchange))
        response = make_fit(exchange, &status, response);
    if (response.mhd) {
        response_add_close(response, exchange);
        add_preference_applied(response, exchange);
    }
    if (can_be_queued(exchange)) {
        exchange->outbound.state = state;
        queue_response(exchange, status, response);
    } else {
        early_response_begin(exchange, status, response);
    }
    if (!exchange->hung_up)
        count(exchange, status);
    if (log_is_enabled(LOG_LEVEL_DEBUG))
        log_response(exchange, status);
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
    if (can_be_queued(exchange))
        begin(exchange, OUTBOUND_STREAMING, status, response);
    else
        respond(exchange, status, response);
}
