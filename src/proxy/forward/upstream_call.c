/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/upstream_call.h"

#include <errno.h>
#include <sys/random.h>

#include "upstream/backoff.h"
#include "proxy/forward/admission.h"
#include "proxy/forward/call_timeout.h"
#include "proxy/daemon/daemon.h"
#include "proxy/exchange/exchange.h"
#include "proxy/forward/upstream_call_body.h"
#include "proxy/local/local.h"
#include "proxy/exchange/reply.h"
#include "proxy/forward/body_stream.h"

/* In mode "always": the part of its duration that passes between a merged call and the next one for its
 * entity. */
#define PAUSE_DIVISOR 32
#define PAUSE_MAX_MS  5

/* ---- members ---- */

static void add_member(struct forwarding *forwarding, struct exchange *exchange)
{
    list_append(&forwarding->members, &exchange->member);
    forwarding->member_count++;
    forwarding->users++;
    exchange->forwarding = forwarding;
    exchange->state = EXCHANGE_SENT;
}

static struct exchange *first_member(const struct forwarding *forwarding)
{
    return CONTAINER_OF(forwarding->members.next, struct exchange, member);
}

static void remove_member(struct exchange *exchange)
{
    if (list_is_empty(&exchange->member))
        return;
    list_remove(&exchange->member);
    exchange->forwarding->member_count--;
}

static void release(struct forwarding *forwarding)
{
    if (--forwarding->users > 0)
        return;
    request_free(&forwarding->request);
    forwarding_body_free(forwarding);
    buf_free(&forwarding->target);
    headers_free(&forwarding->headers);
    free(forwarding);
}

void forwarding_release(struct exchange *exchange)
{
    struct forwarding *forwarding = TAKE_PTR(exchange->forwarding);

    if (forwarding)
        release(forwarding);
}

static void wake(struct timer *timer)
{
    (void)timer; /* forwarding_run() is called in every turn of the loop */
}

/* The loop may not sleep longer before forwarding_run() is called. */
static void wake_in(struct daemon *daemon, int64_t delay_ms)
{
    daemon->queue_timer.expired = wake;
    loop_timer_start(&daemon->loop, &daemon->queue_timer, delay_ms);
}

static void release_key(struct forwarding *forwarding)
{
    queue_key_release(&forwarding->daemon->queue, TAKE_PTR(forwarding->key), forwarding);
}

static void pause_ended(struct timer *timer)
{
    struct forwarding *forwarding = CONTAINER_OF(timer, struct forwarding, pause);

    list_remove(&forwarding->paused);
    release_key(forwarding);
    release(forwarding);
}

/* Those who are answered together are about to write again: a moment later their writes are one call, where
 * else the first would go alone and hold up the others. */
static int64_t pause_ms(const struct forwarding *forwarding)
{
    int64_t call_ms = forwarding->daemon->loop.now_ms - forwarding->request.transfer.started_ms;

    if (!forwarding->is_merged || forwarding->daemon->config->merge.mode != MERGE_MODE_ALWAYS)
        return 0;
    return call_ms / PAUSE_DIVISOR < PAUSE_MAX_MS ? call_ms / PAUSE_DIVISOR : PAUSE_MAX_MS;
}

static void end_key(struct forwarding *forwarding)
{
    struct daemon *daemon = forwarding->daemon;
    int64_t delay_ms = pause_ms(forwarding);

    forwarding->pause.expired = pause_ended;
    if (delay_ms <= 0 || loop_timer_start(&daemon->loop, &forwarding->pause, delay_ms) < 0) {
        release_key(forwarding);
        return;
    }
    forwarding->users++;
    list_append(&daemon->paused, &forwarding->paused);
}

void forwarding_close(struct daemon *daemon)
{
    while (!list_is_empty(&daemon->paused)) {
        struct forwarding *forwarding = CONTAINER_OF(daemon->paused.next, struct forwarding, paused);

        loop_timer_stop(&daemon->loop, &forwarding->pause);
        pause_ended(&forwarding->pause);
    }
}

/* The call has ended, whatever came of it. */
static void end_call(struct forwarding *forwarding, enum budget_result result)
{
    struct daemon *daemon = forwarding->daemon;

    if (!forwarding->under_way)
        return;
    forwarding->under_way = false;
    if (forwarding->is_queued) {
        budget_settle(&daemon->budget, daemon->loop.now_ms, forwarding->cost, result);
        queue_call_ended(&daemon->queue, forwarding->turn_of);
    }
    if (forwarding->key)
        end_key(forwarding);
    daemon->write_generation += !forwarding->is_read;
}

/* The lead's client has gone while others wait for the answer: what is sent again after a 401 is kept for
 * them. */
static void inherit(struct forwarding *forwarding, struct exchange *lead)
{
    struct request *request = &forwarding->request;

    forwarding->target = lead->target.text;
    forwarding->headers = lead->headers;
    lead->target.text = (struct buf)BUF_INIT(0);
    lead->headers = (struct headers)HEADERS_INIT;
    request->headers = &forwarding->headers;
    forwarding->lead = NULL;
}

static void leave_call(struct exchange *exchange)
{
    struct forwarding *forwarding = exchange->forwarding;

    remove_member(exchange);
    if (!forwarding->under_way)
        return; /* its answer may be what the exchange gets: released when that is written */
    if (forwarding->member_count == 0) {
        bool sent = forwarding->request.state == REQUEST_SENDING;

        request_cancel(&forwarding->request);
        end_call(forwarding, sent ? BUDGET_COUNTED : BUDGET_UNCOUNTED);
    } else if (forwarding->lead == exchange) {
        inherit(forwarding, exchange);
    }
    forwarding_release(exchange);
}

void forwarding_leave(struct exchange *exchange)
{
    loop_timer_stop(&exchange->daemon->loop, &exchange->wait_timer);
    if (exchange->forwarding)
        leave_call(exchange);
    queue_forget(&exchange->daemon->queue, &exchange->item);
}

/* ---- what came of it ---- */

static void wait_again(struct exchange *exchange, int64_t back_off_ms)
{
    remove_member(exchange);
    forwarding_release(exchange);
    admission_again(exchange, back_off_ms);
}

static void answer_all(struct forwarding *forwarding)
{
    while (forwarding->member_count > 0) {
        struct exchange *exchange = first_member(forwarding);

        remove_member(exchange);
        exchange_answer(exchange, &forwarding->request);
    }
}

/* Both halves are sent again, each by itself, until the bad body stands alone. */
static void split(struct forwarding *forwarding)
{
    struct daemon *daemon = forwarding->daemon;
    size_t half = forwarding->member_count / 2;
    size_t i;

    metrics_count(daemon->metrics, METRICS_MERGE_SPLITS, 1);
    daemon->merge_groups += 2;
    for (i = 0; forwarding->member_count > 0; i++) {
        struct exchange *exchange = first_member(forwarding);

        exchange->item.group = daemon->merge_groups - (i < half);
        wait_again(exchange, 0);
    }
}

/* Whether one body of a merged call can be the reason for the answer: the server says so also with 500. */
static bool may_be_one_body(int status)
{
    return status == 400 || status == 413 || status == 415 || status == 422 || status == 500;
}

static unsigned most_repeats(const struct forwarding *forwarding)
{
    const struct list *link;
    unsigned most = 0;

    for (link = forwarding->members.next; link != &forwarding->members; link = link->next) {
        unsigned repeats = CONTAINER_OF((struct list *)(uintptr_t)link, struct exchange, member)->repeats;

        most = repeats > most ? repeats : most;
    }
    return most;
}

/* How long to wait before the next try, of these requests or of their operation; -1: longer than anybody may
 * wait. */
static int64_t back_off_ms(const struct forwarding *forwarding, int64_t retry_after_ms)
{
    const struct request_options *retry = &forwarding->daemon->retry;
    unsigned in_a_row = refusals_in_a_row(&forwarding->daemon->budget.refusals, forwarding->operation,
                                          forwarding->request.transfer.started_ms);
    unsigned repeats = most_repeats(forwarding);
    uint32_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random = (uint32_t)(uintptr_t)forwarding;
    return backoff_delay_ms((repeats > in_a_row ? repeats : in_a_row) + 1, retry->initial_retry_delay_ms,
                            retry->max_retry_delay_ms, retry_after_ms, random);
}

static void rate_limited(struct forwarding *forwarding)
{
    struct daemon *daemon = forwarding->daemon;
    int64_t now_ms = daemon->loop.now_ms;
    int64_t retry_after_ms = upstream_retry_after_ms(&daemon->upstream, &forwarding->request.transfer);
    int64_t delay_ms = back_off_ms(forwarding, retry_after_ms);
    struct refusal this = {
        .operation = forwarding->operation,
        .sent_ms = forwarding->request.transfer.started_ms,
        .until_ms = now_ms + (delay_ms >= 0 ? delay_ms : daemon->retry.max_retry_delay_ms),
    };

    metrics_count(daemon->metrics, METRICS_RATE_LIMITED, 1);
    if (forwarding->cost > 0 && !daemon->retry.no_retry_on_rate_limit)
        budget_refused(&daemon->budget, now_ms, &this);
    while (forwarding->member_count > 0) {
        struct exchange *exchange = first_member(forwarding);
        enum request_repeat_refusal refusal =
            request_repeat_refusal(&daemon->retry, exchange->repeat, exchange->repeats, exchange->stamped);

        if (refusal == REPEAT_NOT_REFUSED && !stream_can_begin_again(exchange))
            refusal = REPEAT_BODY_IS_GONE;
        if (refusal == REPEAT_NOT_REFUSED && delay_ms < 0)
            refusal = REPEAT_LATER_THAN_MAX;
        if (refusal == REPEAT_NOT_REFUSED) {
            exchange->repeats++;
            metrics_count(daemon->metrics, METRICS_REPEATS, 1);
            wait_again(exchange, delay_ms);
        } else {
            remove_member(exchange);
            forwarding->request.not_repeated = refusal;
            exchange_answer(exchange, &forwarding->request);
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
static void note_acceptance(const struct forwarding *forwarding)
{
    const struct transfer *transfer = &forwarding->request.transfer;
    struct daemon *daemon = forwarding->daemon;

    if (forwarding->cost > 0 && transfer->status >= 200 && transfer->status < 400)
        budget_accepted(&daemon->budget, daemon->loop.now_ms, forwarding->operation, forwarding->cost,
                        transfer->started_ms);
}

void forwarding_answer_begun(struct forwarding *forwarding)
{
    struct daemon *daemon = forwarding->daemon;
    struct exchange *reader = first_member(forwarding);

    while (reader->member.next != &forwarding->members) { /* each of the others needs a call of its own */
        struct exchange *exchange = CONTAINER_OF(reader->member.next, struct exchange, member);

        exchange->item.alone = true;
        wait_again(exchange, 0);
    }
    forwarding->streams = true;
    note_acceptance(forwarding);
    budget_answer_begun(&daemon->budget, daemon->loop.now_ms, forwarding->cost);
    forwarding->cost = 0;
    if (forwarding->key) /* nobody can join it any more, and a write has been executed */
        release_key(forwarding);
}

static void request_done(struct request *request)
{
    struct forwarding *forwarding = CONTAINER_OF(request, struct forwarding, request);
    bool answered = request->outcome == REQUEST_ANSWERED;

    forwarding->users++; /* until all have been told */
    end_call(forwarding, result_of(request));
    if (answered)
        note_acceptance(forwarding);
    if (forwarding->streams)
        stream_answer_ended(forwarding);
    else if (answered && request->transfer.status == 429)
        rate_limited(forwarding);
    else if (answered && forwarding->is_merged && may_be_one_body(request->transfer.status))
        split(forwarding);
    else
        answer_all(forwarding);
    if (forwarding->daemon->queue.count > 0)
        wake_in(forwarding->daemon, 0); /* forwarding_run() may have been called in this turn already */
    release(forwarding);
}

/* ---- waiting for a login ---- */

/* Each waits as long as it may itself: neither longer nor shorter for the sake of whoever leads. */
static void call_waits(struct request *request)
{
    struct forwarding *forwarding = CONTAINER_OF(request, struct forwarding, request);
    struct list *link, *next;

    forwarding->users++; /* who cannot wait leaves */
    for (link = forwarding->members.next; link != &forwarding->members; link = next) {
        next = link->next;
        admission_wait_for_login(CONTAINER_OF(link, struct exchange, member));
    }
    release(forwarding);
}

static void end_waiting(struct forwarding *forwarding)
{
    struct list *link;

    for (link = forwarding->members.next; link != &forwarding->members; link = link->next) {
        struct exchange *exchange = CONTAINER_OF(link, struct exchange, member);

        if (timer_is_started(&exchange->wait_timer))
            admission_end(exchange);
    }
}

/* ---- sending ---- */

static void call_ready(struct request *request);

static struct forwarding *forwarding_new(struct exchange *lead)
{
    struct daemon *daemon = lead->daemon;
    struct forwarding *forwarding = calloc(1, sizeof(*forwarding));
    struct request *request;

    if (!forwarding)
        return NULL;
    forwarding->daemon = daemon;
    list_init(&forwarding->members);
    forwarding->under_way = true;
    forwarding->lead = lead;
    forwarding->is_read = lead->is_read;
    forwarding->cost = lead->item.cost;
    forwarding->operation = lead->item.operation;
    forwarding->headers = (struct headers)HEADERS_INIT;
    request = &forwarding->request;
    request_init(request, &daemon->upstream, &daemon->request_options);
    request->quota = &daemon->bodies;
    request->waits = call_waits;
    request->ready = call_ready;
    request->done = request_done;
    request->method = lead->method;
    request->target = lead->target.text.data;
    request->headers = &lead->headers;
    request->body = forwarding_body_of(lead);
    request->anonymous = lead->route.kind == ROUTE_FORWARD_ANONYMOUS;
    request->repeat = lead->repeat;
    request->stamped = lead->stamped;
    request->timeout_ms =
        call_timeout_ms(lead->method, &lead->target, request->body, daemon->request_options.timeout_ms,
                        upstream_now_ms(&daemon->upstream));
    request->idempotent = lead->operation && lead->operation->flags & TB_ATTRIBUTE_WRITE;
    add_member(forwarding, lead);
    stream_attach(forwarding);
    return forwarding;
}

/* Whether what waits for the same key goes along: with a read always; with a write where it had to wait, also
 * for its repeat. */
static bool takes_along(const struct exchange *lead)
{
    const struct daemon *daemon = lead->daemon;
    enum merge_mode mode = (enum merge_mode)daemon->config->merge.mode;

    if (!lead->item.key || lead->item.alone)
        return false;
    if (lead->is_read || lead->item.group)
        return true;
    return mode == MERGE_MODE_ALWAYS ||
           (mode == MERGE_MODE_PRESSURE &&
            (lead->repeats > 0 || queue_was_passed_over(&daemon->queue, &lead->item)));
}

/* Of bodies, each with a comma or a bracket around it, as many as fit. */
static void gather(struct forwarding *forwarding, struct exchange *lead)
{
    struct daemon *daemon = lead->daemon;
    size_t max = (size_t)daemon->config->merge.max_bytes;
    size_t used = lead->item.bytes + 2;

    while (forwarding->member_count < FORWARDING_SHARED_MAX && used < max) {
        struct queue_item *item = queue_take_next(&daemon->queue, &lead->item, max - used - 1);
        struct exchange *exchange;

        if (!item)
            break;
        used += item->bytes + 1;
        exchange = CONTAINER_OF(item, struct exchange, item);
        admission_end(exchange);
        add_member(forwarding, exchange);
    }
    if (lead->is_read)
        metrics_count(daemon->metrics, METRICS_JOINED_READS, forwarding->member_count - 1);
}

/* Of those that are still there: what somebody was told to be late with is not sent. Without memory for one
 * body of all, the first goes alone. */
static void merge_or_go_alone(struct forwarding *forwarding)
{
    struct metrics *metrics = forwarding->daemon->metrics;
    struct exchange *first = first_member(forwarding);

    forwarding_body_free(forwarding);
    forwarding->is_merged = forwarding->member_count > 1 && forwarding_body_merge(forwarding) == 0;
    if (forwarding->is_merged) {
        forwarding->request.body = &forwarding->body;
        if (forwarding->request.replayed) /* it is counted */
            return;
        metrics_count(metrics, METRICS_MERGED_CALLS, 1);
        metrics_count(metrics, METRICS_MERGED_REQUESTS, forwarding->member_count);
        return;
    }
    forwarding->request.body = forwarding_body_of(first);
    while (first->member.next != &forwarding->members)
        wait_again(CONTAINER_OF(first->member.next, struct exchange, member), 0);
}

static void call_ready(struct request *request)
{
    struct forwarding *forwarding = CONTAINER_OF(request, struct forwarding, request);

    end_waiting(forwarding);
    if (!forwarding->is_read)
        merge_or_go_alone(forwarding);
    request_send(request);
}

static void send_item(struct daemon *daemon, struct exchange *lead)
{
    bool hold = !lead->is_read && daemon->config->merge.mode == MERGE_MODE_ALWAYS;
    struct forwarding *forwarding;

    admission_end(lead);
    forwarding = stream_reserve(lead) ? forwarding_new(lead) : NULL;
    if (!forwarding) {
        budget_settle(&daemon->budget, daemon->loop.now_ms, lead->item.cost, BUDGET_UNCOUNTED);
        queue_call_ended(&daemon->queue, lead->item.turn_of);
        reply_busy(lead, "there is no memory for its body (limits.max_buffered_bytes): try again later");
        return;
    }
    forwarding->is_queued = true;
    forwarding->turn_of = lead->item.turn_of;
    forwarding->key = lead->item.key;
    if (takes_along(lead))
        gather(forwarding, lead);
    if (forwarding->key)
        queue_key_use(&daemon->queue, forwarding->key, forwarding, hold);
    daemon->write_generation += !forwarding->is_read;
    forwarding->generation = daemon->write_generation;
    request_start(&forwarding->request);
}

void forwarding_run(struct daemon *daemon)
{
    int64_t now_ms = daemon->loop.now_ms;
    struct queue_item *item;
    int64_t ready_ms;

    if (daemon->queue.count == 0)
        return;
    while ((item = queue_pop(&daemon->queue, &daemon->budget, now_ms)))
        send_item(daemon, CONTAINER_OF(item, struct exchange, item));
    queue_end_pass(&daemon->queue);
    ready_ms = queue_ready_ms(&daemon->queue, &daemon->budget, now_ms);
    if (ready_ms == INT64_MAX)
        loop_timer_stop(&daemon->loop, &daemon->queue_timer);
    else
        wake_in(daemon, ready_ms - now_ms);
}

void forwarding_join(struct forwarding *forwarding, struct exchange *exchange)
{
    add_member(forwarding, exchange);
    if (forwarding->request.state == REQUEST_WAITING)
        admission_wait_for_login(exchange);
    metrics_count(exchange->daemon->metrics, METRICS_JOINED_READS, 1);
}

static void login_ready(struct request *request)
{
    struct forwarding *forwarding = CONTAINER_OF(request, struct forwarding, request);
    struct exchange *exchange = first_member(forwarding);

    end_call(forwarding, BUDGET_UNCOUNTED);
    local_answer(exchange);
}

static void clock_ready(struct request *request)
{
    struct forwarding *forwarding = CONTAINER_OF(request, struct forwarding, request);
    struct exchange *exchange = first_member(forwarding);

    end_waiting(forwarding);
    end_call(forwarding, BUDGET_UNCOUNTED);
    remove_member(exchange);
    forwarding_release(exchange);
    admission_begin(exchange);
}

/* Waits for what request_start() waits for, bounded by WAITS (NULL: by the options); goes on with READY. */
static void wait_for_ready(struct exchange *exchange, void (*waits)(struct request *request),
                           void (*ready)(struct request *request))
{
    struct forwarding *forwarding = forwarding_new(exchange);

    if (!forwarding) {
        reply_error(exchange, 503, "proxy_internal_response", "out of memory");
        return;
    }
    forwarding->is_read = true;
    forwarding->request.waits = waits;
    forwarding->request.ready = ready;
    request_start(&forwarding->request);
}

void forwarding_begin_login(struct exchange *exchange)
{
    wait_for_ready(exchange, NULL, login_ready);
}

void forwarding_wait_for_clock(struct exchange *exchange)
{
    wait_for_ready(exchange, call_waits, clock_ready);
}
