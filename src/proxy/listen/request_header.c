/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/request_header.h"

#include <errno.h>
#include <stdio.h>

#include "http/field_line.h"
#include "http/header_filter.h"
#include "http/headers.h"
#include "http/origin.h"
#include "http/preference.h"
#include "proxy/exchange/header_room.h"
#include "proxy/websocket/tunnel.h"

/* More than libmicrohttpd's memory for a connection. */
#define REQUEST_LINE_MAX_BYTES 65536

#define FORWARDED_MAX_BYTES (HOST_MAX_BYTES + 40) /* with one of the listener's own names, and a port */

#define FOLD_BLANKS_MAX 1024 /* between a header's colon and its value */

static bool is_header(const char *name, const char *wanted)
{
    return header_name_is(name, strlen(name), wanted);
}

/* RFC 9110, section 5.3: several Connection lines are one list. */
static void note_connection(struct request_header *header, const char *value)
{
    size_t used = strlen(header->connection);

    if (used + strlen(value) + 2 > sizeof(header->connection))
        exchange_refuse(header->exchange, 431, "the Connection header is too large");
    else
        snprintf(header->connection + used, sizeof(header->connection) - used, "%s,", value);
}

static bool is_token(const char *name)
{
    size_t length = field_token_length(name);

    return length > 0 && name[length] == '\0';
}

/* libmicrohttpd appends the second line of a folded header (RFC 9112, section 5.2) to the name, which it
 * moves elsewhere. Otherwise only the colon and blanks are between name and value. */
static bool is_folded(const char *name, const char *value)
{
    const char *end = name + strlen(name) + 1;

    return (uintptr_t)value < (uintptr_t)end || (uintptr_t)value - (uintptr_t)end > FOLD_BLANKS_MAX ||
           strspn(end, " \t") != (size_t)(value - end);
}

/* Whether a browser says it, of a request that a web page has caused. */
static bool is_of_page(const char *name)
{
    static const char fetch[] = "Sec-Fetch-";

    return is_header(name, MHD_HTTP_HEADER_ORIGIN) || is_header(name, MHD_HTTP_HEADER_REFERER) ||
           strncasecmp(name, fetch, strlen(fetch)) == 0;
}

/* ---- checks ---- */

/* First pass: what the checks need. */
static enum MHD_Result request_header_note(void *arg, enum MHD_ValueKind kind, const char *name,
                                           const char *value)
{
    struct request_header *header = arg;
    const char **slot = is_header(name, MHD_HTTP_HEADER_HOST)                ? &header->origin.host
                        : is_header(name, MHD_HTTP_HEADER_ORIGIN)            ? &header->origin.origin
                        : is_header(name, MHD_HTTP_HEADER_REFERER)           ? &header->origin.referer
                        : is_header(name, "Sec-Fetch-Site")                  ? &header->origin.sec_fetch_site
                        : is_header(name, "Service-Worker")                  ? &header->origin.service_worker
                        : is_header(name, MHD_HTTP_HEADER_CONTENT_LENGTH)    ? &header->content_length
                        : is_header(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) ? &header->transfer_encoding
                        : is_header(name, MHD_HTTP_HEADER_CONTENT_TYPE)      ? &header->content_type
                        : is_header(name, MHD_HTTP_HEADER_EXPECT)            ? &header->expect
                        : is_header(name, "Access-Control-Request-Method")   ? &header->requested_method
                                                                             : NULL;

    (void)kind;
    if (!is_token(name) ||
        (value && (is_folded(name, value) || !field_text_is_valid(value, value + strlen(value))))) {
        header->is_ambiguous = true;
        exchange_refuse(header->exchange, 400, "a header is folded or contains an invalid character");
    }
    value = value ? value : "";
    if (is_header(name, MHD_HTTP_HEADER_CONNECTION))
        note_connection(header, value);
    if (is_header(name, MHD_HTTP_HEADER_UPGRADE) && !header->upgrade)
        header->upgrade = value;
    if (is_of_page(name))
        header->exchange->head.may_be_from_page = true;
    if (!slot)
        return MHD_YES;
    if (*slot) { /* which of the two counts? */
        header->is_ambiguous = true;
        exchange_refuse(header->exchange, 400, "a header that must be unique is repeated");
    }
    *slot = value;
    return MHD_YES;
}

void request_header_check_room(struct exchange *exchange)
{
    if (header_room(exchange->connection) < HEADER_ROOM_WANTED_BYTES)
        exchange_refuse(exchange, 431, "the header is too large");
}

/* RFC 9112, sections 6.1 and 6.3: servers differ in how they read two length headers, or a coding other than
 * chunked. Returns the length of the body; -1 if it is unknown. */
static int64_t check_length(struct exchange *exchange, struct request_header *header)
{
    int64_t length;

    if (header->transfer_encoding &&
        (header->http_1_0 || header->content_length || !is_header(header->transfer_encoding, "chunked"))) {
        header->is_ambiguous = true;
        exchange_refuse(exchange, 400,
                        header->http_1_0         ? "Transfer-Encoding is not allowed in HTTP/1.0"
                        : header->content_length ? "Content-Length and Transfer-Encoding cannot be combined"
                                                 : "the only supported Transfer-Encoding is chunked");
    }
    if (header->transfer_encoding)
        return -1;
    if (!header->content_length)
        return 0;
    length = strtoll(header->content_length, NULL, 10); /* MHD has refused what is not a number */
    if (length > exchange->services->config->limits.max_body_bytes)
        exchange_refuse(exchange, 413, "the body is larger than limits.max_body_bytes");
    return length;
}

static void check_target(struct exchange *exchange)
{
    const char *reason;
    int r = target_parse(exchange->head.raw_target, &exchange->head.target, &reason);

    if (r == -EMSGSIZE)
        exchange_refuse(exchange, 414, "the target is too long");
    else if (r == -ENOMEM)
        exchange_refuse(exchange, 503, "out of memory");
    else if (r < 0)
        exchange_refuse(exchange, 400, reason);
}

/* libmicrohttpd gives the target as a string, which ends at a NUL. The version follows it in the same request
 * line, one byte later, unless the target has more after a NUL. */
static void check_request_line(struct exchange *exchange, const char *version)
{
    uintptr_t end = exchange->head.raw_address + strlen(exchange->head.raw_target) + 1;

    if ((uintptr_t)version > end && (uintptr_t)version - end < REQUEST_LINE_MAX_BYTES)
        exchange_refuse(exchange, 400, "a NUL byte in the request line");
}

static void check(struct exchange *exchange, struct request_header *header, const char *version)
{
    const struct config *config = exchange->services->config;
    const char *target = exchange->head.raw_target;
    struct guarded_listener listener = {
        .port = exchange->peer->port,
        .upstream = servers_configured_url(&exchange->services->upstream.servers, target),
        .hosts = config->listen.hosts,
        .origins = exchange->peer->kind == LISTENER_API ? config->listen.origins : "",
    };
    const char *reason;
    int status;

    check_request_line(exchange, version);
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, request_header_note, header);
    header->origin.target = origin_length(target) ? target : NULL;
    status = browser_guard_check(&header->origin, &listener, header->http_1_0, &reason);
    if (status != 0)
        exchange_refuse(exchange, status, reason);
    check_target(exchange);
    request_header_check_room(exchange);
    exchange->inbound.length = check_length(exchange, header);
    exchange->head.is_http_1_0 = header->http_1_0;
    exchange->head.keeps_connection = !header->http_1_0 && !header_list_contains(header->connection, "close");
}

/* ---- the route, and what is forwarded ---- */

/* Both are lists, so there may be several lines. The first wait counts (RFC 7240, section 2), and the last
 * urgency (RFC 8941, section 3.2). */
static void note_preference(struct exchange *exchange, const char *name, const char *value)
{
    if (is_header(name, MHD_HTTP_HEADER_PREFER) && exchange->head.prefer_wait_ms < 0)
        exchange->head.prefer_wait_ms = preference_wait_ms(value);
    if (is_header(name, MHD_HTTP_HEADER_PREFER) && preference_is_async(value))
        exchange->head.prefers_async = true;
    if (is_header(name, "Priority") && preference_urgency(value) >= 0)
        exchange->head.urgency = preference_urgency(value);
}

/* Second pass: what is forwarded. */
static enum MHD_Result request_header_copy(void *arg, enum MHD_ValueKind kind, const char *name,
                                           const char *value)
{
    struct request_header *header = arg;
    struct exchange *exchange = header->exchange;
    int r;

    (void)kind;
    value = value ? value : "";
    note_preference(exchange, name, value);
    if (!filter_request_header(name, exchange->services->config->forward.request_headers, header->connection))
        return MHD_YES;
    r = headers_add(&exchange->head.headers, name, strlen(name), value, strlen(value));
    if (r == -ENOMEM)
        exchange_refuse(exchange, 503, "out of memory");
    else if (r < 0)
        exchange_refuse(exchange, 431, "the header is too large");
    return r < 0 ? MHD_NO : MHD_YES;
}

/* The server writes its own URL into its pages. It takes it from Forwarded (RFC 7239), which Spring prefers
 * to X-Forwarded-Host, or from Host. A page that came through tbproxyd must link to tbproxyd. The browser
 * guard has checked the name. Not below /api, where such URLs go into e-mails. */
static void add_forwarded(struct exchange *exchange, const struct origin_headers *origin)
{
    char value[FORWARDED_MAX_BYTES];

    if (exchange->head.route.kind != ROUTE_FORWARD_PAGE || exchange->peer->port == 0 || !origin->host ||
        origin->target)
        return;
    snprintf(value, sizeof(value), "host=\"%s\";proto=http", origin->host);
    if (headers_add(&exchange->head.headers, "Forwarded", strlen("Forwarded"), value, strlen(value)) < 0)
        exchange_refuse(exchange, 503, "out of memory");
}

/* Any other Upgrade is ignored (RFC 9110, section 7.8). */
static bool is_websocket(const struct exchange *exchange, const struct request_header *header)
{
    return exchange->head.route.kind == ROUTE_FORWARD && exchange->peer->kind == LISTENER_API &&
           strcmp(exchange->head.method, MHD_HTTP_METHOD_GET) == 0 && !header->http_1_0 &&
           exchange->inbound.length == 0 &&
           route_has_websocket(exchange->head.target.text.data, exchange->head.target.path_length) &&
           tunnel_is_wanted(header->upgrade, header->connection);
}

/* The question of a browser whether a page may send such a request (https://fetch.spec.whatwg.org/). The
 * guard has let in only pages that may; of a page of the listener's own, no browser asks. */
static bool is_preflight(const struct exchange *exchange, const struct request_header *header)
{
    return strcmp(exchange->head.method, MHD_HTTP_METHOD_OPTIONS) == 0 && exchange->peer->port != 0 &&
           exchange->peer->kind == LISTENER_API && *exchange->services->config->listen.origins &&
           header->origin.origin && header->requested_method;
}

static unsigned listener_of(const struct exchange *exchange)
{
    unsigned kind = exchange->peer->kind;

    return kind == LISTENER_API && exchange->services->config->status.on_api ? kind | LISTENER_API_STATUS
                                                                             : kind;
}

static void find_route(struct exchange *exchange, struct request_header *header, const char *method)
{
    struct head *head = &exchange->head;
    const char *path = head->target.text.data;
    size_t path_length = head->target.path_length;

    head->operation = operation_find(method, path, path_length);
    head->route = is_preflight(exchange, header)
                      ? route_preflight()
                      : route_find(listener_of(exchange), method, path, path_length);
    if (is_websocket(exchange, header))
        head->route.kind = ROUTE_TUNNEL;
    head->retry = operation_retry(head->operation, method, path, path_length);
    add_forwarded(exchange, &header->origin);
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, request_header_copy, header);
}

void request_header_read(struct request_header *header, const char *method, const char *version)
{
    struct exchange *exchange = header->exchange;

    header->http_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    /* libmicrohttpd's text goes with the connection; a call may outlive that. */
    exchange->head.method = route_method(method) ? route_method(method) : method;
    check(exchange, header, version);
    if (!exchange_has_response(exchange))
        find_route(exchange, header, method);
}
