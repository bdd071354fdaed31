/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/transfer.h"

#include <errno.h>
#include <stdio.h>

#include "http/proxy_status.h"
#include "transport/pool.h"
#include "transport/transfer_answer.h"
#include "transport/transfer_end.h"

/* Most of an answer that waits for write(): what an HTTP/2 window can grow to, and what is received at once.
 */
#define HELD_MAX (8 << 20)

static bool is_word(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return false;
    return true;
}

/* Nothing in a header line, a method or a target may begin another line, or end a word. */
static bool can_be_sent(const struct transfer *transfer)
{
    const char *const *line;

    for (line = transfer->headers; line && *line; line++)
        if (strpbrk(*line, "\r\n"))
            return false;
    return is_word(transfer->target) && is_word(transfer->method);
}

static void transfer_timed_out(struct timer *timer);

static void reset(struct transfer *transfer)
{
    headers_clear(&transfer->response);
    transfer_clear_body(transfer);
    transfer_drop_held(transfer);
    transfer->response_body.max = transfer->response_max;
    transfer->held.max = HELD_MAX;
    transfer->status = 0;
    transfer->knowledge = TRANSFER_NOT_SENT;
    transfer->answer_begun = transfer->header_complete = transfer->overflows = transfer->was_cut = false;
    transfer->timed_out_waiting = transfer->is_complete = transfer->no_expect = transfer->is_answered = false;
    transfer->sends = transfer->losses = transfer->rejections = 0;
    free(TAKE_PTR(transfer->detail));
}

/* Until the timer has to look at it. */
static int64_t look_ms(const struct transfer *transfer, int64_t now_ms)
{
    int64_t left_ms =
        transfer->timeout_ms > 0 ? transfer->started_ms + transfer->timeout_ms - now_ms : INT64_MAX;
    int64_t send_ms = transfer->send_by_ms > 0 ? transfer->send_by_ms - now_ms : INT64_MAX;

    return send_ms > 0 && send_ms < left_ms ? send_ms : left_ms;
}

static void start_timer(struct transfer *transfer)
{
    struct loop *loop = transfer->transport->loop;
    int64_t ms = look_ms(transfer, loop->now_ms);

    if (ms < INT64_MAX)
        loop_timer_start(loop, &transfer->timer, ms);
}

int transfer_start(struct transport *transport, struct transfer *transfer)
{
    int r = 0;

    if (!can_be_sent(transfer))
        return -EINVAL;
    reset(transfer);
    transfer->timer.expired = transfer_timed_out;
    transfer->started_ms = transport->loop->now_ms;
    transfer->transport = transport;
    transfer->connection = NULL;
    list_init(&transfer->link);
    start_timer(transfer);
    if (transfer->is_upgrade)
        r = pool_open_upgrade(transport, transfer);
    else
        pool_add(transport, transfer, false);
    if (r < 0) {
        loop_timer_stop(transport->loop, &transfer->timer);
        transfer->transport = NULL;
    }
    return r;
}

void transfer_send_by(struct transfer *transfer, int64_t send_by_ms)
{
    if (!transfer->transport || (transfer->send_by_ms > 0 && transfer->send_by_ms <= send_by_ms))
        return;
    transfer->send_by_ms = send_by_ms;
    start_timer(transfer);
}

static void forget(struct transfer *transfer)
{
    loop_timer_stop(transfer->transport->loop, &transfer->timer);
    pool_remove(transfer);
    transfer_drop_held(transfer);
}

void transfer_cancel(struct transfer *transfer)
{
    if (!transfer->transport)
        return;
    forget(transfer);
    connection_close(TAKE_PTR(transfer->upgraded));
    transfer->transport = NULL;
}

/* Without a byte of any answer since it was sent, its connection may be dead, and others with it. (That PINGs
 * are answered says little: a gateway does that by itself.) */
static void suspect_connection(const struct transfer *transfer)
{
    struct http_connection *connection = transfer->connection;

    if (connection->answered_ms > transfer->sent_ms)
        return;
    connection->is_last = true;
    pool_distrust(transfer->transport, transfer->sent_ms);
}

static void expire(struct transfer *transfer)
{
    bool waits = transfer->is_waiting;

    if (transfer->connection && transfer->connection->protocol) {
        suspect_connection(transfer);
        transfer->knowledge = transfer->header_complete ? TRANSFER_ANSWERED : TRANSFER_MAY_HAVE_RUN;
    }
    transfer->timed_out_waiting =
        waits && transfer->transport->connection_count > transfer->transport->opening_count;
    forget(transfer);
    transfer->status = 0;
    transfer->error = (struct transfer_error){504, "http_response_timeout"};
    transfer_explain(transfer, "no answer in %lld ms",
                     (long long)(transfer->transport->loop->now_ms - transfer->started_ms));
}

void transfer_expire(struct transfer *transfer)
{
    expire(transfer);
    transfer_cancel(transfer);
}

/* It is time to be sent, but not all its time is over. Returns whether it goes on. */
static bool is_sent(struct transfer *transfer)
{
    int64_t now_ms = transfer->transport->loop->now_ms;

    if (transfer->is_waiting || look_ms(transfer, now_ms) <= 0)
        return false;
    start_timer(transfer);
    return true;
}

static void transfer_timed_out(struct timer *timer)
{
    struct transfer *transfer = CONTAINER_OF(timer, struct transfer, timer);
    bool late = transfer_is_late(transfer, transfer->transport->loop->now_ms) && transfer->is_waiting;

    if (is_sent(transfer) || transfer_settle(transfer))
        return;
    expire(transfer);
    transfer->timed_out_waiting |= late;
    if (late && transfer_was_not_executed(transfer)) {
        transfer->error = (struct transfer_error){503, PROXY_STATUS_UNAVAILABLE};
        transfer_explain(transfer, "not sent, or only refused, for %lld ms",
                         (long long)(transfer->transport->loop->now_ms - transfer->started_ms));
    }
    transfer_end(transfer);
}

bool transfer_settle(struct transfer *transfer)
{
    struct http_connection *connection = transfer->connection;

    if (!connection || !transfer->is_answered)
        return false;
    connection->protocol->cancel(connection, transfer);
    http_transfer_answered(connection, transfer);
    return true;
}

void transfer_resume(struct transfer *transfer)
{
    int r = 0;

    if (!transfer->transport)
        return;
    if (transfer->connection && !transfer->connection->protocol) /* it is being opened */
        return;
    if (transfer->connection) {
        transfer->connection->protocol->resume(transfer->connection, transfer);
        return;
    }
    if (!transfer->is_complete || !transfer_is_held(transfer))
        return;
    r = transfer_offer_held(transfer);
    if (!transfer->transport || (r == 0 && transfer_is_held(transfer)))
        return;
    list_remove(&transfer->link);
    if (r == -ECANCELED)
        transfer_fail(transfer, (struct transfer_error){0});
    else
        transfer_end(transfer);
}

struct connection *transfer_take_connection(struct transfer *transfer)
{
    return TAKE_PTR(transfer->upgraded);
}

bool transfer_failed_in_tls(const struct transfer *transfer)
{
    return transfer->status == 0 && transfer->error.token && strncmp(transfer->error.token, "tls_", 4) == 0;
}

bool transfer_error_lasts(const char *token)
{
    return token && strcmp(token, "tls_certificate_error") == 0;
}

bool transfer_was_not_executed(const struct transfer *transfer)
{
    return transfer->status == 0 && transfer->knowledge < TRANSFER_MAY_HAVE_RUN;
}

void transfer_free(struct transfer *transfer)
{
    free(TAKE_PTR(transfer->detail));
    transfer_clear_body(transfer);
    buf_free(&transfer->response_body);
    transfer_drop_held(transfer);
    headers_free(&transfer->response);
}
