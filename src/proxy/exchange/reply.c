/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "http/header_filter.h"
#include "http/origin.h"
#include "proxy/exchange/early_answer.h"
#include "proxy/exchange/header_room.h"
#include "proxy/exchange/services.h"
#include "proxy/forward/body_stream.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"
#include "proxy/websocket/tunnel.h"

#define PROXY_NAME "tbproxyd"

#define EVENTS_BLOCK_BYTES 16384 /* that libmicrohttpd asks for at once */

/* Without the query, and without the device's token in the paths of the device API: both can be secret. */
static void log_answer(const struct exchange *exchange, int status)
{
    static const char device_api[] = "/api/v1/";
    const char *path = exchange->target.text.data ? exchange->target.text.data : "";
    int length = (int)exchange->target.path_length;

    if (strncmp(path, device_api, strlen(device_api)) == 0)
        length = (int)strlen(device_api);
    log_debug("%s %.*s -> %d", exchange->method, length, path, status);
}

/* Waiting, and the server's part in it; -1: it was not sent. */
static void timing(const struct exchange *exchange, int64_t *waited_ms, int64_t *upstream_ms)
{
    const struct upstream_call *call = exchange->call;
    int64_t sent_ms = call ? call->request.transfer.started_ms : 0;

    *waited_ms = *upstream_ms = -1;
    if (sent_ms == 0)
        return;
    *waited_ms = sent_ms > exchange->arrived_ms ? sent_ms - exchange->arrived_ms : 0;
    *upstream_ms = clock_boot_ms() - sent_ms;
}

static void count(const struct exchange *exchange, int status)
{
    struct upstream *upstream = &exchange->services->upstream;
    int64_t waited_ms, upstream_ms;

    if (status >= 502 && status <= 504 && exchange->route.kind != ROUTE_READY)
        outage_count(&upstream->health.outage, &upstream->health.failover);
    timing(exchange, &waited_ms, &upstream_ms);
    metrics_answered(exchange->services->metrics, exchange->operation, exchange->peer->user, status,
                     waited_ms, upstream_ms);
}

/* RFC 7240, section 3. */
static void add_preference_applied(const struct exchange *exchange, struct MHD_Response *response)
{
    char text[40];

    if (exchange->prefer_wait_ms < 0 || exchange->wait_max_ms != exchange->prefer_wait_ms)
        return;
    snprintf(text, sizeof(text), "wait=%" PRId64, exchange->prefer_wait_ms / 1000);
    MHD_add_response_header(response, "Preference-Applied", text);
}

/* libmicrohttpd takes an answer only before the body or after it. */
static bool takes_answer(const struct exchange *exchange)
{
    return !exchange->streams_body || exchange->body_ended;
}

/* Once, and before Date: libmicrohttpd 0.9.75 else forgets that there is one, and adds its own. */
static void add_close(const struct exchange *exchange, struct MHD_Response *response)
{
    if ((exchange->services->draining || exchange->close || !takes_answer(exchange)) &&
        !MHD_get_response_header(response, MHD_HTTP_HEADER_CONNECTION))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

/* Whether libmicrohttpd keeps the connection after this answer. */
static bool is_kept(const struct exchange *exchange, struct MHD_Response *response)
{
    return exchange->keeps_connection && exchange->body_ended &&
           !MHD_get_response_header(response, MHD_HTTP_HEADER_CONNECTION);
}

/* RFC 9110, section 7.6.1: Connection names what says something of one connection. */
static void add_keep_alive(const struct exchange *exchange, struct MHD_Response *response)
{
    char text[32];

    snprintf(text, sizeof(text), "timeout=%" PRId64, exchange->services->config->listen.idle_timeout_s);
    MHD_add_response_header(response, "Keep-Alive", text);
    MHD_set_response_options(response, MHD_RF_SEND_KEEP_ALIVE_HEADER, MHD_RO_END);
}

/* Takes over RESPONSE. */
static void queue_response(struct exchange *exchange, int status, struct MHD_Response *response)
{
    exchange->state = EXCHANGE_ANSWERED;
    if (response && is_kept(exchange, response))
        add_keep_alive(exchange, response);
    if (!response || MHD_queue_response(exchange->connection, (unsigned)status, response) != MHD_YES) {
        log_error("an answer with status %d could not be sent", status);
        /* Resumed without an answer, the connection is closed by on_request(). */
    }
    if (response)
        MHD_destroy_response(response);
    exchange_resume(exchange);
}

static void cut_off(struct exchange *exchange)
{
    upstream_call_leave(exchange);
    upstream_call_release(exchange);
    exchange_resume(exchange);
}

static struct MHD_Response *make_fit(struct exchange *exchange, int *status, struct MHD_Response *response);

/* The one place where an exchange gets its answer. Takes over RESPONSE. */
static void begin_answer(struct exchange *exchange, int status, struct MHD_Response *response)
{
    if (response && takes_answer(exchange))
        response = make_fit(exchange, &status, response);
    if (response) {
        add_close(exchange, response);
        add_preference_applied(exchange, response);
    }
    if (takes_answer(exchange))
        queue_response(exchange, status, response);
    else
        early_answer_begin(exchange, status, response);
    if (!exchange->hung_up)
        count(exchange, status);
    if (log_is_enabled(LOG_LEVEL_DEBUG))
        log_answer(exchange, status);
}

static void answer(struct exchange *exchange, int status, struct MHD_Response *response)
{
    if (exchange->streams_answer) {
        if (response)
            MHD_destroy_response(response);
        cut_off(exchange);
        return;
    }
    if (exchange->early) {
        if (response)
            MHD_destroy_response(response);
        early_answer_abandon(exchange);
        return;
    }
    upstream_call_leave(exchange);
    tunnel_leave(exchange);
    begin_answer(exchange, status, response);
}

static struct MHD_Response *response_from(struct exchange *exchange, void *body, size_t length,
                                          enum MHD_ResponseMemoryMode mode)
{
    exchange->answer_body = body;
    exchange->answer_length = length;
    return MHD_create_response_from_buffer(length, body, mode);
}

/* Never called: MHD sends no body for HEAD and 304. */
static ssize_t no_body(void *arg, uint64_t position, char *data, size_t max)
{
    (void)arg;
    (void)position;
    (void)data;
    (void)max;
    return MHD_CONTENT_READER_END_OF_STREAM;
}

/* The answer to HEAD, and 304, has no body but may tell the length that of GET, or 200, would have. Where the
 * server does not tell it, the connection is closed: MHD would else send the end of a chunked body, which the
 * client takes for the next answer. */
static struct MHD_Response *head_response(struct exchange *exchange, const struct transfer *transfer)
{
    const char *length = headers_find(&transfer->response, MHD_HTTP_HEADER_CONTENT_LENGTH);
    struct MHD_Response *response = MHD_create_response_from_callback(
        length ? strtoull(length, NULL, 10) : MHD_SIZE_UNKNOWN, 1, no_body, NULL, NULL);

    if (response && !length) {
        exchange->close = true;
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    }
    return response;
}

/* A path that begins with two slashes is taken for a host (RFC 3986, section 4.2). Browsers take a backslash
 * for a slash, and leave out tabs (https://url.spec.whatwg.org/#url-parsing). */
static bool is_taken_for_a_host(const char *path)
{
    path += 1 + strspn(path + 1, "\t");
    return *path == '/' || *path == '\\';
}

/* A Location on the server becomes one on this listener: its path, without the one of upstream.url. One that
 * would lead to another host then stays as it is. To be freed; NULL without memory. */
static char *local_location(const struct exchange *exchange, const char *location)
{
    const char *url = exchange->services->config->upstream.url, *path = location, *prefix, *slash = "";
    CLEANUP(free_pointer) char *absolute = NULL;
    char *ret = NULL;
    size_t length;

    /* It leaves the scheme to the URL of the request (RFC 3986, section 4.2). */
    if (strncmp(location, "//", 2) == 0 &&
        asprintf(&absolute, "%.*s%s", (int)strcspn(url, "/"), url, location) < 0)
        return NULL;
    url = servers_configured_url(&exchange->services->upstream.servers, absolute ? absolute : location);
    if (origin_is_same(absolute ? absolute : location, url)) {
        path = absolute ? absolute : location;
        path += origin_length(path);
        slash = *path == '/' ? "" : "/"; /* RFC 9110, section 4.2.3 */
    }
    prefix = url + origin_length(url);
    length = strlen(prefix);
    while (length > 0 && prefix[length - 1] == '/')
        length--;
    if (strncmp(path, prefix, length) != 0 ||
        (!*slash && (path[length] != '/' || is_taken_for_a_host(path + length))))
        return strdup(location);
    return asprintf(&ret, "%s%s", slash, path + length) < 0 ? NULL : ret;
}

static void copy_headers(const struct exchange *exchange, const struct headers *headers,
                         struct MHD_Response *response)
{
    const char *connection = headers_find(headers, MHD_HTTP_HEADER_CONNECTION);
    char name[256];
    const char *line;

    add_close(exchange, response);
    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line)) {
        size_t length = strcspn(line, ":");
        CLEANUP(free_pointer) char *local = NULL;

        if (!filter_response_header(line, connection) || length >= sizeof(name))
            continue;
        memcpy(name, line, length);
        name[length] = '\0';
        if (header_is(line, MHD_HTTP_HEADER_LOCATION))
            local = local_location(exchange, header_value(line));
        MHD_add_response_header(response, name, local ? local : header_value(line));
    }
}

static void add_proxy_status(struct MHD_Response *response, const char *parameter, const char *value)
{
    char text[300];

    snprintf(text, sizeof(text), PROXY_NAME "; %s=%s", parameter, value);
    MHD_add_response_header(response, "Proxy-Status", text);
}

/* https://www.w3.org/TR/server-timing/ */
static void add_server_timing(const struct exchange *exchange, struct MHD_Response *response)
{
    int64_t waited_ms, upstream_ms;
    char text[80];

    timing(exchange, &waited_ms, &upstream_ms);
    snprintf(text, sizeof(text), "queue;dur=%" PRId64 ", upstream;dur=%" PRId64, waited_ms, upstream_ms);
    MHD_add_response_header(response, "Server-Timing", text);
}

void reply_forward(struct exchange *exchange, const char *details)
{
    struct transfer *transfer = &exchange->call->request.transfer;
    struct MHD_Response *response;

    if (strcmp(exchange->method, MHD_HTTP_METHOD_HEAD) == 0 || transfer->status == MHD_HTTP_NOT_MODIFIED)
        response = head_response(exchange, transfer);
    else /* the exchange keeps the call, with the body, until it is retired */
        response = response_from(exchange, transfer->response_body.data, transfer->response_body.len,
                                 MHD_RESPMEM_PERSISTENT);
    if (response) {
        copy_headers(exchange, &transfer->response, response);
        add_server_timing(exchange, response);
    }
    if (response && details)
        add_proxy_status(response, "received-status=429; details", details);
    answer(exchange, transfer->status, response);
}

void reply_stream(struct exchange *exchange)
{
    const struct transfer *transfer = &exchange->call->request.transfer;
    struct MHD_Response *response = body_stream_response(exchange);

    exchange->streams_answer = true;
    if (response) {
        copy_headers(exchange, &transfer->response, response);
        add_server_timing(exchange, response);
    }
    begin_answer(exchange, transfer->status, response);
}

void reply_transfer(struct exchange *exchange, const struct transfer *transfer)
{
    struct MHD_Response *response = response_from(exchange, transfer->response_body.data,
                                                  transfer->response_body.len, MHD_RESPMEM_MUST_COPY);

    if (response)
        copy_headers(exchange, &transfer->response, response);
    answer(exchange, transfer->status, response);
}

/* The server's Sec-WebSocket-Accept answers our own key. */
void reply_upgrade(struct exchange *exchange, const struct headers *headers, const char *accept,
                   MHD_UpgradeHandler handler, void *arg)
{
    static const char *const agreed[] = {"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"};
    struct MHD_Response *response = MHD_create_response_for_upgrade(handler, arg);
    size_t i;

    if (response) {
        for (i = 0; i < ARRAY_SIZE(agreed); i++)
            if (headers_find(headers, agreed[i]))
                MHD_add_response_header(response, agreed[i], headers_find(headers, agreed[i]));
        MHD_add_response_header(response, "Sec-WebSocket-Accept", accept);
        MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
    }
    answer(exchange, MHD_HTTP_SWITCHING_PROTOCOLS, response);
}

static enum tb_error_code error_code(int status)
{
    switch (status) {
    case 400:
    case 405:
    case 413:
    case 414:
    case 421:
    case 426:
    case 431:
        return TB_ERROR_BAD_REQUEST_PARAMS;
    case 401:
        return TB_ERROR_AUTHENTICATION;
    case 403:
        return TB_ERROR_PERMISSION_DENIED;
    case 404:
        return TB_ERROR_ITEM_NOT_FOUND;
    default:
        return TB_ERROR_GENERAL;
    }
}

static struct MHD_Response *error_response(struct exchange *exchange, int status, const char *message)
{
    /* A message that is no UTF-8 (a server's words may be ISO-8859-1) is left out. */
    json_t *text = json_string(message);
    json_t *error = json_pack("{s:i,s:o,s:i,s:I}", "status", status, "message",
                              text ? text : json_string("(text that is no UTF-8)"), "errorCode",
                              (int)error_code(status), "timestamp", (json_int_t)clock_wall_ms());
    char *body = error ? json_dumps(error, JSON_COMPACT) : NULL;
    struct MHD_Response *response =
        body ? response_from(exchange, body, strlen(body), MHD_RESPMEM_MUST_FREE) : NULL;

    json_decref(error);
    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    return response;
}

/* An answer of the server's whose header libmicrohttpd cannot send becomes 502. Takes over RESPONSE. */
static struct MHD_Response *make_fit(struct exchange *exchange, int *status, struct MHD_Response *response)
{
    size_t needed = header_room_needed(response), room = header_room(exchange->connection);
    char message[200];

    if (needed <= room)
        return response;
    MHD_destroy_response(response);
    snprintf(message, sizeof(message),
             "the server's answer cannot be passed on: its header needs %zu bytes, and there is room for %zu",
             needed, room);
    *status = 502;
    response = error_response(exchange, 502, message);
    if (response)
        add_proxy_status(response, "error", "http_response_header_section_size");
    return response;
}

void reply_error(struct exchange *exchange, int status, const char *token, const char *format, ...)
{
    char message[TB_ERROR_MESSAGE_MAX + 200];
    struct MHD_Response *response;
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    response = error_response(exchange, status, message);
    if (response && token)
        add_proxy_status(response, "error", token);
    answer(exchange, status, response);
}

static void PRINTF_LIKE(4, 0) unavailable(struct exchange *exchange, const char *token, int64_t delay_ms,
                                          const char *format, va_list args)
{
    char message[TB_ERROR_MESSAGE_MAX + 200], seconds[24];
    struct MHD_Response *response;

    vsnprintf(message, sizeof(message), format, args);
    response = error_response(exchange, 503, message);
    if (response) {
        snprintf(seconds, sizeof(seconds), "%" PRId64, delay_ms <= 1000 ? 1 : (delay_ms + 999) / 1000);
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
        add_proxy_status(response, "error", token);
    }
    answer(exchange, 503, response);
}

/* When the queue may have moved on, or the budget takes something again, or the exchange's operation; 0 if
 * that is not known. */
static int64_t busy_ms(const struct exchange *exchange)
{
    const struct services *services = exchange->services;
    const struct queue_item *item = &exchange->item;
    int64_t now_ms = services->loop.now_ms;
    int64_t ready_ms = queue_ready_ms(&services->forward->queue, &services->budget, now_ms);
    int64_t operation_ms = item->cost > 0 ? refused_operations_ready_ms(&services->budget.refusals.operations,
                                                                        now_ms, item->operation, item->cost)
                                          : now_ms;

    if (ready_ms == INT64_MAX || ready_ms < operation_ms)
        ready_ms = operation_ms;
    return ready_ms - now_ms;
}

void reply_busy(struct exchange *exchange, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    unavailable(exchange, "proxy_internal_response", busy_ms(exchange), format, args);
    va_end(args);
}

void reply_later(struct exchange *exchange, int64_t delay_ms, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    unavailable(exchange, "destination_unavailable", delay_ms, format, args);
    va_end(args);
}

void reply_stopping(struct exchange *exchange)
{
    reply_error(exchange, 503, "proxy_internal_response", "tbproxyd is stopping");
}

void reply_not_allowed(struct exchange *exchange, const char *allow)
{
    struct MHD_Response *response = error_response(exchange, 405, "tbproxyd does not take this method here");

    if (response) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
        add_proxy_status(response, "error", "http_request_denied");
    }
    answer(exchange, 405, response);
}

void reply_events(struct exchange *exchange, MHD_ContentReaderCallback read, void *arg)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, EVENTS_BLOCK_BYTES, read, arg, NULL);

    if (response) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    }
    answer(exchange, MHD_HTTP_OK, response);
}

void reply_upgrade_required(struct exchange *exchange)
{
    struct MHD_Response *response = error_response(exchange, 426, "tbproxyd speaks version 13 of WebSocket");

    if (response) {
        MHD_add_response_header(response, "Sec-WebSocket-Version", "13");
        MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
        add_proxy_status(response, "error", "http_request_denied");
    }
    answer(exchange, 426, response);
}

void reply_transfer_error(struct exchange *exchange, const struct transfer *transfer)
{
    if (transfer->error.status == 504)
        reply_error(exchange, 504, transfer->error.token, "the server did not answer in time: %s",
                    transfer->detail);
    else
        reply_error(exchange, transfer->error.status, transfer->error.token, "no answer from the server: %s",
                    transfer->detail);
}

void reply_text(struct exchange *exchange, int status, const char *type, char *text)
{
    struct MHD_Response *response = response_from(exchange, text, strlen(text), MHD_RESPMEM_MUST_FREE);

    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    answer(exchange, status, response);
}

void reply_json(struct exchange *exchange, int status, char *json)
{
    if (json)
        reply_text(exchange, status, "application/json", json);
    else
        answer(exchange, status, response_from(exchange, NULL, 0, MHD_RESPMEM_PERSISTENT));
}
