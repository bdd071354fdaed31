/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session_calls.h"

#include <stdio.h>

#include "base/log.h"

/* A login that takes longer is given up, so that the state of the session is known in time. */
#define CALL_TIMEOUT_MS   20000
#define CALL_RESPONSE_MAX 65536

static void finish(struct session_calls *calls)
{
    calls->changed(calls);
    session_calls_schedule(calls);
}

static void send_call(struct session_calls *calls, size_t server);

/* Tries another server if there is one; returns whether it did. A login may be made twice. */
static bool try_next_server(struct session_calls *calls)
{
    size_t next;

    server_health_report(calls->health, calls->server, &calls->transfer, true);
    next = server_health_next(calls->health, &calls->transfer, calls->tried, true);
    if (next == FAILOVER_NONE)
        return false;
    buf_free_secret(&calls->transfer.response_body);
    send_call(calls, next);
    return true;
}

static void session_call_ended(struct transfer *transfer)
{
    struct session_calls *calls = CONTAINER_OF(transfer, struct session_calls, transfer);
    const struct servers *servers = calls->health->servers;
    const struct upstream_server *server = &servers->list[calls->server];
    char error[TRANSFER_DETAIL_BYTES + 300];
    struct session_reply reply = {
        .status = transfer->status,
        .body = transfer->response_body.data ? transfer->response_body.data : "",
        .length = transfer->response_body.len,
        .url = server->url,
        .location = transfer->status ? headers_find(&transfer->response, "Location") : NULL,
        .retry_after_ms = upstream_clock_retry_after_ms(calls->clock, transfer),
    };

    if (try_next_server(calls))
        return;
    upstream_clock_learn(calls->clock, transfer);
    transport_learn_from(server->transports[SERVER_REQUESTS], server->transports[SERVER_SESSION]);
    /* Even if in doubt: it is only compared with the times in this answer's token. */
    reply.server_now_ms = upstream_clock_told_ms(calls->clock);
    if (transfer->status == 0) {
        snprintf(error, sizeof(error), "%.250s %s: %s", server->url,
                 transfer->answer_begun ? "gives no usable answer" : "cannot be reached",
                 transfer_detail(transfer));
        reply.transport_error = error;
    }
    session_call_done(calls->session, calls->loop->now_ms, &reply);
    session_call_free(&calls->call);
    finish(calls); /* before its body is freed */
    buf_free_secret(&transfer->response_body);
}

static void send_call(struct session_calls *calls, size_t server)
{
    struct transfer *transfer = &calls->transfer;

    calls->server = server;
    calls->tried |= 1U << server;
    log_debug("%s %s", calls->call.method, calls->call.path);
    if (transfer_start(servers_session_transport(calls->health->servers, server), transfer) < 0) {
        transfer->status = 0;
        transfer_explain(transfer, "out of memory");
        session_call_ended(transfer);
    }
}

static void start_call(struct session_calls *calls)
{
    struct transfer *transfer = &calls->transfer;
    struct session_call *call = &calls->call;
    struct tb_error err = TB_ERROR_INIT;
    int r = session_next_call(calls->session, calls->loop->now_ms, call, &err);

    if (r != 0) {
        if (r < 0)
            finish(calls);
        else
            session_calls_schedule(calls);
        return;
    }
    calls->lines[0] = "Content-Type: application/json";
    calls->lines[1] = "Accept: application/json";
    calls->lines[2] = call->credential ? call->credential->header : NULL;
    transfer->method = call->method;
    transfer->target = call->path;
    transfer->headers = calls->lines;
    transfer->body = call->body.data;
    transfer->body_length = call->body.len;
    transfer->timeout_ms = CALL_TIMEOUT_MS;
    transfer->response_max = CALL_RESPONSE_MAX;
    transfer->done = session_call_ended;
    calls->tried = 0;
    send_call(calls, failover_current(&calls->health->failover));
}

static void session_calls_timer_expired(struct timer *timer)
{
    start_call(CONTAINER_OF(timer, struct session_calls, timer));
}

void session_calls_schedule(struct session_calls *calls)
{
    int64_t due_ms = calls->session ? session_due(calls->session) : INT64_MAX;

    if (due_ms == INT64_MAX) {
        loop_timer_stop(calls->loop, &calls->timer);
        return;
    }
    if (due_ms < calls->loop->now_ms)
        due_ms = calls->loop->now_ms;
    /* If there is no memory, the next request that waits for the session schedules it again. */
    timer_start(&calls->loop->timers, &calls->timer, due_ms);
}

void session_calls_open(struct session_calls *calls, struct loop *loop, struct session *session,
                        struct server_health *health, struct upstream_clock *clock,
                        void (*changed)(struct session_calls *calls))
{
    calls->loop = loop;
    calls->session = session;
    calls->health = health;
    calls->clock = clock;
    calls->changed = changed;
    calls->timer.expired = session_calls_timer_expired;
    calls->transfer.response = (struct headers)HEADERS_INIT;
}

void session_calls_close(struct session_calls *calls)
{
    if (!calls->loop)
        return;
    loop_timer_stop(calls->loop, &calls->timer);
    transfer_cancel(&calls->transfer);
    session_call_free(&calls->call);
    transfer_free(&calls->transfer);
}
