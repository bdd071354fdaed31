/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/merge.h"

#include <errno.h>

#include "proxy/forward/admission.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"
#include "upstream/stamp.h"

/* Only headers that do not change what is written; with any other, a write goes alone. */
static bool headers_are_harmless(const struct headers *headers)
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

enum merge_kind merge_kind_of(const struct operation *operation)
{
    if (!operation)
        return MERGE_NONE;
    return operation->retry == TB_RETRY_STAMPED    ? MERGE_TELEMETRY
           : operation->flags & TB_ATTRIBUTE_WRITE ? MERGE_ATTRIBUTES
                                                   : MERGE_NONE;
}

/* Whether the body can be part of a merged call of its kind. */
static bool fits_others(const struct forwarding *forwarding)
{
    const struct buf *body = forwarding_body(forwarding);

    return (forwarding->stamped || forwarding->merge == MERGE_ATTRIBUTES) && body && body->len > 0 &&
           body->len <= TELEMETRY_STAMP_MAX_BYTES &&
           headers_are_harmless(&forwarding->exchange->head.headers) &&
           merge_check(forwarding->merge, body->data, body->len) == 0;
}

/* Telemetry has timestamps, so its order does not matter. Attributes have none: they keep their place in the
 * order of their key. */
static void stay_alone(struct forwarding *forwarding)
{
    if (forwarding->merge == MERGE_ATTRIBUTES)
        forwarding->item.alone = true;
    else
        forwarding->merge = MERGE_NONE;
}

void merge_choose(struct forwarding *forwarding)
{
    const struct exchange *exchange = forwarding->exchange;

    forwarding->merge = exchange->services->config->merge.mode == MERGE_MODE_OFF
                            ? MERGE_NONE
                            : merge_kind_of(exchange->head.operation);
    if (forwarding->merge != MERGE_NONE && !fits_others(forwarding))
        stay_alone(forwarding);
}

/* ---- what goes along ---- */

/* Whether others that wait for the same key go along: always with a read; with a write if it had to wait,
 * also for its retry. */
static bool takes_along(const struct forwarding *lead)
{
    const struct services *services = lead->exchange->services;
    enum merge_mode mode = (enum merge_mode)services->config->merge.mode;

    if (!lead->item.key || lead->item.alone)
        return false;
    if (lead->is_read || lead->item.group)
        return true;
    return mode == MERGE_MODE_ALWAYS ||
           (mode == MERGE_MODE_PRESSURE &&
            (lead->retries > 0 || queue_was_passed_over(&services->forward->queue, &lead->item)));
}

/* What has the same key goes to the same place, unless the spool has given it that key. */
static bool is_alike(const struct forwarding *a, const struct forwarding *b)
{
    const struct head *head = &a->exchange->head, *other = &b->exchange->head;
    const char *type = headers_find(&head->headers, MHD_HTTP_HEADER_CONTENT_TYPE);
    const char *other_type = headers_find(&other->headers, MHD_HTTP_HEADER_CONTENT_TYPE);

    return !a->order_key || (a->item.principal_id == b->item.principal_id &&
                             strcmp(head->target.text.data, other->target.text.data) == 0 &&
                             strcmp(type ? type : "", other_type ? other_type : "") == 0);
}

/* As many bodies as fit, counting a comma or a bracket for each. */
void upstream_call_gather(struct upstream_call *call, struct forwarding *lead)
{
    struct services *services = lead->exchange->services;
    size_t max = (size_t)services->config->merge.max_bytes;
    size_t used = lead->item.bytes + 2;

    if (!takes_along(lead))
        return;
    while (call->member_count < UPSTREAM_CALL_SHARED_MAX && used < max) {
        struct queue_item *item = queue_take_next(&services->forward->queue, &lead->item, max - used - 1);
        struct forwarding *forwarding;

        if (!item)
            break;
        forwarding = CONTAINER_OF(item, struct forwarding, item);
        if (!is_alike(lead, forwarding)) {
            queue_push_again(&services->forward->queue, item);
            break;
        }
        used += item->bytes + 1;
        admission_end(forwarding);
        upstream_call_add(call, forwarding);
    }
    if (lead->is_read)
        metrics_count(services->metrics, METRICS_JOIN_SAVED, call->member_count - 1);
}

static int merge_member_bodies(struct upstream_call *call)
{
    CLEANUP(free_pointer)
    const struct buf **bodies = reallocarray(NULL, call->member_count, sizeof(*bodies));
    const struct forwarding *forwarding;
    size_t count = 0, bytes = 0;
    int r;

    if (!bodies)
        return -ENOMEM;
    list_for_each(forwarding, &call->members, member) {
        bytes += forwarding->exchange->inbound.body.len;
        bodies[count++] = &forwarding->exchange->inbound.body;
    }
    call->body = (struct buf)BUF_INIT((size_t)call->services->config->merge.max_bytes);
    call->services->forward->merged_bytes += bytes;
    r = merge_bodies(upstream_call_first(call)->merge, bodies, count, &call->body);
    if (r == 0 && !quota_take(&call->principal->shares.bodies, call->body.len))
        r = -ENOBUFS;
    if (r < 0)
        buf_free(&call->body);
    return r;
}

void upstream_call_free_body(struct upstream_call *call)
{
    quota_give_back(&call->principal->shares.bodies, call->body.len);
    buf_free(&call->body);
}

/* Of the members that are still there: the body of a request that was given up in the meantime is not sent.
 * If there is no memory for the merged body, the first goes alone. */
void upstream_call_merge(struct upstream_call *call)
{
    struct metrics *metrics = call->services->metrics;
    struct forwarding *first = upstream_call_first(call);

    upstream_call_free_body(call);
    call->is_merged = call->member_count > 1 && merge_member_bodies(call) == 0;
    if (call->is_merged) {
        call->request.body = &call->body;
        if (call->request.replayed) /* already counted */
            return;
        metrics_count(metrics, METRICS_MERGED_CALLS, 1);
        metrics_count(metrics, METRICS_MERGE_SAVED, call->member_count - 1);
        return;
    }
    call->request.body = forwarding_body(first);
    while (first->member.next != &call->members)
        upstream_call_requeue(CONTAINER_OF(first->member.next, struct forwarding, member), 0);
}

/* The server also answers 500 for a bad body. */
bool upstream_call_may_be_split(const struct upstream_call *call)
{
    int status = call->request.transfer.status;

    return call->is_merged &&
           (status == 400 || status == 413 || status == 415 || status == 422 || status == 500);
}

/* Both halves are sent again separately, until the bad body is alone. */
void upstream_call_split(struct upstream_call *call)
{
    struct services *services = call->services;
    size_t half = call->member_count / 2;
    size_t i;

    metrics_count(services->metrics, METRICS_MERGE_SPLITS, 1);
    services->forward->merge_groups += 2;
    for (i = 0; call->member_count > 0; i++) {
        struct forwarding *forwarding = upstream_call_first(call);

        forwarding->item.group = services->forward->merge_groups - (i < half);
        upstream_call_requeue(forwarding, 0);
    }
}
