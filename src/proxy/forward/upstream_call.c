/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/upstream_call.h"

#include <errno.h>

#include "proxy/exchange/exchange.h"
#include "proxy/exchange/reply.h"
#include "proxy/exchange/services.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/body_stream.h"
#include "proxy/forward/call_timeout.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call_body.h"
#include "proxy/local/local.h"

/* In mode "always": the part of its duration that passes between a merged call and the next one for its
 * entity. */
#define PAUSE_DIVISOR 32
#define PAUSE_MAX_MS  5

/* ---- members ---- */

static void add_member(struct upstream_call *call, struct exchange *exchange)
{
    list_append(&call->members, &exchange->member);
    call->member_count++;
    call->users++;
    exchange->call = call;
    exchange->state = EXCHANGE_SENT;
}

static struct exchange *first_member(const struct upstream_call *call)
{
    return CONTAINER_OF(call->members.next, struct exchange, member);
}

static void remove_member(struct exchange *exchange)
{
    if (list_is_empty(&exchange->member))
        return;
    list_remove(&exchange->member);
    exchange->call->member_count--;
}

static void release(struct upstream_call *call)
{
    if (--call->users > 0)
        return;
    request_free(&call->request);
    upstream_call_body_free(call);
    buf_free(&call->target);
    headers_free(&call->headers);
    free(call);
}

void upstream_call_release(struct exchange *exchange)
{
    struct upstream_call *call = TAKE_PTR(exchange->call);

    if (call)
        release(call);
}

static void release_key(struct upstream_call *call)
{
    queue_key_release(&call->services->forward->queue, TAKE_PTR(call->key), call);
}

static void pause_ended(struct timer *timer)
{
    struct upstream_call *call = CONTAINER_OF(timer, struct upstream_call, pause);

    list_remove(&call->paused);
    release_key(call);
    release(call);
}

/* Those who are answered together are about to write again: a moment later their writes are one call, where
 * else the first would go alone and hold up the others. */
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

    call->pause.expired = pause_ended;
    if (delay_ms <= 0 || loop_timer_start(&services->loop, &call->pause, delay_ms) < 0) {
        release_key(call);
        return;
    }
    call->users++;
    list_append(&services->forward->paused, &call->paused);
}

void upstream_call_end_pause(struct upstream_call *call)
{
    loop_timer_stop(&call->services->loop, &call->pause);
    pause_ended(&call->pause);
}

/* The call has ended, whatever came of it. */
static void end_call(struct upstream_call *call, enum budget_result result)
{
    struct services *services = call->services;

    if (!call->under_way)
        return;
    call->under_way = false;
    if (call->is_queued) {
        budget_settle(&services->budget, services->loop.now_ms, call->cost, result);
        queue_call_ended(&services->forward->queue, call->turn_of);
    }
    if (call->key)
        end_key(call);
    services->forward->write_generation += !call->is_read;
}

/* The lead's client has gone while others wait for the answer: what is sent again after a 401 is kept for
 * them. */
static void inherit(struct upstream_call *call, struct exchange *lead)
{
    struct request *request = &call->request;

    call->target = lead->target.text;
    call->headers = lead->headers;
    lead->target.text = (struct buf)BUF_INIT(0);
    lead->headers = (struct headers)HEADERS_INIT;
    request->headers = &call->headers;
    call->lead = NULL;
}

static void leave_call(struct exchange *exchange)
{
    struct upstream_call *call = exchange->call;

    remove_member(exchange);
    if (!call->under_way)
        return; /* its answer may be what the exchange gets: released when that is written */
    if (call->member_count == 0) {
        bool sent = call->request.state == REQUEST_SENDING;

        request_cancel(&call->request);
        end_call(call, sent ? BUDGET_COUNTED : BUDGET_UNCOUNTED);
    } else if (call->lead == exchange) {
        inherit(call, exchange);
    }
    upstream_call_release(exchange);
}

void upstream_call_leave(struct exchange *exchange)
{
    loop_timer_stop(&exchange->services->loop, &exchange->wait_timer);
    if (exchange->call)
        leave_call(exchange);
    queue_forget(&exchange->services->forward->queue, &exchange->item);
}

/* ---- what came of it ---- */

static void wait_again(struct exchange *exchange, int64_t back_off_ms)
{
    remove_member(exchange);
    upstream_call_release(exchange);
    admission_again(exchange, back_off_ms);
}

static void answer_all(struct upstream_call *call)
{
    while (call->member_count > 0) {
        struct exchange *exchange = first_member(call);

        remove_member(exchange);
        exchange_answer(exchange, &call->request);
    }
}

/* Both halves are sent again, each by itself, until the bad body stands alone. */
static void split(struct upstream_call *call)
{
    struct services *services = call->services;
    size_t half = call->member_count / 2;
    size_t i;

    metrics_count(services->metrics, METRICS_MERGE_SPLITS, 1);
    services->forward->merge_groups += 2;
    for (i = 0; call->member_count > 0; i++) {
        struct exchange *exchange = first_member(call);

        exchange->item.group = services->forward->merge_groups - (i < half);
        wait_again(exchange, 0);
    }
}

/* Whether one body of a merged call can be the reason for the answer: the server says so also with 500. */
static bool may_be_one_body(int status)
{
    return status == 400 || status == 413 || status == 415 || status == 422 || status == 500;
}

static unsigned most_retries(const struct upstream_call *call)
{
    const struct list *link;
    unsigned most = 0;

    for (link = call->members.next; link != &call->members; link = link->next) {
        unsigned retries = CONTAINER_OF((struct list *)(uintptr_t)link, struct exchange, member)->retries;

        most = retries > most ? retries : most;
    }
    return most;
}

/* How long to wait before the next try, of these requests or of their operation; -1: longer than anybody may
 * wait. */
static int64_t back_off_ms(const struct upstream_call *call, int64_t retry_after_ms)
{
    unsigned in_a_row = refused_operations_in_a_row(&call->services->budget.refusals.operations,
                                                    call->operation, call->request.transfer.started_ms);
    unsigned retries = most_retries(call);

    return retry_delay_ms(&call->services->own_request_options.retry,
                          (retries > in_a_row ? retries : in_a_row) + 1, retry_after_ms);
}

static void rate_limited(struct upstream_call *call)
{
    struct services *services = call->services;
    const struct retry_options *retry = &services->own_request_options.retry;
    int64_t now_ms = services->loop.now_ms;
    int64_t retry_after_ms =
        upstream_clock_retry_after_ms(&services->upstream.clock, &call->request.transfer);
    int64_t delay_ms = back_off_ms(call, retry_after_ms);
    struct refusal this = {
        .operation = call->operation,
        .sent_ms = call->request.transfer.started_ms,
        .until_ms = now_ms + (delay_ms >= 0 ? delay_ms : retry->max_delay_ms),
    };

    metrics_count(services->metrics, METRICS_RATE_LIMITED, 1);
    if (call->cost > 0 && !retry->off)
        budget_refused(&services->budget, now_ms, &this);
    while (call->member_count > 0) {
        struct exchange *exchange = first_member(call);
        enum retry_refusal refusal =
            retry_check(retry, exchange->retry, exchange->retries, exchange->stamped);

        if (refusal == RETRY_NOT_REFUSED && !body_stream_can_begin_again(exchange))
            refusal = RETRY_BODY_IS_GONE;
        if (refusal == RETRY_NOT_REFUSED && delay_ms < 0)
            refusal = RETRY_LATER_THAN_MAX;
        if (refusal == RETRY_NOT_REFUSED) {
            exchange->retries++;
            metrics_count(services->metrics, METRICS_RETRIES, 1);
            wait_again(exchange, delay_ms);
        } else {
            remove_member(exchange);
            call->request.not_retried = refusal;
            exchange_answer(exchange, &call->request);
        }
    }
}

static enum budget_result result_of(const struct request *request)
{
    switch (request->outcome) {
    case REQUEST_ANSWERED:
        return request->transfer.status == 429   ? BUDGET_REFUSED
               : request->transfer.status == 401 ? BUDGET_UNCOUNTED
                                                 : BUDGET_COUNTED;
    case REQUEST_FAILED: /* perhaps it was executed */
        return BUDGET_COUNTED;
    default:
        return BUDGET_UNCOUNTED;
    }
}

/* Other answers can come from something in front of the server, and say nothing of its limit. */
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
    struct exchange *reader = first_member(call);

    while (reader->member.next != &call->members) { /* each of the others needs a call of its own */
        struct exchange *exchange = CONTAINER_OF(reader->member.next, struct exchange, member);

        exchange->item.alone = true;
        wait_again(exchange, 0);
    }
    call->streams = true;
    note_acceptance(call);
    budget_answer_begun(&services->budget, services->loop.now_ms, call->cost);
    call->cost = 0;
    if (call->key) /* nobody can join it any more, and a write has been executed */
        release_key(call);
}

static void request_done(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);
    bool answered = request->outcome == REQUEST_ANSWERED;

    call->users++; /* until all have been told */
    end_call(call, result_of(request));
    if (answered)
        note_acceptance(call);
    if (call->streams)
        body_stream_answer_ended(call);
    else if (answered && request->transfer.status == 429)
        rate_limited(call);
    else if (answered && call->is_merged && may_be_one_body(request->transfer.status))
        split(call);
    else
        answer_all(call);
    if (call->services->forward->queue.count > 0)
        forward_wake_in(call->services->forward,
                        0); /* upstream_call_run() may have been called in this turn already */
    release(call);
}

/* ---- waiting for a login ---- */

/* Each waits as long as it may itself: neither longer nor shorter for the sake of whoever leads. */
static void call_waits(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);
    struct list *link, *next;

    call->users++; /* who cannot wait leaves */
    for (link = call->members.next; link != &call->members; link = next) {
        next = link->next;
        admission_wait_for_login(CONTAINER_OF(link, struct exchange, member));
    }
    release(call);
}

static void end_waiting(struct upstream_call *call)
{
    struct list *link;

    for (link = call->members.next; link != &call->members; link = link->next) {
        struct exchange *exchange = CONTAINER_OF(link, struct exchange, member);

        if (timer_is_started(&exchange->wait_timer))
            admission_end(exchange);
    }
}

/* ---- sending ---- */

static void call_ready(struct request *request);

static struct upstream_call *upstream_call_new(struct exchange *lead)
{
    struct services *services = lead->services;
    struct upstream_call *call = calloc(1, sizeof(*call));
    struct request *request;

    if (!call)
        return NULL;
    call->services = services;
    list_init(&call->members);
    call->under_way = true;
    call->lead = lead;
    call->is_read = lead->is_read;
    call->cost = lead->item.cost;
    call->operation = lead->item.operation;
    call->headers = (struct headers)HEADERS_INIT;
    request = &call->request;
    request_init(request, &services->upstream, &services->request_options);
    request->quota = &services->bodies;
    request->waits = call_waits;
    request->ready = call_ready;
    request->done = request_done;
    request->method = lead->method;
    request->target = lead->target.text.data;
    request->headers = &lead->headers;
    request->body = upstream_call_body_of(lead);
    request->anonymous = lead->route.kind == ROUTE_FORWARD_ANONYMOUS;
    request->retry = lead->retry;
    request->stamped = lead->stamped;
    request->timeout_ms =
        call_timeout_ms(lead->method, &lead->target, request->body, services->request_options.timeout_ms,
                        upstream_clock_now_ms(&services->upstream.clock));
    request->idempotent = lead->operation && lead->operation->flags & TB_ATTRIBUTE_WRITE;
    add_member(call, lead);
    body_stream_attach(call);
    return call;
}

/* Whether what waits for the same key goes along: with a read always; with a write where it had to wait, also
 * for its retry. */
static bool takes_along(const struct exchange *lead)
{
    const struct services *services = lead->services;
    enum merge_mode mode = (enum merge_mode)services->config->merge.mode;

    if (!lead->item.key || lead->item.alone)
        return false;
    if (lead->is_read || lead->item.group)
        return true;
    return mode == MERGE_MODE_ALWAYS ||
           (mode == MERGE_MODE_PRESSURE &&
            (lead->retries > 0 || queue_was_passed_over(&services->forward->queue, &lead->item)));
}

/* Of bodies, each with a comma or a bracket around it, as many as fit. */
static void gather(struct upstream_call *call, struct exchange *lead)
{
    struct services *services = lead->services;
    size_t max = (size_t)services->config->merge.max_bytes;
    size_t used = lead->item.bytes + 2;

    while (call->member_count < UPSTREAM_CALL_SHARED_MAX && used < max) {
        struct queue_item *item = queue_take_next(&services->forward->queue, &lead->item, max - used - 1);
        struct exchange *exchange;

        if (!item)
            break;
        used += item->bytes + 1;
        exchange = CONTAINER_OF(item, struct exchange, item);
        admission_end(exchange);
        add_member(call, exchange);
    }
    if (lead->is_read)
        metrics_count(services->metrics, METRICS_JOINED_READS, call->member_count - 1);
}

/* Of those that are still there: what somebody was told to be late with is not sent. Without memory for one
 * body of all, the first goes alone. */
static void merge_or_go_alone(struct upstream_call *call)
{
    struct metrics *metrics = call->services->metrics;
    struct exchange *first = first_member(call);

    upstream_call_body_free(call);
    call->is_merged = call->member_count > 1 && upstream_call_body_merge(call) == 0;
    if (call->is_merged) {
        call->request.body = &call->body;
        if (call->request.replayed) /* it is counted */
            return;
        metrics_count(metrics, METRICS_MERGED_CALLS, 1);
        metrics_count(metrics, METRICS_MERGED_REQUESTS, call->member_count);
        return;
    }
    call->request.body = upstream_call_body_of(first);
    while (first->member.next != &call->members)
        wait_again(CONTAINER_OF(first->member.next, struct exchange, member), 0);
}

static void call_ready(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);

    end_waiting(call);
    if (!call->is_read)
        merge_or_go_alone(call);
    request_send(request);
}

void upstream_call_send(struct exchange *lead)
{
    struct services *services = lead->services;
    bool hold = !lead->is_read && services->config->merge.mode == MERGE_MODE_ALWAYS;
    struct upstream_call *call;

    admission_end(lead);
    call = body_stream_reserve(lead) ? upstream_call_new(lead) : NULL;
    if (!call) {
        budget_settle(&services->budget, services->loop.now_ms, lead->item.cost, BUDGET_UNCOUNTED);
        queue_call_ended(&services->forward->queue, lead->item.turn_of);
        reply_busy(lead, "there is no memory for its body (limits.max_buffered_bytes): try again later");
        return;
    }
    call->is_queued = true;
    call->turn_of = lead->item.turn_of;
    call->key = lead->item.key;
    if (takes_along(lead))
        gather(call, lead);
    if (call->key)
        queue_key_use(&services->forward->queue, call->key, call, hold);
    services->forward->write_generation += !call->is_read;
    call->generation = services->forward->write_generation;
    request_start(&call->request);
}

void upstream_call_join(struct upstream_call *call, struct exchange *exchange)
{
    add_member(call, exchange);
    if (call->request.state == REQUEST_WAITING)
        admission_wait_for_login(exchange);
    metrics_count(exchange->services->metrics, METRICS_JOINED_READS, 1);
}

static void login_ready(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);
    struct exchange *exchange = first_member(call);

    end_call(call, BUDGET_UNCOUNTED);
    local_answer(exchange);
}

static void clock_ready(struct request *request)
{
    struct upstream_call *call = CONTAINER_OF(request, struct upstream_call, request);
    struct exchange *exchange = first_member(call);

    end_waiting(call);
    end_call(call, BUDGET_UNCOUNTED);
    remove_member(exchange);
    upstream_call_release(exchange);
    admission_begin(exchange);
}

/* Waits for what request_start() waits for, bounded by WAITS (NULL: by the options); goes on with READY. */
static void wait_for_ready(struct exchange *exchange, void (*waits)(struct request *request),
                           void (*ready)(struct request *request))
{
    struct upstream_call *call = upstream_call_new(exchange);

    if (!call) {
        reply_error(exchange, 503, "proxy_internal_response", "out of memory");
        return;
    }
    call->is_read = true;
    call->request.waits = waits;
    call->request.ready = ready;
    request_start(&call->request);
}

void upstream_call_begin_login(struct exchange *exchange)
{
    wait_for_ready(exchange, NULL, login_ready);
}

void upstream_call_wait_for_clock(struct exchange *exchange)
{
    wait_for_ready(exchange, call_waits, clock_ready);
}
