/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/admission.h"

#include <errno.h>
#include <inttypes.h>

#include "proxy/exchange/exchange.h"
#include "proxy/exchange/reply.h"
#include "proxy/exchange/services.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"
#include "upstream/request.h"
#include "upstream/stamp.h"

#define JOIN_AGE_MAX_MS 5000 /* of a call that others may still join */

#define COST_ASYNCHRONOUS 2 /* the server counts such a call when it begins and when it ends */

static void reply_too_late(struct exchange *exchange)
{
    metrics_count(exchange->services->metrics, METRICS_QUEUE_LATE, 1);
    reply_busy(exchange, "the request has waited as long as it may: %" PRId64 " ms", exchange->wait_max_ms);
}

/* For as long as it may still wait; BACK_OFF_MS: before it is sent again. */
static void start_waiting(struct exchange *exchange, int64_t back_off_ms)
{
    struct loop *loop = &exchange->services->loop;
    int64_t left_ms = exchange->wait_left_ms;
    int r = 0;

    exchange->waiting_since_ms = loop->now_ms;
    exchange->state = back_off_ms > 0 ? EXCHANGE_BACKING_OFF : EXCHANGE_WAITING;
    if (back_off_ms <= 0)
        r = queue_push_again(&exchange->services->forward->queue, &exchange->item);
    if (r == 0)
        r = loop_timer_start(loop, &exchange->wait_timer,
                             back_off_ms > 0 && back_off_ms < left_ms ? back_off_ms : left_ms);
    if (r < 0)
        reply_error(exchange, 503, "proxy_internal_response", "out of memory");
}

void admission_wait_for_login(struct exchange *exchange)
{
    struct services *services = exchange->services;
    int64_t max_ms = services->own_request_options.session_wait_ms;

    exchange->waiting_since_ms = services->loop.now_ms;
    if (loop_timer_start(&services->loop, &exchange->wait_timer,
                         exchange->wait_left_ms < max_ms ? exchange->wait_left_ms : max_ms) < 0)
        reply_error(exchange, 503, "proxy_internal_response", "out of memory");
}

void admission_end(struct exchange *exchange)
{
    loop_timer_stop(&exchange->services->loop, &exchange->wait_timer);
    exchange->wait_left_ms -= exchange->services->loop.now_ms - exchange->waiting_since_ms;
}

void admission_timer_expired(struct timer *timer)
{
    struct exchange *exchange = CONTAINER_OF(timer, struct exchange, wait_timer);

    admission_end(exchange);
    if (exchange->state == EXCHANGE_SENT)
        reply_error(exchange, 503, "proxy_internal_response",
                    "tbproxyd waited %" PRId64 " ms for its login to the server",
                    timer->due_ms - exchange->waiting_since_ms);
    else if (exchange->state == EXCHANGE_BACKING_OFF && exchange->wait_left_ms > 0)
        start_waiting(exchange, 0);
    else
        reply_too_late(exchange);
}

void admission_again(struct exchange *exchange, int64_t back_off_ms)
{
    if (back_off_ms > 0 && timer_is_started(&exchange->hang_up_timer))
        exchange_hung_up(exchange); /* nothing is retried for a client that is perhaps gone */
    else
        start_waiting(exchange, back_off_ms);
}

static bool wants_stamp(const struct exchange *exchange)
{
    const struct services *services = exchange->services;

    return (!services->own_request_options.retry.off ||
            services->config->merge.mode != MERGE_MODE_OFF) &&
           exchange->retry == TB_RETRY_STAMPED && exchange->has_body && !exchange->streams_body;
}

/* Telemetry gets its time when it arrives, so that it can be retried, and merged with what comes later. */
static void stamp(struct exchange *exchange)
{
    struct services *services = exchange->services;

    if (wants_stamp(exchange))
        exchange->stamped = telemetry_stamp_body(&services->upstream.clock, exchange->target.text.data,
                                                 &exchange->body, &services->bodies);
}

/* Headers that say nothing about what is written; with any other, a write goes alone. */
static bool may_be_merged_with(const struct headers *headers)
{
    static const char *const harmless[] = {"Accept", "Accept-Encoding", "Accept-Language", "Content-Type",
                                           "User-Agent"};
    const char *line;
    size_t i;

    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line)) {
        for (i = 0; i < ARRAY_SIZE(harmless) && !header_is(line, harmless[i]); i++)
            ;
        if (i == ARRAY_SIZE(harmless))
            return false;
    }
    return true;
}

static enum merge_kind merge_kind(const struct exchange *exchange)
{
    const struct operation *operation = exchange->operation;

    if (!operation || exchange->services->config->merge.mode == MERGE_MODE_OFF)
        return MERGE_NONE;
    return operation->retry == TB_RETRY_STAMPED    ? MERGE_TELEMETRY
           : operation->flags & TB_ATTRIBUTE_WRITE ? MERGE_ATTRIBUTES
                                                   : MERGE_NONE;
}

/* Whether the body can be part of a merged call of its kind. */
static bool fits_others(const struct exchange *exchange)
{
    const struct buf *body = &exchange->body;

    return (exchange->stamped || exchange->merge == MERGE_ATTRIBUTES) && !exchange->streams_body &&
           body->len > 0 && body->len <= TELEMETRY_STAMP_MAX_BYTES &&
           may_be_merged_with(&exchange->headers) && merge_check(exchange->merge, body->data, body->len) == 0;
}

/* RFC 9110, section 9.2.1; but some GETs of the API act. */
static bool is_read(const struct exchange *exchange)
{
    return (strcmp(exchange->method, MHD_HTTP_METHOD_GET) == 0 ||
            strcmp(exchange->method, MHD_HTTP_METHOD_HEAD) == 0 ||
            strcmp(exchange->method, MHD_HTTP_METHOD_OPTIONS) == 0) &&
           !(exchange->operation && exchange->operation->flags & TB_ACTS);
}

static bool may_be_joined(const struct exchange *exchange)
{
    return exchange->services->config->join.reads && exchange->is_read && exchange->operation &&
           !exchange->has_body && exchange->route.kind == ROUTE_FORWARD && exchange->retry == TB_RETRY_FREE &&
           strcmp(exchange->method, MHD_HTTP_METHOD_GET) == 0;
}

/* What requests that may go as one call have in common. An empty KEY: it goes alone. */
static int make_key(const struct exchange *exchange, struct buf *key)
{
    const char *type = headers_find(&exchange->headers, MHD_HTTP_HEADER_CONTENT_TYPE);

    if (exchange->merge != MERGE_NONE)
        return buf_append_format(key, "%s %s\n%s", exchange->method, exchange->target.text.data,
                                 type ? type : "");
    if (!may_be_joined(exchange))
        return 0;
    if (buf_append_format(key, "%s %s\n", exchange->method, exchange->target.text.data) < 0)
        return -ENOMEM;
    return buf_append(key, exchange->headers.text.data ? exchange->headers.text.data : "",
                      exchange->headers.text.len);
}

/* An answer that has not come by now may never come: better to ask anew. */
static bool is_late(const struct upstream_call *call)
{
    int64_t started_ms = call->request.transfer.started_ms;

    return started_ms > 0 && call->services->loop.now_ms - started_ms > JOIN_AGE_MAX_MS;
}

/* Whether an identical read is in flight whose answer is fresh enough. */
static bool join(struct exchange *exchange, const struct buf *key)
{
    struct services *services = exchange->services;
    struct queue_key *found = exchange->is_read && key->len > 0
                                  ? queue_find_key(&services->forward->queue, key->data, key->len)
                                  : NULL;
    struct upstream_call *call = found ? found->in_flight : NULL;

    if (!call || call->generation != services->forward->write_generation || is_late(call))
        return false;
    queue_refer(&services->forward->queue, &exchange->item, found);
    upstream_call_join(call, exchange);
    return true;
}

static void fill_item(struct exchange *exchange)
{
    const struct operation *operation = exchange->operation;
    struct queue_item *item = &exchange->item;

    item->flow_id = peer_flow(exchange->peer, exchange->route.kind == ROUTE_FORWARD_ANONYMOUS);
    item->cost = exchange->route.kind == ROUTE_FORWARD_ANONYMOUS   ? 0
                 : operation && operation->flags & TB_ASYNCHRONOUS ? COST_ASYNCHRONOUS
                                                                   : 1;
    item->operation = operation ? operation->id : 0; /* all that no document knows are one */
    item->urgency = exchange->urgency >= 0 ? (unsigned)exchange->urgency
                                           : urgency_of(&exchange->services->forward->urgencies, operation);
    item->bytes = exchange->body.len;
}

static int push(struct exchange *exchange, const struct buf *key)
{
    struct services *services = exchange->services;
    const char *text = key->len > 0 ? key->data : NULL;
    int r = queue_push(&services->forward->queue, &exchange->item, text, key->len);

    if (r != -ENOBUFS)
        return r;
    forward_run(services->forward); /* what arrived in this turn and need not wait makes room */
    return queue_push(&services->forward->queue, &exchange->item, text, key->len);
}

static void wait_in_queue(struct exchange *exchange, const struct buf *key)
{
    struct services *services = exchange->services;
    int r = push(exchange, key);

    if (r == -ENOBUFS) {
        metrics_count(services->metrics, METRICS_QUEUE_FULL, 1);
        reply_busy(exchange, "too many requests wait already (queue.max_requests, queue.max_bytes)");
        return;
    }
    exchange->waiting_since_ms = services->loop.now_ms;
    exchange->state = EXCHANGE_WAITING;
    if (r == 0)
        r = loop_timer_start(&services->loop, &exchange->wait_timer, exchange->wait_left_ms);
    if (r < 0)
        reply_error(exchange, 503, "proxy_internal_response", "out of memory");
}

/* Telemetry has its times. Attributes have none, so that their order is that of the calls: alone, but in its
 * turn. */
static void stay_alone(struct exchange *exchange)
{
    if (exchange->merge == MERGE_ATTRIBUTES)
        exchange->item.alone = true;
    else
        exchange->merge = MERGE_NONE;
}

/* As long as the configuration lets it, or less if it asks for less; counted from its arrival. */
static void set_waiting_time(struct exchange *exchange)
{
    int64_t max_ms = exchange->services->config->queue.max_wait_ms;
    bool asks = exchange->prefer_wait_ms >= 0 && exchange->prefer_wait_ms < max_ms;

    exchange->wait_max_ms = asks ? exchange->prefer_wait_ms : max_ms;
    exchange->wait_left_ms = exchange->wait_max_ms - (exchange->services->loop.now_ms - exchange->arrived_ms);
}

void admission_begin(struct exchange *exchange)
{
    CLEANUP(buf_free) struct buf key = BUF_INIT(TARGET_MAX_BYTES + HEADERS_MAX_BYTES + 64);

    set_waiting_time(exchange);
    if (wants_stamp(exchange) && upstream_clock_is_awaited(&exchange->services->upstream)) {
        upstream_call_wait_for_clock(exchange);
        return;
    }
    exchange->is_read = is_read(exchange);
    stamp(exchange);
    fill_item(exchange);
    exchange->merge = merge_kind(exchange);
    if (exchange->merge != MERGE_NONE && !fits_others(exchange))
        stay_alone(exchange);
    if (make_key(exchange, &key) < 0)
        reply_error(exchange, 503, "proxy_internal_response", "out of memory");
    else if (!join(exchange, &key))
        wait_in_queue(exchange, &key);
}
