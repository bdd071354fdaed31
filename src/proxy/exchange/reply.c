/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/reply.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "proxy/exchange/error_response.h"
#include "proxy/exchange/respond.h"

#define MESSAGE_MAX_BYTES (2 * TB_ERROR_MESSAGE_MAX + 200) /* a cause and a remedy */

#define PREFLIGHT_MAX_AGE_S "600" /* for which a browser may remember the answer */

#define EVENTS_BLOCK_BYTES 16384 /* read by libmicrohttpd at once */

void reply_error(struct exchange *exchange, int status, const char *token, const char *format, ...)
{
    char message[MESSAGE_MAX_BYTES];
    struct response response;
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    response = error_response(status, message);
    if (token)
        response_set_error(&response, token);
    respond(exchange, status, response);
}

static enum metrics_refusal refusal_of(int status)
{
    switch (status) {
    case 403:
    case 421:
        return METRICS_REFUSED_BROWSER_GUARD;
    case 413:
        return METRICS_REFUSED_BODY_SIZE;
    case 503:
        return METRICS_REFUSED_MEMORY;
    default:
        return METRICS_REFUSED_MALFORMED;
    }
}

void reply_refused(struct exchange *exchange, int status, const char *reason)
{
    metrics_refused(exchange->services->metrics, refusal_of(status));
    reply_error(exchange, status, status == 503 ? PROXY_STATUS_INTERNAL : PROXY_STATUS_DENIED,
                "tbproxyd refused the request: %s", reason);
}

void reply_held(struct exchange *exchange)
{
    reply_refused(exchange, exchange->outbound.status, exchange->outbound.reason);
}

/* Retry-After is in whole seconds, and at least one. */
static void PRINTF_LIKE(4, 0) reply_unavailable(struct exchange *exchange, const char *token,
                                                int64_t delay_ms, const char *format, va_list args)
{
    char message[MESSAGE_MAX_BYTES], seconds[24];
    struct response response;

    vsnprintf(message, sizeof(message), format, args);
    response = error_response(503, message);
    snprintf(seconds, sizeof(seconds), "%" PRId64, delay_ms <= 1000 ? 1 : (delay_ms + 999) / 1000);
    response_add(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    response_set_error(&response, token);
    respond(exchange, 503, response);
}

void reply_busy(struct exchange *exchange, int64_t delay_ms, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    reply_unavailable(exchange, PROXY_STATUS_INTERNAL, delay_ms, format, args);
    va_end(args);
}

void reply_later(struct exchange *exchange, int64_t delay_ms, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    reply_unavailable(exchange, PROXY_STATUS_UNAVAILABLE, delay_ms, format, args);
    va_end(args);
}

void reply_no_memory(struct exchange *exchange)
{
    metrics_refused(exchange->services->metrics, METRICS_REFUSED_MEMORY);
    reply_error(exchange, 503, PROXY_STATUS_INTERNAL, "out of memory");
}

void reply_stopping(struct exchange *exchange)
{
    metrics_refused(exchange->services->metrics, METRICS_REFUSED_STOPPING);
    reply_error(exchange, 503, PROXY_STATUS_INTERNAL, "tbproxyd is stopping");
}

void reply_not_allowed(struct exchange *exchange, const char *allow)
{
    char message[MESSAGE_MAX_BYTES];
    struct response response;

    snprintf(message, sizeof(message), "this method is not allowed here; allowed: %s", allow);
    response = error_response(405, message);
    response_add(response, MHD_HTTP_HEADER_ALLOW, allow);
    response_set_error(&response, PROXY_STATUS_DENIED);
    respond(exchange, 405, response);
}

/* "*" is all headers but Authorization (https://fetch.spec.whatwg.org/#http-new-header-syntax). */
void reply_preflight(struct exchange *exchange, const char *allow)
{
    struct response response = response_from_buffer(NULL, 0, MHD_RESPMEM_PERSISTENT);

    response_add(response, "Access-Control-Allow-Methods", allow);
    response_add(response, "Access-Control-Allow-Headers", "*, Authorization");
    response_add(response, "Access-Control-Max-Age", PREFLIGHT_MAX_AGE_S);
    respond(exchange, 204, response);
}

void reply_upgrade_required(struct exchange *exchange)
{
    struct response response = error_response(426, "only version 13 of WebSocket is supported");

    response_add(response, "Sec-WebSocket-Version", "13");
    response_add(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
    response_set_error(&response, PROXY_STATUS_DENIED);
    respond(exchange, 426, response);
}

void reply_text(struct exchange *exchange, int status, const char *type, char *text)
{
    struct response response = response_from_buffer(text, strlen(text), MHD_RESPMEM_MUST_FREE);

    response_add(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    respond(exchange, status, response);
}

void reply_json(struct exchange *exchange, int status, char *json)
{
    if (json)
        reply_text(exchange, status, "application/json", json);
    else
        reply_no_memory(exchange);
}

void reply_accepted(struct exchange *exchange, int status, const char *location)
{
    struct response response = response_from_buffer(NULL, 0, MHD_RESPMEM_PERSISTENT);

    response_add(response, MHD_HTTP_HEADER_LOCATION, location);
    respond(exchange, status, response);
}

void reply_empty(struct exchange *exchange, int status)
{
    respond(exchange, status, response_from_buffer(NULL, 0, MHD_RESPMEM_PERSISTENT));
}

void reply_events(struct exchange *exchange, MHD_ContentReaderCallback read, void *arg)
{
    struct response response = {
        .mhd = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, EVENTS_BLOCK_BYTES, read, arg, NULL)};

    response_add(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    response_add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    respond_streaming(exchange, MHD_HTTP_OK, response);
}
