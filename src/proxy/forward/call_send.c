/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a call to the server begins: what is sent, and until when.
 */
#include "proxy/exchange/reply.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/body_stream.h"
#include "proxy/forward/call_timeout.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"

/* A request whose turn comes late may still have to open a connection. */
#define SEND_MIN_MS   500
#define SEND_GRACE_MS 500

/* Each member waits as long as it may itself, however long the lead may wait. */
static void upstream_call_waits(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);
    struct forwarding *forwarding;

    upstream_call_end_timing(call); /* the server may have refused the credential */
    call->users++;                  /* a member that may not wait leaves */
    list_for_each_safe(forwarding, &call->members, member)
        admission_wait_for_login(forwarding);
    upstream_call_unref(call);
}

static void end_waiting(struct upstream_call *call)
{
    struct forwarding *forwarding;

    list_for_each(forwarding, &call->members, member)
        if (timer_is_started(&forwarding->wait_timer))
            admission_end(forwarding);
}

static int64_t send_by_ms(const struct forwarding *forwarding)
{
    int64_t left_ms = forwarding->wait_left_ms > SEND_MIN_MS ? forwarding->wait_left_ms : SEND_MIN_MS;

    return forwarding->exchange->services->loop.now_ms + left_ms + SEND_GRACE_MS;
}

/* The most impatient counts: the others wait on in the queue. */
static int64_t first_send_by_ms(const struct upstream_call *call)
{
    const struct forwarding *forwarding;
    int64_t first_ms = INT64_MAX;

    list_for_each(forwarding, &call->members, member) {
        int64_t by_ms = send_by_ms(forwarding);

        first_ms = by_ms < first_ms ? by_ms : first_ms;
    }
    return first_ms;
}

static void upstream_call_ready(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);

    end_waiting(call);
    request->send_by_ms = first_send_by_ms(call);
    if (!call->is_read)
        upstream_call_merge(call);
    call->sent_us = clock_boot_us();
    request_send(request);
}

/* What the server may take, without what it took before it went away: the client has one deadline. */
static int64_t timeout_ms(const struct forwarding *lead)
{
    const struct services *services = lead->exchange->services;
    const struct head *head = &lead->exchange->head;
    int64_t all_ms = call_timeout_ms(head->method, &head->target, forwarding_body(lead),
                                     services->request_options.timeout_ms,
                                     upstream_clock_now_ms(&services->upstream.clock));

    return all_ms > lead->server_ms ? all_ms - lead->server_ms : 1;
}

static struct upstream_call *upstream_call_new(struct forwarding *lead)
{
    const struct head *head = &lead->exchange->head;
    struct services *services = lead->exchange->services;
    struct upstream_call *call = calloc(1, sizeof(*call));
    struct request *request;

    if (!call)
        return NULL;
    call->services = services;
    call->principal = principal_keep(lead->exchange->peer->principal);
    list_init(&call->members);
    call->under_way = true;
    call->lead = lead;
    call->is_read = lead->is_read;
    call->cost = lead->item.cost;
    call->operation = lead->item.operation;
    call->headers = (struct headers)HEADERS_INIT;
    request = &call->request;
    request_init(request, &services->upstream, &services->request_options);
    request->quota = &call->principal->shares.bodies;
    request->waits = upstream_call_waits;
    request->ready = upstream_call_ready;
    request->done = upstream_call_done;
    request->method = head->method;
    request->target = head->target.text.data;
    request->headers = &head->headers;
    request->body = forwarding_body(lead);
    request->anonymous = head->route.kind == ROUTE_FORWARD_ANONYMOUS;
    request->retry = head->retry;
    request->stamped = lead->stamped;
    request->may_have_run = lead->may_have_run;
    request->timeout_ms = timeout_ms(lead);
    request->idempotent = head->operation && head->operation->flags & TB_ATTRIBUTE_WRITE;
    upstream_call_add(call, lead);
    body_stream_attach(call);
    return call;
}

/* Of those that came from the queue. What was known before, a 429 for example, goes first. */
static void note_why_they_waited(const struct upstream_call *call)
{
    const struct forward *forward = call->services->forward;
    struct forwarding *forwarding;

    list_for_each(forwarding, &call->members, member) {
        struct outbound *outbound = &forwarding->exchange->outbound;

        if (!outbound->wait_reason && queue_was_passed_over(&forward->queue, &forwarding->item))
            outbound->wait_reason = forward->held_by;
    }
}

void upstream_call_send(struct forwarding *lead)
{
    struct services *services = lead->exchange->services;
    bool hold = lead->order_key || (!lead->is_read && services->config->merge.mode == MERGE_MODE_ALWAYS);
    struct upstream_call *call;

    admission_end(lead);
    call = inbound_reserve(lead->exchange) ? upstream_call_new(lead) : NULL;
    if (!call) {
        budget_settle(&services->budget, services->loop.now_ms, lead->item.cost, BUDGET_UNCOUNTED);
        upstream_call_give_place_back(services, lead->item.turn_of, lead->item.sent_under);
        metrics_refused(services->metrics, METRICS_REFUSED_MEMORY);
        reply_busy(lead->exchange, forward_busy_ms(services->forward, &lead->item),
                   "no room for the body (limits.max_buffered_bytes); try again later");
        return;
    }
    call->is_queued = true;
    call->start = slow_start_sent(&services->forward->slow_start);
    call->turn_of = lead->item.turn_of;
    call->sent_under = lead->item.sent_under;
    call->key = lead->item.key;
    upstream_call_gather(call, lead);
    note_why_they_waited(call);
    if (call->key)
        queue_key_use(&services->forward->queue, call->key, call, hold);
    services->forward->write_generation += !call->is_read;
    call->generation = services->forward->write_generation;
    request_start(&call->request);
}

void upstream_call_join(struct upstream_call *call, struct forwarding *forwarding)
{
    upstream_call_add(call, forwarding);
    if (call->request.state == REQUEST_WAITING)
        admission_wait_for_login(forwarding);
    else
        transfer_send_by(&call->request.transfer, send_by_ms(forwarding));
    metrics_count(forwarding->exchange->services->metrics, METRICS_JOIN_SAVED, 1);
}

static void upstream_call_clock_ready(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);
    struct forwarding *forwarding = upstream_call_first(call);

    end_waiting(call);
    upstream_call_end(call, BUDGET_UNCOUNTED);
    upstream_call_remove(forwarding);
    upstream_call_release(forwarding);
    admission_begin(forwarding);
}

void upstream_call_wait_for_clock(struct forwarding *forwarding)
{
    struct upstream_call *call = upstream_call_new(forwarding);

    if (!call) {
        reply_no_memory(forwarding->exchange);
        return;
    }
    call->is_read = true;
    call->request.ready = upstream_call_clock_ready;
    request_start(&call->request);
}
