/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/request.h"

#include <stdio.h>

#include "upstream/request_lines.h"
#include "upstream/stamp.h"

#define LOGIN_PAGE "/oauth2Login"

static void request_timer_expired(struct timer *timer);
static void request_transfer_done(struct transfer *transfer);
static void request_woken(struct upstream_waiter *waiter);

void request_init(struct request *request, struct upstream *upstream, const struct request_options *options)
{
    request->upstream = upstream;
    request->options = options;
    request->timer.expired = request_timer_expired;
    request->transfer.response = (struct headers)HEADERS_INIT;
    request->transfer.done = request_transfer_done;
    request->waiter.wake = request_woken;
    list_init(&request->waiter.link);
}

void request_cancel(struct request *request)
{
    if (!request->upstream) /* never begun */
        return;
    transfer_cancel(&request->transfer);
    loop_timer_stop(request->upstream->loop, &request->timer);
    list_remove(&request->waiter.link);
    request->state = REQUEST_DONE;
}

void request_free(struct request *request)
{
    if (!request->upstream)
        return;
    request_cancel(request);
    transfer_free(&request->transfer);
    credential_release(TAKE_PTR(request->credential));
    free(TAKE_PTR(request->lines));
}

static void finish(struct request *request, enum request_outcome outcome)
{
    request_cancel(request);
    request->outcome = outcome;
    request->done(request);
}

/* Parks the request until the upstream wakes it. */
static void park(struct request *request)
{
    struct upstream *upstream = request->upstream;
    bool begins = request->state != REQUEST_WAITING;

    request->state = REQUEST_WAITING;
    upstream_wait(upstream, &request->waiter);
    if (!request->waits && !timer_is_started(&request->timer))
        loop_timer_start(upstream->loop, &request->timer, request->options->session_wait_ms);
    session_calls_schedule(&upstream->calls);
    if (request->waits && begins)
        request->waits(request);
}

static void wait_for_session(struct request *request)
{
    struct upstream *upstream = request->upstream;

    if (session_may_wait(upstream->session, upstream->loop->now_ms))
        park(request);
    else
        finish(request, REQUEST_NO_SESSION);
}

/* Telemetry gets its time before it is sent, so that it can be retried. */
static void stamp(struct request *request)
{
    if (request->retry == TB_RETRY_STAMPED && !request->stamped && request->body &&
        !request->options->retry.off)
        request->stamped =
            telemetry_stamp_body(&request->upstream->clock, request->target, request->body, request->quota);
}

/* Whether executing it twice is as good as once (RFC 9110, section 9.2.2). */
static bool is_idempotent(const struct request *request)
{
    if (request->retry == TB_RETRY_NEVER)
        return false;
    return request->stamped || request->idempotent ||
           (strcmp(request->method, "POST") != 0 && strcmp(request->method, "PATCH") != 0);
}

/* A body that is handed on as it comes may take as long as its writer or reader; only the time that it stands
 * still is bounded. */
static bool streams(const struct request *request)
{
    return request->transfer.read || request->transfer.write;
}

static int64_t timeout_ms(const struct request *request)
{
    return request->timeout_ms ? request->timeout_ms : request->options->timeout_ms;
}

static void start_stall_timer(struct request *request)
{
    loop_timer_start(request->upstream->loop, &request->timer, timeout_ms(request));
}

void request_alive(struct request *request)
{
    if (request->state == REQUEST_SENDING && timer_is_started(&request->timer))
        start_stall_timer(request);
}

void request_paused(struct request *request)
{
    if (request->state == REQUEST_SENDING && timer_is_started(&request->timer))
        timer_start(&request->upstream->loop->timers, &request->timer, INT64_MAX);
}

static void fill_transfer(struct request *request)
{
    struct transfer *transfer = &request->transfer;

    transfer->method = request->method;
    transfer->target = request->target;
    transfer->body = request->body ? (request->body->data ? request->body->data : "") : NULL;
    transfer->body_length = request->body ? request->body->len : 0;
    transfer->timeout_ms = streams(request) ? 0 : timeout_ms(request);
    transfer->send_by_ms = request->send_by_ms;
    transfer->response_max = request->options->response_max;
    transfer->quota = request->quota;
    transfer->may_be_sent_twice = is_idempotent(request);
}

static struct credential *current_credential(const struct request *request)
{
    return session_credential(request->upstream->session, request->upstream->loop->now_ms);
}

static bool needs_credential(const struct request *request)
{
    return !request->anonymous && request->upstream->session;
}

static void send_to(struct request *request, size_t server)
{
    struct upstream *upstream = request->upstream;
    struct credential *credential = needs_credential(request) ? current_credential(request) : NULL;

    if (needs_credential(request) && !credential) {
        wait_for_session(request);
        return;
    }
    credential_release(request->credential);
    request->credential = credential ? credential_reference(credential) : NULL;
    stamp(request);
    fill_transfer(request);
    request->server = server;
    loop_timer_stop(upstream->loop, &request->timer);
    list_remove(&request->waiter.link);
    free(request->lines);
    request->lines = request_lines_new(request->headers, request->credential);
    request->transfer.headers = request->lines;
    if (streams(request))
        start_stall_timer(request);
    if (!request->lines || transfer_start(upstream->servers.list[request->server].transports[SERVER_REQUESTS],
                                          &request->transfer) < 0) {
        finish(request, REQUEST_CANNOT_BE_SENT);
        return;
    }
    request->state = REQUEST_SENDING;
}

void request_send(struct request *request)
{
    request->tried = 0;
    send_to(request, upstream_server(request->upstream));
}

/* Whether its telemetry needs a time that the server is about to give. */
static bool waits_for_clock(const struct request *request)
{
    return request->retry == TB_RETRY_STAMPED && !request->stamped && request->body &&
           upstream_clock_is_awaited(request->upstream);
}

void request_start(struct request *request)
{
    if (needs_credential(request) && !current_credential(request)) {
        wait_for_session(request);
        return;
    }
    if (waits_for_clock(request)) {
        park(request);
        return;
    }
    loop_timer_stop(request->upstream->loop, &request->timer);
    list_remove(&request->waiter.link);
    request->state = REQUEST_READY;
    if (request->ready)
        request->ready(request);
    else
        request_send(request);
}

static void request_woken(struct upstream_waiter *waiter)
{
    request_start(CONTAINER_OF(waiter, struct request, waiter));
}

static void report(const struct request *request)
{
    server_health_report(&request->upstream->health, request->server, &request->transfer,
                         request->retry != TB_RETRY_NEVER);
}

static void answer_stalled(struct request *request)
{
    struct transfer *transfer = &request->transfer;

    if (transfer_settle(transfer))
        return;
    transfer_expire(transfer);
    transfer_explain(transfer, "nothing came or went for %lld ms", (long long)timeout_ms(request));
    report(request);
    finish(request, REQUEST_FAILED);
}

static void request_timer_expired(struct timer *timer)
{
    struct request *request = CONTAINER_OF(timer, struct request, timer);

    if (request->state == REQUEST_BACKING_OFF)
        request_start(request);
    else if (request->state == REQUEST_SENDING)
        answer_stalled(request);
    else
        finish(request, REQUEST_SESSION_LATE);
}

static bool is_login_page(const struct transfer *transfer)
{
    const char *location = transfer->status == 302 ? headers_find(&transfer->response, "Location") : NULL;
    size_t length = location ? strlen(location) : 0;

    return length >= strlen(LOGIN_PAGE) && strcmp(location + length - strlen(LOGIN_PAGE), LOGIN_PAGE) == 0;
}

/* The server does not know the credential: it answers 401, or redirects to its login page. */
static bool is_credential_refused(const struct request *request)
{
    return request->credential && (request->transfer.status == 401 || is_login_page(&request->transfer));
}

static void replay(struct request *request)
{
    request->replayed = true;
    if (transfer_rewind(&request->transfer))
        request_start(request);
    else
        finish(request, REQUEST_BODY_IS_GONE);
}

static void handle_refused_credential(struct request *request)
{
    struct upstream *upstream = request->upstream;
    struct session *session = upstream->session;
    bool renewed =
        session_refused(session, upstream->loop->now_ms, request->credential->generation, request->replayed);

    session_calls_schedule(&upstream->calls);
    if (renewed && !request->replayed) {
        replay(request);
    } else if (session_state(session) == SESSION_LOCKED_OUT) {
        finish(request, REQUEST_NO_SESSION);
    } else {
        finish(request, request->transfer.status == 401 ? REQUEST_ANSWERED : REQUEST_TO_LOGIN_PAGE);
    }
}

/* Waits for the retry, if there is one. */
static void handle_rate_limit(struct request *request)
{
    const struct retry_options *options = &request->options->retry;
    int64_t retry_after_ms = upstream_clock_retry_after_ms(&request->upstream->clock, &request->transfer);
    int64_t delay_ms = retry_delay_ms(options, request->retries + 1, retry_after_ms);
    enum retry_refusal refusal = retry_check(options, request->retry, request->retries, request->stamped);

    if (refusal == RETRY_NOT_REFUSED && delay_ms < 0)
        refusal = RETRY_LATER_THAN_MAX;
    if (refusal == RETRY_NOT_REFUSED && !transfer_rewind(&request->transfer))
        refusal = RETRY_BODY_IS_GONE;
    request->not_retried = refusal;
    if (refusal != RETRY_NOT_REFUSED) {
        finish(request, REQUEST_ANSWERED);
        return;
    }
    loop_timer_start(request->upstream->loop, &request->timer, delay_ms);
    request->retries++;
    request->state = REQUEST_BACKING_OFF;
}

/* Tries another server of the cluster if the request failed and certainly was not executed, or may be
 * executed twice. Returns whether it did. */
static bool try_next_server(struct request *request)
{
    struct upstream *upstream = request->upstream;
    size_t next;

    report(request);
    request->tried |= 1U << request->server;
    next = server_health_next(&upstream->health, &request->transfer, request->tried, is_idempotent(request));
    if (request->transfer.overflows || next == FAILOVER_NONE || !transfer_rewind(&request->transfer))
        return false;
    send_to(request, next);
    return true;
}

static void note_execution(struct request *request)
{
    const struct transfer *transfer = &request->transfer;
    bool is_unusable = transfer->status == 0 || (transfer->status >= 502 && transfer->status <= 504);

    request->may_have_run |= transfer->losses > 0 || (is_unusable && !transfer_was_not_executed(transfer));
}

void request_give_up(struct request *request)
{
    if (request->state != REQUEST_SENDING || !request->transfer.transport)
        return;
    transfer_expire(&request->transfer);
    note_execution(request);
    request_cancel(request);
    request->outcome = REQUEST_FAILED;
}

static void note_acceptance(const struct request *request)
{
    const struct transfer *transfer = &request->transfer;

    if (request->credential && transfer->status >= 200 && transfer->status < 300)
        request->upstream->accepted_ms = transfer->started_ms;
}

static void request_transfer_done(struct transfer *transfer)
{
    struct request *request = CONTAINER_OF(transfer, struct request, transfer);

    loop_timer_stop(request->upstream->loop, &request->timer);
    note_execution(request);
    note_acceptance(request);
    upstream_clock_learn(&request->upstream->clock, transfer);
    if (try_next_server(request))
        return;
    if (transfer->status == 0)
        finish(request, REQUEST_FAILED);
    else if (transfer->overflows) /* write() has taken it already */
        finish(request, REQUEST_ANSWERED);
    else if (is_credential_refused(request))
        handle_refused_credential(request);
    else if (transfer->status == 429)
        handle_rate_limit(request);
    else
        finish(request, REQUEST_ANSWERED);
}
