/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/inbound.h"

#include <errno.h>
#include <sys/socket.h>

#include "proxy/exchange/exchange.h"

/* Whether MORE bytes after BYTES are more than a body may have. */
static bool is_too_large(const struct exchange *exchange, int64_t bytes, size_t more)
{
    return bytes + (int64_t)more > exchange->services->config->limits.max_body_bytes;
}

/* Nothing more is taken from the quota for a window that has its room already. */
static int take(struct exchange *exchange, const char *data, size_t length)
{
    struct quota *quota = &exchange->peer->principal->shares.bodies;
    size_t more = exchange->inbound.reserved > 0 ? 0 : length;
    int r;

    if (more > 0 && !quota_take(quota, more))
        return -ENOBUFS;
    r = buf_append(&exchange->inbound.body, data, length);
    if (r < 0)
        quota_give_back(quota, more);
    return r;
}

int inbound_keep(struct exchange *exchange, const char *data, size_t length)
{
    return is_too_large(exchange, (int64_t)exchange->inbound.body.len, length) ? -EMSGSIZE
                                                                               : take(exchange, data, length);
}

int inbound_stream(struct exchange *exchange, const char *data, size_t *length)
{
    struct inbound *inbound = &exchange->inbound;
    size_t used = inbound->body.len;
    size_t room = used < EXCHANGE_WINDOW_BYTES ? EXCHANGE_WINDOW_BYTES - used : 0;
    size_t taken = *length < room ? *length : room;
    int r = is_too_large(exchange, inbound->received, taken) ? -EMSGSIZE : take(exchange, data, taken);

    if (r < 0)
        return r;
    inbound->received += (int64_t)taken;
    *length -= taken;
    if (taken > 0 && exchange->handler->body)
        exchange->handler->body(exchange);
    if (inbound->body.len >= EXCHANGE_WINDOW_BYTES)
        exchange_suspend(exchange);
    return 0;
}

bool inbound_discard(struct exchange *exchange, size_t length)
{
    exchange->inbound.discarded += (int64_t)length;
    return exchange->inbound.discarded <= INBOUND_DISCARD_MAX_BYTES;
}

bool inbound_continue(struct exchange *exchange)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    ssize_t length = (ssize_t)strlen(text);

    exchange->inbound.at_header = false;
    return !exchange->inbound.expects || exchange->outbound.state == OUTBOUND_EARLY ||
           send(exchange->peer->watch.fd, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) == length;
}

bool inbound_reserve(struct exchange *exchange)
{
    struct inbound *inbound = &exchange->inbound;
    size_t wanted = EXCHANGE_WINDOW_BYTES;

    if (!inbound->streams || inbound->reserved > 0)
        return true;
    if (inbound->length >= 0 && inbound->length < EXCHANGE_WINDOW_BYTES)
        wanted = (size_t)inbound->length;
    if (wanted < inbound->body.len) /* its length was not known */
        wanted = inbound->body.len;
    if (!quota_take(&exchange->peer->principal->shares.bodies, wanted - inbound->body.len))
        return false;
    inbound->reserved = wanted;
    return true;
}

void inbound_clear(struct exchange *exchange)
{
    struct inbound *inbound = &exchange->inbound;

    if (inbound->reserved > EXCHANGE_WINDOW_BYTES) {
        quota_give_back(&exchange->peer->principal->shares.bodies, inbound->reserved - EXCHANGE_WINDOW_BYTES);
        inbound->reserved = EXCHANGE_WINDOW_BYTES;
    }
    buf_clear(&inbound->body);
    exchange_resume(exchange);
}

void inbound_take(struct exchange *exchange, struct buf *ret)
{
    struct buf *body = &exchange->inbound.body;

    *ret = *body;
    *body = (struct buf)BUF_INIT(ret->max);
}

void inbound_free(struct exchange *exchange)
{
    struct inbound *inbound = &exchange->inbound;

    quota_give_back(&exchange->peer->principal->shares.bodies,
                    inbound->reserved > 0 ? inbound->reserved : inbound->body.len);
    inbound->reserved = 0;
    buf_free(&inbound->body);
}
