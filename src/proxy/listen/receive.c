/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/receive.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "http/header_filter.h"
#include "http/origin.h"
#include "http/preference.h"
#include "proxy/exchange/early_response.h"
#include "proxy/exchange/header_room.h"
#include "proxy/exchange/reply.h"
#include "proxy/listen/browser_guard.h"
#include "proxy/listen/dispatch.h"
#include "proxy/websocket/tunnel.h"

/* A refused request's body up to this size is read before the answer is sent, as the server itself does
 * (Tomcat's maxSwallowSize): a client that is still sending would not read it. */
#define SWALLOW_MAX_BYTES (2 * 1024 * 1024)

/* More than libmicrohttpd's memory for a connection. */
#define REQUEST_LINE_MAX_BYTES 65536

#define FORWARDED_MAX_BYTES 80 /* with one of the listener's own names */

#define FOLD_BLANKS_MAX 1024 /* between a header's colon and its value */

#define CONNECTION_MAX_BYTES 512 /* the values of all Connection headers */

struct request_headers {
    struct exchange *exchange;
    struct origin_headers origin;
    const char *content_length;
    const char *transfer_encoding;
    const char *expect;
    const char *content_type;
    const char *upgrade; /* the first */
    char connection[CONNECTION_MAX_BYTES];
    bool unframed; /* where the request ends can be read in two ways */
};

static bool is_header(const char *name, const char *wanted)
{
    return strcasecmp(name, wanted) == 0;
}

/* RFC 9110, section 5.3: several Connection lines are one list. */
static void note_connection(struct request_headers *headers, const char *value)
{
    size_t used = strlen(headers->connection);

    if (used + strlen(value) + 2 > sizeof(headers->connection))
        exchange_refuse(headers->exchange, 431, "the Connection header is too large");
    else
        snprintf(headers->connection + used, sizeof(headers->connection) - used, "%s,", value);
}

/* RFC 9110, section 5.6.2. */
static bool is_token(const char *name)
{
    static const char allowed[] =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    return *name && name[strspn(name, allowed)] == '\0';
}

/* libmicrohttpd appends the second line of a folded header (RFC 9112, section 5.2) to the name, which then
 * stands elsewhere. Otherwise only the colon and blanks are between the two. */
static bool is_folded(const char *name, const char *value)
{
    const char *end = name + strlen(name) + 1;

    return (uintptr_t)value < (uintptr_t)end || (uintptr_t)value - (uintptr_t)end > FOLD_BLANKS_MAX ||
           strspn(end, " \t") != (size_t)(value - end);
}

/* RFC 9110, section 5.5: a CR in it is the end of a line to some. */
static bool is_header_text(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

/* First pass: what the checks need. */
static enum MHD_Result note_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct request_headers *headers = arg;
    const char **slot = is_header(name, MHD_HTTP_HEADER_HOST)                ? &headers->origin.host
                        : is_header(name, MHD_HTTP_HEADER_ORIGIN)            ? &headers->origin.origin
                        : is_header(name, MHD_HTTP_HEADER_REFERER)           ? &headers->origin.referer
                        : is_header(name, "Sec-Fetch-Site")                  ? &headers->origin.sec_fetch_site
                        : is_header(name, MHD_HTTP_HEADER_CONTENT_LENGTH)    ? &headers->content_length
                        : is_header(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) ? &headers->transfer_encoding
                        : is_header(name, MHD_HTTP_HEADER_CONTENT_TYPE)      ? &headers->content_type
                        : is_header(name, MHD_HTTP_HEADER_EXPECT)            ? &headers->expect
                                                                             : NULL;

    (void)kind;
    if (!is_token(name) || (value && (is_folded(name, value) || !is_header_text(value)))) {
        headers->unframed = true;
        exchange_refuse(headers->exchange, 400,
                        "a header that is folded, or has a character that it must not have");
    }
    value = value ? value : "";
    if (is_header(name, MHD_HTTP_HEADER_CONNECTION))
        note_connection(headers, value);
    if (is_header(name, MHD_HTTP_HEADER_UPGRADE) && !headers->upgrade)
        headers->upgrade = value;
    if (!slot)
        return MHD_YES;
    if (*slot) { /* which of the two would count? */
        headers->unframed = true;
        exchange_refuse(headers->exchange, 400, "a header that may stand only once stands twice");
    }
    *slot = value;
    return MHD_YES;
}

/* Both are lists, so that there may be several lines. Of several waits the first counts (RFC 7240, section
 * 2), of several urgencies the last (RFC 8941, section 3.2). */
static void note_preference(struct exchange *exchange, const char *name, const char *value)
{
    if (is_header(name, MHD_HTTP_HEADER_PREFER) && exchange->head.prefer_wait_ms < 0)
        exchange->head.prefer_wait_ms = preference_wait_ms(value);
    if (is_header(name, "Priority") && preference_urgency(value) >= 0)
        exchange->head.urgency = preference_urgency(value);
}

/* Second pass: what goes on to the server. */
static enum MHD_Result copy_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct request_headers *headers = arg;
    struct exchange *exchange = headers->exchange;

    (void)kind;
    value = value ? value : "";
    note_preference(exchange, name, value);
    if (!filter_request_header(name, exchange->services->config->forward.request_headers,
                               headers->connection))
        return MHD_YES;
    if (headers_add(&exchange->head.headers, name, strlen(name), value, strlen(value)) < 0) {
        exchange_refuse(exchange, 431, "the header is too large");
        return MHD_NO;
    }
    return MHD_YES;
}

/* The server writes its own URL into its pages, from Host or from this (RFC 7239; Spring puts it before
 * X-Forwarded-Host): a page seen under our name must lead to us. The guard has checked the name. Not under
 * /api, where such URLs go into e-mails. */
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

/* Also the trailers count, which come behind the body. */
static void check_room(struct exchange *exchange)
{
    if (header_room(exchange->connection) < HEADER_ROOM_WANTED_BYTES)
        exchange_refuse(exchange, 431, "the header is too large");
}

/* RFC 9112, sections 6.1 and 6.3; two length headers, or a coding other than chunked, are read differently by
 * different servers. Returns the length, -1 where it is unknown. */
static int64_t check_length(struct exchange *exchange, struct request_headers *headers, bool http_1_0)
{
    int64_t length;

    if (headers->transfer_encoding &&
        (http_1_0 || headers->content_length || !is_header(headers->transfer_encoding, "chunked"))) {
        headers->unframed = true;
        exchange_refuse(exchange, 400,
                        http_1_0 ? "HTTP/1.0 knows no Transfer-Encoding"
                        : headers->content_length
                            ? "Content-Length and Transfer-Encoding exclude each other"
                            : "the only Transfer-Encoding that is understood is chunked");
    }
    if (headers->transfer_encoding)
        return -1;
    if (!headers->content_length)
        return 0;
    length = strtoll(headers->content_length, NULL, 10); /* MHD has refused what is no number */
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

/* MHD hands the target over as a string, which ends at a NUL: is there more of it before the version? Both
 * stand in the same request line, with one byte between them. */
static void check_request_line(struct exchange *exchange, const char *version)
{
    uintptr_t end = exchange->head.raw_address + strlen(exchange->head.raw_target) + 1;

    if ((uintptr_t)version > end && (uintptr_t)version - end < REQUEST_LINE_MAX_BYTES)
        exchange_refuse(exchange, 400, "a NUL byte in the request line");
}

/* Whether it becomes a WebSocket; any other Upgrade is ignored (RFC 9110, section 7.8). */
static bool is_websocket(const struct exchange *exchange, const struct request_headers *headers,
                         bool http_1_0)
{
    return exchange->head.route.kind == ROUTE_FORWARD &&
           strcmp(exchange->head.method, MHD_HTTP_METHOD_GET) == 0 && !http_1_0 &&
           exchange->inbound.length == 0 &&
           tunnel_is_wanted(exchange->head.target.text.data, exchange->head.target.path_length,
                            headers->upgrade, headers->connection);
}

/* A body that is not kept is read when the handler wants it. */
static void begin_stream(struct exchange *exchange)
{
    struct inbound *inbound = &exchange->inbound;

    inbound->streams = true;
    inbound->at_header = inbound->length >= 0;
    inbound->received = (int64_t)inbound->body.len;
    dispatch(exchange);
}

/* libmicrohttpd would send 100 Continue at a time that nobody here knows, perhaps after an early answer: it
 * finds nothing that it knows in the header. */
static void take_over_expect(struct exchange *exchange, struct request_headers *headers, bool http_1_0)
{
    exchange->inbound.expects = !http_1_0 && headers->expect && is_header(headers->expect, "100-continue");
    if (exchange->inbound.expects)
        *(char *)(uintptr_t)headers->expect = '\0'; /* in the memory of the connection */
}

/* What the path and the method are of, and what of the header goes on. */
static void find_route(struct exchange *exchange, struct request_headers *headers, const char *method,
                       bool http_1_0)
{
    struct head *head = &exchange->head;
    const char *path = head->target.text.data;
    size_t path_length = head->target.path_length;

    head->operation = operation_find(method, path, path_length);
    head->route = route_find(method, path, path_length);
    if (is_websocket(exchange, headers, http_1_0))
        head->route.kind = ROUTE_TUNNEL;
    head->retry = operation_retry(head->operation, method, path, path_length);
    add_forwarded(exchange, &headers->origin);
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, copy_header, headers);
}

static void check_header(struct exchange *exchange, struct request_headers *headers, const char *version,
                         bool http_1_0)
{
    const struct upstream *upstream = &exchange->services->upstream;
    const char *target = exchange->head.raw_target;
    const char *reason;
    int status;

    check_request_line(exchange, version);
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, note_header, headers);
    headers->origin.target = origin_length(target) ? target : NULL;
    status = browser_guard_check(&headers->origin, exchange->peer->port,
                                 servers_configured_url(&upstream->servers, target), http_1_0, &reason);
    if (status != 0)
        exchange_refuse(exchange, status, reason);
    check_target(exchange);
    check_room(exchange);
    exchange->inbound.length = check_length(exchange, headers, http_1_0);
    exchange->head.keeps_connection = !http_1_0 && !header_list_contains(headers->connection, "close");
}

void receive_header(struct exchange *exchange, const char *method, const char *version)
{
    struct request_headers headers = {.exchange = exchange};
    bool http_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    int64_t length;

    /* libmicrohttpd's text goes with the connection; a call may outlive that. */
    exchange->head.method = route_method(method) ? route_method(method) : method;
    check_header(exchange, &headers, version, http_1_0);
    if (!exchange_is_answered(exchange))
        find_route(exchange, &headers, method, http_1_0);
    length = exchange->inbound.length;
    if (exchange_is_answered(exchange)) {
        exchange->inbound.state = INBOUND_DISCARDING;
        exchange->outbound.close = headers.unframed;
        if (length > SWALLOW_MAX_BYTES || headers.expect || headers.unframed)
            reply_held(exchange);
    } else if (length > exchange->services->config->limits.max_kept_body_bytes) {
        take_over_expect(exchange, &headers, http_1_0);
        begin_stream(exchange);
    }
}

/* Why a part of the body was not taken: R of inbound.h. */
static const char *reason_of(int r)
{
    return r == -EMSGSIZE  ? "the body is larger than limits.max_body_bytes"
           : r == -ENOBUFS ? "too many bodies are under way (limits.max_buffered_bytes): try again later"
                           : "out of memory";
}

static void keep(struct exchange *exchange, const char *data, size_t length)
{
    int r = inbound_keep(exchange, data, length);

    if (r == 0)
        return;
    exchange_refuse(exchange, r == -EMSGSIZE ? 413 : 503, reason_of(r));
    exchange->inbound.state = INBOUND_DISCARDING;
    inbound_free(exchange);
}

static void stream(struct exchange *exchange, const char *data, size_t *length)
{
    int r = inbound_stream(exchange, data, length);

    if (r == 0)
        return;
    *length = 0;
    if (r == -EMSGSIZE)
        reply_refused(exchange, 413, reason_of(r));
    else
        reply_busy(exchange, 0, "%s", reason_of(r));
}

/* Whether the body has grown beyond what is kept; its length was not known. */
static bool outgrows(const struct exchange *exchange, size_t length)
{
    const struct config *config = exchange->services->config;
    const struct inbound *inbound = &exchange->inbound;

    return inbound->state == INBOUND_ARRIVING && !inbound->streams && inbound->length < 0 &&
           inbound->body.len + length > (size_t)config->limits.max_kept_body_bytes &&
           config->limits.max_body_bytes > config->limits.max_kept_body_bytes;
}

bool receive_body(struct exchange *exchange, const char *data, size_t *length)
{
    size_t arrived = *length;

    if (outgrows(exchange, arrived))
        begin_stream(exchange);
    if (exchange->inbound.state != INBOUND_DISCARDING && exchange->inbound.streams) {
        stream(exchange, data, length);
        return true;
    }
    *length = 0;
    if (exchange->inbound.state == INBOUND_DISCARDING)
        return inbound_discard(exchange, arrived);
    keep(exchange, data, arrived);
    return true;
}

bool receive_end(struct exchange *exchange)
{
    struct inbound *inbound = &exchange->inbound;

    if (exchange->outbound.state == OUTBOUND_EARLY)
        return !early_response_body_ended(exchange);
    if (inbound->state == INBOUND_ARRIVING && !inbound->streams)
        check_room(exchange);
    inbound->state = INBOUND_COMPLETE;
    if (exchange->outbound.state == OUTBOUND_HELD)
        reply_held(exchange);
    else if (!inbound->streams)
        dispatch(exchange);
    else if (exchange->handler->body)
        exchange->handler->body(exchange);
    return true;
}
