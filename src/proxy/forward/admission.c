/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/admission.h"

#include <errno.h>
#include <inttypes.h>

#include "proxy/exchange/reply.h"
#include "proxy/exchange/reply_server.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/join.h"
#include "proxy/forward/merge.h"
#include "proxy/forward/upstream_call.h"
#include "upstream/stamp.h"

static bool wants_stamp(const struct forwarding *forwarding)
{
    const struct exchange *exchange = forwarding->exchange;
    const struct services *services = exchange->services;

    return (!services->own_request_options.retry.off || services->config->merge.mode != MERGE_MODE_OFF ||
            forwarding->may_be_spooled) &&
           exchange->head.retry == TB_RETRY_STAMPED && forwarding_body(forwarding);
}

/* Telemetry is timestamped when it arrives, so that it can be retried, and merged with later telemetry. What
 * the spool may take gets no time that may be wrong: the spool waits for the right one. */
static void stamp(struct forwarding *forwarding)
{
    struct exchange *exchange = forwarding->exchange;
    struct services *services = exchange->services;

    if (wants_stamp(forwarding) &&
        (!forwarding->may_be_spooled || upstream_clock_is_certain(&services->upstream.clock)))
        forwarding->stamped =
            telemetry_stamp_body(&services->upstream.clock, exchange->head.target.text.data,
                                 &exchange->inbound.body, &exchange->peer->principal->shares.bodies);
}

/* RFC 9110, section 9.2.1, except that some GETs of the API act. */
static bool is_read(const struct head *head)
{
    return (strcmp(head->method, MHD_HTTP_METHOD_GET) == 0 ||
            strcmp(head->method, MHD_HTTP_METHOD_HEAD) == 0 ||
            strcmp(head->method, MHD_HTTP_METHOD_OPTIONS) == 0) &&
           !(head->operation && head->operation->flags & TB_ACTS);
}

/* Requests with the same key may go as one call. An empty key: it goes alone. Writes of different principals
 * never do: if the server refuses one of them, all are sent again in parts, and each would pay for that. */
static int make_key(const struct forwarding *forwarding, struct buf *key)
{
    const struct head *head = &forwarding->exchange->head;
    const struct buf *headers = &head->headers.text;
    const char *type = headers_find(&head->headers, MHD_HTTP_HEADER_CONTENT_TYPE);

    if (forwarding->order_key)
        return buf_append(key, forwarding->order_key, strlen(forwarding->order_key));
    if (forwarding->merge != MERGE_NONE)
        return buf_append_format(key, "%s %s\n%s\n%" PRIu64, head->method, head->target.text.data,
                                 type ? type : "", forwarding->item.principal_id);
    if (!join_is_possible(forwarding))
        return 0;
    if (buf_append_format(key, "%s %s\n", head->method, head->target.text.data) < 0)
        return -ENOMEM;
    return buf_append(key, headers->data ? headers->data : "", headers->len);
}

static void fill_item(struct forwarding *forwarding)
{
    const struct exchange *exchange = forwarding->exchange;
    const struct operation *operation = exchange->head.operation;
    bool is_anonymous = exchange->head.route.kind == ROUTE_FORWARD_ANONYMOUS;
    struct queue_item *item = &forwarding->item;

    item->principal_id = principal_key(exchange->peer->principal, is_anonymous);
    item->flow_id = exchange->peer->number << 1 | is_anonymous;
    item->last_round = &exchange->peer->last_round[is_anonymous];
    item->allowance = exchange->peer->allowance;
    item->cost = is_anonymous ? 0 : operation_cost(operation);
    item->operation =
        operation ? operation->id : 0; /* all operations that are in no specification count as one */
    item->urgency = exchange->head.urgency >= 0
                        ? (unsigned)exchange->head.urgency
                        : urgency_of(&exchange->services->forward->urgencies, operation);
    item->bytes = exchange->inbound.body.len;
}

static int push(struct forwarding *forwarding, const struct buf *key)
{
    struct services *services = forwarding->exchange->services;
    const char *text = key->len > 0 ? key->data : NULL;
    int r = queue_push(&services->forward->queue, &forwarding->item, text, key->len);

    if (r != -ENOBUFS)
        return r;
    forward_make_room(services->forward); /* requests that arrived in this turn and need not wait make room */
    return queue_push(&services->forward->queue, &forwarding->item, text, key->len);
}

static void wait_in_queue(struct forwarding *forwarding, const struct buf *key)
{
    struct services *services = forwarding->exchange->services;
    int r = push(forwarding, key);

    if (r == -ENOBUFS && forward_spool_takes(forwarding))
        return;
    if (r == -ENOBUFS) {
        metrics_refused(services->metrics, METRICS_REFUSED_QUEUE_FULL);
        reply_busy(forwarding->exchange, forward_busy_ms(services->forward, &forwarding->item),
                   "too many requests wait already (queue.max_requests, queue.max_bytes)");
        return;
    }
    if (forwarding->item.key && forwarding->item.key->held)
        forwarding->exchange->outbound.wait_reason = "merge";
    forwarding->state = FORWARDING_WAITING;
    if (r == 0)
        admission_start_timer(forwarding);
    else
        reply_no_memory(forwarding->exchange);
}

/* Whether the answer would only come when the server does, or be one of a gateway. */
static bool is_away(const struct services *services)
{
    return services->forward->slow_start.is_closed || services->server.condition == SERVER_UNREACHABLE ||
           services->server.condition == SERVER_FAILING;
}

void admission_begin(struct forwarding *forwarding)
{
    CLEANUP(buf_free) struct buf key = BUF_INIT(TARGET_MAX_BYTES + HEADERS_MAX_BYTES + 64);
    struct exchange *exchange = forwarding->exchange;
    struct forward_spool *spool = exchange->services->forward->spool;

    admission_set_time(forwarding);
    if (spool && spool->keeps(spool, forwarding))
        return;
    if ((exchange->head.prefer_wait_ms == 0 || exchange->services->draining) && is_away(exchange->services)) {
        if (!forward_spool_takes(forwarding))
            reply_server_away(exchange);
        return;
    }
    if (wants_stamp(forwarding) && upstream_clock_is_awaited(&exchange->services->upstream)) {
        upstream_call_wait_for_clock(forwarding);
        return;
    }
    forwarding->is_read = is_read(&exchange->head);
    stamp(forwarding);
    fill_item(forwarding);
    merge_choose(forwarding);
    if (make_key(forwarding, &key) < 0)
        reply_no_memory(exchange);
    else if (!join(forwarding, &key))
        wait_in_queue(forwarding, &key);
}
