/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_admission.h"

#include <errno.h>

#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"
#include "proxy/spool/spool_pending.h"
#include "proxy/spool/spool_reply.h"
#include "proxy/spool/spool_take.h"
#include "proxy/spool/spool_wait.h"

static struct spool *spool_of(struct forward_spool *hooks)
{
    return CONTAINER_OF(hooks, struct spool, hooks);
}

static int64_t next_number(struct spool *spool)
{
    return spool->next_number++;
}

/* ---- one request ---- */

/* Rows of its entity may have waited for it. */
static void end_pending(struct spool *spool, struct spool_pending *pending)
{
    struct spool_write write = pending->write;
    bool has_rows = pending->backlog->has_rows;

    spool_pending_free(pending);
    if (!has_rows)
        return;
    spool_delivery_wake(&spool->delivery, write.entity);
    forward_wake_in(spool->services->forward, 0);
}

static void take_pending(struct spool *spool, struct spool_pending *pending);

/* Those that have not been sent follow a row that is the first of its entity. */
static void take_unsent(struct spool *spool, const char *key)
{
    struct spool_backlog *backlog = spool_entities_find(&spool->entities, key);
    struct spool_pending *pending;

    while (backlog && backlog->storing > 0 && (pending = spool_pending_unsent(backlog))) {
        take_pending(spool, pending);
        backlog = spool_entities_find(&spool->entities, key);
    }
}

static struct spool_write write_of(const struct exchange *exchange)
{
    const struct head *head = &exchange->head;

    return head->route.kind == ROUTE_FORWARD_ANONYMOUS
               ? (struct spool_write){0}
               : spool_write_read(head->operation, head->target.text.data, head->target.path_length);
}

/* What has just arrived. */
static void take_arrival(struct spool *spool, struct forwarding *forwarding, const struct spool_write *write)
{
    struct spool_arrival arrival = {.write = *write, .number = next_number(spool)};

    spool_take(spool, forwarding->exchange, &arrival);
    take_unsent(spool, write->entity);
}

#define REST_UNKNOWN "a later one has replaced some of its attributes meanwhile, and it is not known which"

/* Without the values that later requests have replaced. */
static void take_rest(struct spool *spool, struct spool_pending *pending, struct exchange *exchange,
                      const struct spool_arrival *arrival)
{
    int left = spool_pending_take_rest(pending, &exchange->inbound.body);

    if (left == 0)
        spool_reply_replaced(exchange);
    else if (left < 0 && left != -EBADMSG)
        spool_reply_not_stored(exchange, -ENOMEM, REST_UNKNOWN, arrival->may_have_run);
    else
        spool_take(spool, exchange, arrival); /* which refuses what is not an object */
}

static void take_pending(struct spool *spool, struct spool_pending *pending)
{
    struct forwarding *forwarding = pending->forwarding;
    struct exchange *exchange = forwarding->exchange;
    struct spool_arrival arrival = {pending->write, pending->number, forwarding->stamped,
                                    upstream_call_may_have_run(forwarding)};
    int64_t max_ms = forwarding->wait_max_ms;

    forwarding->spool_state = NULL; /* it has not ended */
    pending->forwarding = NULL;
    if (arrival.write.kind == SPOOL_DELETE)
        spool_wait_for_rows(spool, exchange, arrival.write.entity, max_ms);
    else
        take_rest(spool, pending, exchange, &arrival);
    end_pending(spool, pending);
}

/* ---- arrivals ---- */

/* The share of a user counts bodies, and not these texts, which many rows have together. */
static bool has_short_texts(const struct head *head)
{
    const char *type = headers_find(&head->headers, MHD_HTTP_HEADER_CONTENT_TYPE);

    return head->target.text.len <= SPOOL_TARGET_MAX && (!type || strlen(type) <= SPOOL_CONTENT_TYPE_MAX);
}

/* Whether its body is here, and nothing but it and the target says what is written, and whether it is. */
static bool is_plain(const struct exchange *exchange)
{
    static const char *const others[] = {"Content-Encoding", "Content-Range",     "If-Match",
                                         "If-None-Match",    "If-Modified-Since", "If-Unmodified-Since"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(others); i++)
        if (headers_find(&exchange->head.headers, others[i]))
            return false;
    return has_short_texts(&exchange->head) && !exchange->inbound.streams;
}

static bool is_too_large(const struct exchange *exchange)
{
    return exchange->inbound.streams ||
           (int64_t)exchange->inbound.body.len > exchange->services->config->spool.max_body_bytes;
}

static void shorten_hold(struct forwarding *forwarding)
{
    int64_t after_ms = forwarding->exchange->services->config->spool.after_ms;

    if (forwarding->may_be_spooled && forwarding->hold_max_ms > after_ms)
        forwarding->hold_max_ms = after_ms;
}

/* It is forwarded, but the spool remembers it. False: there is no room for that. */
static bool remember(struct spool *spool, struct forwarding *forwarding, const struct spool_write *write)
{
    if (!spool_pending_new(&spool->entities, write, forwarding, next_number(spool)))
        return false;
    forwarding->may_be_spooled = write->kind != SPOOL_DELETE;
    shorten_hold(forwarding);
    return true;
}

static bool keeps_delete(struct spool *spool, struct forwarding *forwarding, const struct spool_write *write,
                         bool is_behind)
{
    if (!is_behind && remember(spool, forwarding, write))
        return false;
    spool_wait_for_rows(spool, forwarding->exchange, write->entity, forwarding->wait_max_ms);
    return true;
}

/* Values have their times, so they need not come after rows in a file that cannot be opened. */
static bool does_without(const struct spool *spool, const struct exchange *exchange,
                         const struct spool_write *write)
{
    return !spool->is_open && write->kind == SPOOL_TELEMETRY && !exchange->head.prefers_async &&
           exchange->services->config->spool.mode == SPOOL_MODE_OUTAGE;
}

static bool keeps_write(struct spool *spool, struct forwarding *forwarding, const struct spool_write *write,
                        bool is_behind)
{
    struct exchange *exchange = forwarding->exchange;
    const struct config *config = exchange->services->config;
    bool is_for_spool = is_behind || config->spool.mode == SPOOL_MODE_ALWAYS || exchange->head.prefers_async;

    if (does_without(spool, exchange, write))
        return false;
    if (is_too_large(exchange) && is_for_spool)
        spool_reply_large(exchange);
    else if (spool->is_opening && is_plain(exchange))
        spool_wait_for_file(spool, exchange, forwarding->wait_max_ms);
    else if (is_for_spool && is_plain(exchange))
        take_arrival(spool, forwarding, write);
    else if (is_too_large(exchange) || !is_plain(exchange))
        return false;
    else if (!remember(spool, forwarding, write))
        take_arrival(spool, forwarding, write);
    else
        return false;
    return true;
}

/* It has waited for the server's time meanwhile, outside the queue. */
static bool keeps_again(struct spool *spool, struct forwarding *forwarding)
{
    struct spool_pending *pending = forwarding->spool_state;
    bool is_behind = spool_entities_has_rows(&spool->entities, pending->backlog);

    if (is_behind)
        take_pending(spool, pending);
    else
        shorten_hold(forwarding);
    return is_behind;
}

static bool spool_keeps(struct forward_spool *hooks, struct forwarding *forwarding)
{
    struct spool *spool = spool_of(hooks);
    struct spool_write write;
    bool is_behind;

    if (forwarding->spool_state)
        return keeps_again(spool, forwarding);
    write = write_of(forwarding->exchange);
    if (write.kind == SPOOL_NOTHING)
        return false;
    is_behind =
        spool_entities_has_rows(&spool->entities, spool_entities_find(&spool->entities, write.entity));
    return write.kind == SPOOL_DELETE ? keeps_delete(spool, forwarding, &write, is_behind)
                                      : keeps_write(spool, forwarding, &write, is_behind);
}

/* ---- the end of a request ---- */

static bool spool_takes(struct forward_spool *hooks, struct forwarding *forwarding)
{
    struct spool *spool = spool_of(hooks);
    struct spool_pending *pending = forwarding->spool_state;
    struct spool_write write = pending->write;

    if (spool->services->stopping && !spool->is_open)
        return false; /* and it will not be */
    take_pending(spool, pending);
    take_unsent(spool, write.entity);
    return true;
}

static void spool_ended(struct forward_spool *hooks, struct forwarding *forwarding, int status)
{
    struct spool_pending *pending = forwarding->spool_state;

    if (status >= 200 && status < 300)
        spool_pending_acknowledged(pending);
    end_pending(spool_of(hooks), pending);
}

void spool_admission_open(struct spool *spool)
{
    spool->hooks.keeps = spool_keeps;
    spool->hooks.takes = spool_takes;
    spool->hooks.ended = spool_ended;
    spool->entities.emptied = spool_wait_rows_gone;
}
