/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/receive.h"

#include <errno.h>

#include "proxy/exchange/early_response.h"
#include "proxy/exchange/reply.h"
#include "proxy/listen/dispatch.h"
#include "proxy/listen/request_header.h"
#include "proxy/local/login.h"

/* If the body of a refused request is not larger, it is read before the response is sent, as the server
 * itself does (Tomcat's maxSwallowSize): a client that is still sending would not read the response. */
#define SWALLOW_MAX_BYTES (2 * 1024 * 1024)

/* The body of a request on the admin socket: a level of the log. */
#define ADMIN_BODY_MAX_BYTES 4096

/* Why a part of the body was not taken. R: an error of inbound_keep() or inbound_stream(); -E2BIG for
 * a login; -ENOSPC on the admin socket. */
static const char *reason_of(int r)
{
    return r == -E2BIG      ? "the body of a login is larger than 32 KiB"
           : r == -ENOSPC   ? "the body is larger than 4 KiB"
           : r == -EMSGSIZE ? "the body is larger than limits.max_body_bytes"
           : r == -ENOBUFS  ? "too many bodies in memory (limits.max_buffered_bytes); try again later"
                            : "out of memory";
}

/* The connection waits until the handler wants the body. If its length is not known, a part of it is there.
 */
static void begin_stream(struct exchange *exchange)
{
    struct inbound *inbound = &exchange->inbound;

    inbound->streams = true;
    inbound->at_header = inbound->length >= 0;
    inbound->received = (int64_t)inbound->body.len;
    dispatch(exchange);
}

/* inbound_continue() sends 100 Continue. libmicrohttpd might send it after an early response, so the header
 * is made empty in its memory. */
static void take_over_expect(struct exchange *exchange, const struct request_header *header)
{
    exchange->inbound.expects =
        !header->http_1_0 && header->expect && strcasecmp(header->expect, "100-continue") == 0;
    if (exchange->inbound.expects)
        *(char *)(uintptr_t)header->expect = '\0';
}

/* What is answered here: only as much of it is taken as it needs. */
static int check_own(const struct exchange *exchange, int64_t length)
{
    if (exchange->head.route.kind == ROUTE_LOGIN && length > LOGIN_BODY_MAX_BYTES)
        return -E2BIG;
    return exchange->peer->kind == LISTENER_ADMIN && length > ADMIN_BODY_MAX_BYTES ? -ENOSPC : 0;
}

/* A larger one streams. */
static int64_t kept_max_bytes(const struct exchange *exchange)
{
    return exchange->peer->kind == LISTENER_ADMIN ? ADMIN_BODY_MAX_BYTES
                                                  : exchange->services->config->limits.max_kept_body_bytes;
}

void receive_header(struct exchange *exchange, const char *method, const char *version)
{
    struct request_header header = {.exchange = exchange};
    int64_t length;
    int r;

    request_header_read(&header, method, version);
    length = exchange->inbound.length;
    r = check_own(exchange, length);
    if (r < 0)
        exchange_refuse(exchange, 413, reason_of(r));
    if (exchange_has_response(exchange)) {
        exchange->inbound.state = INBOUND_DISCARDING;
        exchange->outbound.close = header.is_ambiguous;
        if (length > SWALLOW_MAX_BYTES || header.expect || header.is_ambiguous)
            reply_held(exchange);
    } else if (length > kept_max_bytes(exchange)) {
        take_over_expect(exchange, &header);
        begin_stream(exchange);
    }
}

static void keep(struct exchange *exchange, const char *data, size_t length)
{
    int r = check_own(exchange, (int64_t)(exchange->inbound.body.len + length));

    if (r == 0)
        r = inbound_keep(exchange, data, length);
    if (r == 0)
        return;
    exchange_refuse(exchange, r == -EMSGSIZE || r == -E2BIG || r == -ENOSPC ? 413 : 503, reason_of(r));
    exchange->inbound.state = INBOUND_DISCARDING;
    inbound_free(exchange);
}

static void stream(struct exchange *exchange, const char *data, size_t *length)
{
    int r = inbound_stream(exchange, data, length);

    if (r == 0)
        return;
    *length = 0;
    if (r == -EMSGSIZE) {
        reply_refused(exchange, 413, reason_of(r));
    } else {
        metrics_refused(exchange->services->metrics, METRICS_REFUSED_MEMORY);
        reply_busy(exchange, 0, "%s", reason_of(r));
    }
}

/* Whether a body of unknown length becomes larger than what is kept. */
static bool outgrows(const struct exchange *exchange, size_t length)
{
    const struct config *config = exchange->services->config;
    const struct inbound *inbound = &exchange->inbound;
    int64_t kept_max = kept_max_bytes(exchange);

    return inbound->state == INBOUND_ARRIVING && !inbound->streams && inbound->length < 0 &&
           inbound->body.len + length > (size_t)kept_max && config->limits.max_body_bytes > kept_max &&
           exchange->peer->kind != LISTENER_ADMIN;
}

bool receive_body(struct exchange *exchange, const char *data, size_t *length)
{
    size_t arrived = *length;

    peer_moved(exchange->peer, arrived);
    metrics_count(exchange->services->metrics, METRICS_REQUEST_BYTES, arrived);
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
        request_header_check_room(exchange); /* trailers need room, too */
    inbound->state = INBOUND_COMPLETE;
    if (exchange->outbound.state == OUTBOUND_HELD)
        reply_held(exchange);
    else if (!inbound->streams)
        dispatch(exchange);
    else if (exchange->handler->body)
        exchange->handler->body(exchange);
    return true;
}
