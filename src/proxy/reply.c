/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/reply.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "proxy/daemon.h"
#include "proxy/filter.h"

#define PROXY_NAME "tbproxyd"

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

/* The one place where an exchange gets its answer. Takes over RESPONSE. */
static void answer(struct exchange *exchange, int status, struct MHD_Response *response)
{
    struct daemon *daemon = exchange->daemon;

    request_cancel(&exchange->request);
    loop_timer_stop(&daemon->loop, &exchange->hang_up_timer);
    exchange->state = EXCHANGE_ANSWERED;
    if (response && (daemon->draining || exchange->close))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (!response || MHD_queue_response(exchange->connection, (unsigned)status, response) != MHD_YES) {
        log_error("an answer with status %d could not be sent", status);
        /* Resumed without an answer, the connection is closed by on_request(). */
    }
    if (response)
        MHD_destroy_response(response);
    if (exchange->suspended) {
        exchange->suspended = false;
        MHD_resume_connection(exchange->connection);
        exchange->listener->pending = true;
    }
    if (log_is_enabled(LOG_LEVEL_DEBUG))
        log_answer(exchange, status);
}

static struct MHD_Response *response_from(void *body, size_t length, enum MHD_ResponseMemoryMode mode)
{
    return MHD_create_response_from_buffer(length, body, mode);
}

/* Never called: MHD sends no body for HEAD. */
static ssize_t no_body(void *arg, uint64_t position, char *data, size_t max)
{
    (void)arg;
    (void)position;
    (void)data;
    (void)max;
    return MHD_CONTENT_READER_END_OF_STREAM;
}

/* The answer to HEAD has no body but may tell the length that GET's would have. Where the server does not
 * tell it, the connection is closed: MHD would else send the end of a chunked body, which the client takes
 * for the next answer. */
static struct MHD_Response *head_response(const struct transfer *transfer)
{
    const char *length = headers_find(&transfer->response, MHD_HTTP_HEADER_CONTENT_LENGTH);
    struct MHD_Response *response = MHD_create_response_from_callback(
        length ? strtoull(length, NULL, 10) : MHD_SIZE_UNKNOWN, 1, no_body, NULL, NULL);

    if (response && !length)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}

/* A Location on the server becomes one on this listener: its path. */
static const char *local_location(const struct exchange *exchange, const char *location)
{
    const char *url = exchange->daemon->config->upstream.url;
    size_t origin = strlen(url);

    while (origin > 0 && url[origin - 1] == '/')
        origin--;
    return strncmp(location, url, origin) == 0 && location[origin] == '/' ? location + origin : location;
}

static void copy_headers(const struct exchange *exchange, struct MHD_Response *response)
{
    const struct headers *headers = &exchange->request.transfer.response;
    const char *connection = headers_find(headers, MHD_HTTP_HEADER_CONNECTION);
    char name[256];
    const char *line;

    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line)) {
        size_t length = strcspn(line, ":");
        const char *value = header_value(line);

        if (!filter_response_header(line, connection) || length >= sizeof(name))
            continue;
        memcpy(name, line, length);
        name[length] = '\0';
        if (header_is(line, MHD_HTTP_HEADER_LOCATION))
            value = local_location(exchange, value);
        MHD_add_response_header(response, name, value);
    }
}

static void add_proxy_status(struct MHD_Response *response, const char *parameter, const char *value)
{
    char text[300];

    snprintf(text, sizeof(text), PROXY_NAME "; %s=%s", parameter, value);
    MHD_add_response_header(response, "Proxy-Status", text);
}

void reply_forward(struct exchange *exchange, const char *details)
{
    struct transfer *transfer = &exchange->request.transfer;
    struct MHD_Response *response;

    if (strcmp(exchange->method, MHD_HTTP_METHOD_HEAD) == 0)
        response = head_response(transfer);
    else /* the exchange keeps the body until it is retired */
        response =
            response_from(transfer->response_body.data, transfer->response_body.len, MHD_RESPMEM_PERSISTENT);
    if (response)
        copy_headers(exchange, response);
    if (response && details)
        add_proxy_status(response, "received-status=429; details", details);
    answer(exchange, transfer->status, response);
}

static enum tb_error_code error_code(int status)
{
    switch (status) {
    case 400:
    case 405:
    case 413:
    case 414:
    case 421:
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

static struct MHD_Response *error_response(int status, const char *message)
{
    /* A message that is no UTF-8 (a server's words may be ISO-8859-1) is left out. */
    json_t *text = json_string(message);
    json_t *error = json_pack("{s:i,s:o,s:i,s:I}", "status", status, "message",
                              text ? text : json_string("(text that is no UTF-8)"), "errorCode",
                              (int)error_code(status), "timestamp", (json_int_t)clock_wall_ms());
    char *body = error ? json_dumps(error, JSON_COMPACT) : NULL;
    struct MHD_Response *response = body ? response_from(body, strlen(body), MHD_RESPMEM_MUST_FREE) : NULL;

    json_decref(error);
    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
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
    response = error_response(status, message);
    if (response && token)
        add_proxy_status(response, "error", token);
    answer(exchange, status, response);
}

void reply_not_allowed(struct exchange *exchange, const char *allow)
{
    struct MHD_Response *response = error_response(405, "tbproxyd does not take this method here");

    if (response) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
        add_proxy_status(response, "error", "http_request_denied");
    }
    answer(exchange, 405, response);
}

void reply_json(struct exchange *exchange, int status, char *json)
{
    struct MHD_Response *response =
        response_from(json, json ? strlen(json) : 0, json ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);

    if (response && json)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    answer(exchange, status, response);
}
