/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a call to the server ends, and what becomes of its members.
 */
#include "http/content_type.h"
#include "proxy/exchange/reply_server.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/body_stream.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"
#include "upstream/resend.h"

/* In mode "always": the pause between a merged call and the next one for its entity, as a part of the call's
 * duration. */
#define PAUSE_DIVISOR 32
#define PAUSE_MAX_MS  5

static void release_key(struct upstream_call *call)
{
    queue_key_release(&call->services->forward->queue, TAKE_PTR(call->key), call);
}

static void upstream_call_pause_expired(struct timer *timer)
{
    struct upstream_call *call = CONTAINER_OF(timer, struct upstream_call, pause);

    list_remove(&call->paused);
    release_key(call);
    upstream_call_unref(call);
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

void upstream_call_give_place_back(struct services *services, uint64_t turn_of, struct allowance *sent_under)
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

void upstream_call_end(struct upstream_call *call, enum budget_result result)
{
    struct services *services = call->services;

    if (!call->under_way)
        return;
    call->under_way = false;
    if (call->is_queued) {
        end_start(call);
        budget_settle(&services->budget, services->loop.now_ms, call->cost, result);
        upstream_call_give_place_back(services, call->turn_of, call->sent_under);
    }
    if (call->key)
        end_key(call);
    services->forward->write_generation += !call->is_read;
}

void upstream_call_end_timing(struct upstream_call *call)
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

/* Whether the result is the server's absence, or its own trouble: 429, 502, 503 or 504. */
static bool is_absence(const struct request *request)
{
    int status = request->transfer.status;

    return request->outcome == REQUEST_FAILED || request->outcome == REQUEST_NO_SESSION ||
           request->outcome == REQUEST_SESSION_LATE ||
           (request->outcome == REQUEST_ANSWERED && (status == 429 || (status >= 502 && status <= 504)));
}

void upstream_call_respond(struct forwarding *forwarding)
{
    struct exchange *exchange = forwarding->exchange;
    const struct request *request = &forwarding->call->request;

    upstream_call_remove(forwarding);
    if (!is_absence(request) || !forward_spool_takes(forwarding))
        reply_request(exchange, request);
}

static void respond_to_all(struct upstream_call *call)
{
    while (call->member_count > 0)
        upstream_call_respond(upstream_call_first(call));
}

enum budget_result upstream_call_result(const struct request *request)
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
void upstream_call_note_acceptance(struct services *services, const struct transfer *transfer,
                                   uint32_t operation, unsigned cost)
{
    if (cost > 0 && transfer->status >= 200 && transfer->status < 400)
        budget_accepted(&services->budget, services->loop.now_ms, operation, cost, transfer->started_ms);
}

static void note_acceptance(const struct upstream_call *call)
{
    const struct transfer *transfer = &call->request.transfer;
    struct services *services = call->services;

    upstream_call_note_acceptance(services, transfer, call->operation, call->cost);
    if (services->forward->spool && transfer->status >= 200 && transfer->status < 300 &&
        !content_type_is_page(headers_find(&transfer->response, "Content-Type")))
        services->forward->answered_ms = services->loop.now_ms;
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
    upstream_call_end_timing(call);
    end_start(call);
    note_acceptance(call);
    budget_answer_begun(&services->budget, services->loop.now_ms, call->cost);
    call->cost = 0;
    if (call->key) /* it can no longer be joined, and a write has been executed */
        release_key(call);
}

void upstream_call_done(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);
    bool answered = request->outcome == REQUEST_ANSWERED;

    call->users++; /* until all members have been dealt with */
    upstream_call_end_timing(call);
    upstream_call_end(call, upstream_call_result(request));
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
    upstream_call_unref(call);
}
