/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/upstream_call.h"

#include "proxy/exchange/reply.h"
#include "proxy/exchange/reply_server.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/body_stream.h"
#include "proxy/forward/call_timeout.h"
#include "proxy/forward/forward.h"
#include "upstream/resend.h"

/* In mode "always": the pause between a merged call and the next one for its entity, as a part of the call's
 * duration. */
#define PAUSE_DIVISOR 32
#define PAUSE_MAX_MS  5

/* A request whose turn comes late may still have to open a connection. */
#define SEND_MIN_MS   500
#define SEND_GRACE_MS 500

/* ---- members ---- */

void upstream_call_add(struct upstream_call *call, struct forwarding *forwarding)
{
    list_append(&call->members, &forwarding->member);
    call->member_count++;
    call->users++;
    forwarding->call = call;
    forwarding->state = FORWARDING_SENT;
}

struct forwarding *upstream_call_first(const struct upstream_call *call)
{
    return CONTAINER_OF(call->members.next, struct forwarding, member);
}

void upstream_call_remove(struct forwarding *forwarding)
{
    if (list_is_empty(&forwarding->member))
        return;
    list_remove(&forwarding->member);
    forwarding->call->member_count--;
}

static void release(struct upstream_call *call)
{
    if (--call->users > 0)
        return;
    request_free(&call->request);
    upstream_call_free_body(call);
    buf_free(&call->target);
    headers_free(&call->headers);
    principal_release(call->principal);
    free(call);
}

void upstream_call_release(struct forwarding *forwarding)
{
    struct upstream_call *call = TAKE_PTR(forwarding->call);

    if (call)
        release(call);
}

static void release_key(struct upstream_call *call)
{
    queue_key_release(&call->services->forward->queue, TAKE_PTR(call->key), call);
}

static void upstream_call_pause_expired(struct timer *timer)
{
    struct upstream_call *call = CONTAINER_OF(timer, struct upstream_call, pause);

    list_remove(&call->paused);
    release_key(call);
    release(call);
}

/* Clients that get their responses together are about to write again. After a pause their writes are one
 * call; without it, the first would go alone and hold up the others. */
static int64_t pause_ms(const struct upstream_call *call)
{
    int64_t call_ms = call->services->loop.now_ms - call->request.transfer.started_ms;

    if (!call->is_merged || call->services->config->merge.mode != MERGE_MODE_ALWAYS)
        return 0;
    return call_ms / PAUSE_DIVISOR < PAUSE_MAX_MS ? call_ms / PAUSE_DIVISOR : PAUSE_MAX_MS;
}

static void end_key(struct upstream_call *call)
{
    struct services *services = call->services;
    int64_t delay_ms = pause_ms(call);

    call->pause.expired = upstream_call_pause_expired;
    if (delay_ms <= 0) {
        release_key(call);
        return;
    }
    loop_timer_start(&services->loop, &call->pause, delay_ms);
    call->users++;
    list_append(&services->forward->paused, &call->paused);
}

void upstream_call_end_pause(struct upstream_call *call)
{
    loop_timer_stop(&call->services->loop, &call->pause);
    upstream_call_pause_expired(&call->pause);
}

static void give_place_back(struct services *services, uint64_t turn_of, struct allowance *sent_under)
{
    queue_call_ended(&services->forward->queue, turn_of);
    allowance_give_back(sent_under, POLICY_MAX_REQUESTS);
}

/* It counts no longer in the slow start, if one is under way. */
static void end_start(struct upstream_call *call)
{
    int status = call->request.transfer.status;

    slow_start_ended(&call->services->forward->slow_start, call->start, status > 0 && status < 500);
    call->start = 0;
}

/* The call has ended, with any outcome. */
static void end_call(struct upstream_call *call, enum budget_result result)
{
    struct services *services = call->services;

    if (!call->under_way)
        return;
    call->under_way = false;
    if (call->is_queued) {
        end_start(call);
        budget_settle(&services->budget, services->loop.now_ms, call->cost, result);
        give_place_back(services, call->turn_of, call->sent_under);
    }
    if (call->key)
        end_key(call);
    services->forward->write_generation += !call->is_read;
}

/* The lead has gone while others wait for the answer: the call keeps what it needs to be sent again after a
 * 401. */
static void inherit(struct upstream_call *call, struct forwarding *lead)
{
    struct head *head = &lead->exchange->head;
    struct request *request = &call->request;

    call->target = head->target.text;
    call->headers = head->headers;
    head->target.text = (struct buf)BUF_INIT(call->target.max);
    /* For the log. Without memory, it has no path. */
    buf_append(&head->target.text, call->target.data, call->target.len);
    head->headers = (struct headers)HEADERS_INIT;
    request->headers = &call->headers;
    call->lead = NULL;
}

static void leave_call(struct forwarding *forwarding)
{
    struct upstream_call *call = forwarding->call;

    upstream_call_remove(forwarding);
    if (!call->under_way)
        return; /* its answer may be the response: it is released after that is written */
    if (call->member_count == 0) {
        bool sent = call->request.state == REQUEST_SENDING;

        request_cancel(&call->request);
        end_call(call, sent ? BUDGET_COUNTED : BUDGET_UNCOUNTED);
    } else if (call->lead == forwarding) {
        inherit(call, forwarding);
    }
    upstream_call_release(forwarding);
}

void upstream_call_leave(struct forwarding *forwarding)
{
    struct services *services = forwarding->exchange->services;

    loop_timer_stop(&services->loop, &forwarding->wait_timer);
    if (forwarding->call)
        leave_call(forwarding);
    queue_forget(&services->forward->queue, &forwarding->item);
    forwarding->state = FORWARDING_ENDED;
}

/* ---- the outcome ---- */

/* The server has it no longer, or its answer has begun. */
static void end_timing(struct upstream_call *call)
{
    const struct forwarding *forwarding;

    if (call->sent_us > 0)
        list_for_each(forwarding, &call->members, member)
            timing_end_call(&forwarding->exchange->timing, call->sent_us, call->services->loop.turn_us);
    call->sent_us = 0;
}

void upstream_call_requeue(struct forwarding *forwarding, int64_t back_off_ms)
{
    upstream_call_remove(forwarding);
    forwarding->may_have_run |= forwarding->call->request.may_have_run;
    upstream_call_release(forwarding);
    admission_again(forwarding, back_off_ms);
}

void upstream_call_respond(struct forwarding *forwarding)
{
    struct exchange *exchange = forwarding->exchange;
    const struct request *request = &forwarding->call->request;

    upstream_call_remove(forwarding);
    reply_request(exchange, request);
}

static void respond_to_all(struct upstream_call *call)
{
    while (call->member_count > 0)
        upstream_call_respond(upstream_call_first(call));
}

static enum budget_result result_of(const struct request *request)
{
    switch (request->outcome) {
    case REQUEST_ANSWERED:
        return request->transfer.status == 429   ? BUDGET_REFUSED
               : request->transfer.status == 401 ? BUDGET_UNCOUNTED
                                                 : BUDGET_COUNTED;
    case REQUEST_FAILED:
        return transfer_was_not_executed(&request->transfer) ? BUDGET_UNCOUNTED : BUDGET_COUNTED;
    default:
        return BUDGET_UNCOUNTED;
    }
}

/* Other answers can come from something in front of the server, and say nothing about its limit. */
static void note_acceptance(const struct upstream_call *call)
{
    const struct transfer *transfer = &call->request.transfer;
    struct services *services = call->services;

    if (call->cost > 0 && transfer->status >= 200 && transfer->status < 400)
        budget_accepted(&services->budget, services->loop.now_ms, call->operation, call->cost,
                        transfer->started_ms);
}

void upstream_call_answer_begun(struct upstream_call *call)
{
    struct services *services = call->services;
    struct forwarding *reader = upstream_call_first(call);

    while (reader->member.next != &call->members) { /* the others need calls of their own */
        struct forwarding *forwarding = CONTAINER_OF(reader->member.next, struct forwarding, member);

        forwarding->item.alone = true;
        upstream_call_requeue(forwarding, 0);
    }
    call->streams = true;
    end_timing(call);
    end_start(call);
    note_acceptance(call);
    budget_answer_begun(&services->budget, services->loop.now_ms, call->cost);
    call->cost = 0;
    if (call->key) /* it can no longer be joined, and a write has been executed */
        release_key(call);
}

static void upstream_call_done(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);
    bool answered = request->outcome == REQUEST_ANSWERED;

    call->users++; /* until all members have been dealt with */
    end_timing(call);
    end_call(call, result_of(request));
    if (answered)
        note_acceptance(call);
    if (call->streams)
        body_stream_answer_ended(call);
    else if (answered && request->transfer.status == 429)
        upstream_call_retry(call);
    else if (request_may_be_resent(request))
        upstream_call_hold(call);
    else if (answered && upstream_call_may_be_split(call))
        upstream_call_split(call);
    else
        respond_to_all(call);
    if (call->services->forward->queue.count > 0)
        forward_wake_in(call->services->forward, 0); /* forward_run() may have run already in this turn */
    release(call);
}

/* ---- waiting for a login ---- */

/* Each member waits as long as it may itself, however long the lead may wait. */
static void upstream_call_waits(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);
    struct forwarding *forwarding;

    end_timing(call); /* the server may have refused the credential */
    call->users++;    /* a member that may not wait leaves */
    list_for_each_safe(forwarding, &call->members, member)
        admission_wait_for_login(forwarding);
    release(call);
}

static void end_waiting(struct upstream_call *call)
{
    struct forwarding *forwarding;

    list_for_each(forwarding, &call->members, member)
        if (timer_is_started(&forwarding->wait_timer))
            admission_end(forwarding);
}

/* ---- sending ---- */

static void upstream_call_ready(struct request *request);

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
    bool hold = !lead->is_read && services->config->merge.mode == MERGE_MODE_ALWAYS;
    struct upstream_call *call;

    admission_end(lead);
    call = inbound_reserve(lead->exchange) ? upstream_call_new(lead) : NULL;
    if (!call) {
        budget_settle(&services->budget, services->loop.now_ms, lead->item.cost, BUDGET_UNCOUNTED);
        give_place_back(services, lead->item.turn_of, lead->item.sent_under);
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
    end_call(call, BUDGET_UNCOUNTED);
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
