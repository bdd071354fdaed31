/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/response.h"

#include <inttypes.h>
#include <stdio.h>

#define PROXY_NAME "tbproxyd"

struct response response_from_buffer(void *body, size_t length, enum MHD_ResponseMemoryMode mode)
{
    struct response response = {
        .mhd = MHD_create_response_from_buffer(length, body, mode), .body = body, .length = length};

    if (!response.mhd && mode == MHD_RESPMEM_MUST_FREE)
        free(body);
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

void response_set_error(struct response *response, const char *type)
{
    response->error = type;
    response_add_proxy_status(*response, "error", type);
}

void response_read_timing(const struct exchange *exchange, int64_t *waited_ms, int64_t *upstream_ms)
{
    const struct timing *timing = &exchange->timing;

    *waited_ms = timing->was_sent || timing->waited_us > 0 ? timing->waited_us / 1000 : -1;
    *upstream_ms = timing->was_sent ? timing->upstream_us / 1000 : -1;
}

void response_add_timing(struct response response, const struct exchange *exchange)
{
    int64_t waited_ms, upstream_ms;
    const char *reason = exchange->outbound.wait_reason;
    char text[120];

    response_read_timing(exchange, &waited_ms, &upstream_ms);
    snprintf(text, sizeof(text), "queue;dur=%" PRId64 "%s%s%s, upstream;dur=%" PRId64, waited_ms,
             reason ? ";desc=\"" : "", reason ? reason : "", reason ? "\"" : "", upstream_ms);
    response_add(response, "Server-Timing", text);
}

void response_add_close(struct response response, const struct exchange *exchange)
{
    if (response.mhd &&
        (exchange->services->draining || exchange->outbound.close || !exchange_takes_response(exchange)) &&
        !MHD_get_response_header(response.mhd, MHD_HTTP_HEADER_CONNECTION))
        response_add(response, MHD_HTTP_HEADER_CONNECTION, "close");
}
