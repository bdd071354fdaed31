/* SPDX-License-Identifier: Apache-2.0 */
#include "client/upstream.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/hash.h"
#include "base/log.h"
#include "client/backoff.h"
#include "client/request.h"

/* A login that takes longer is given up, so that the state of the session is known in time. */
#define CALL_TIMEOUT_MS   20000
#define CALL_RESPONSE_MAX 65536

static void session_changed(struct upstream *upstream)
{
    upstream->changed(upstream);
    request_wake_all(upstream);
    upstream_poke(upstream);
}

static void call_done(struct transfer *transfer)
{
    struct upstream *upstream = CONTAINER_OF(transfer, struct upstream, transfer);
    char error[CURL_ERROR_SIZE + 300];
    struct session_reply reply = {
        .status = transfer->status,
        .body = transfer->response_body.data ? transfer->response_body.data : "",
        .length = transfer->response_body.len,
        .retry_after_ms = upstream_retry_after_ms(upstream, transfer),
    };

    upstream_learn_clock(upstream, transfer);
    transport_learn_from(upstream->transport, upstream->session_transport);
    reply.server_now_ms = upstream_now_ms(upstream);
    if (transfer->status == 0) {
        snprintf(error, sizeof(error), "%.250s cannot be reached: %s", upstream->url, transfer->detail);
        reply.transport_error = error;
    }
    session_call_done(upstream->session, upstream->loop->now_ms, &reply);
    session_call_free(&upstream->call);
    session_changed(upstream); /* a refusal's body is of interest */
    buf_free_secret(&transfer->response_body);
}

static void start_call(struct upstream *upstream)
{
    static char content_type[] = "Content-Type: application/json";
    static char accept[] = "Accept: application/json";
    struct transfer *transfer = &upstream->transfer;
    struct session_call *call = &upstream->call;
    struct tb_error err = TB_ERROR_INIT;
    int r = session_next_call(upstream->session, upstream->loop->now_ms, call, &err);

    if (r < 0) {
        session_changed(upstream);
        return;
    }
    upstream->lines[0] = (struct curl_slist){content_type, &upstream->lines[1]};
    upstream->lines[1] = (struct curl_slist){accept, call->credential ? &upstream->lines[2] : NULL};
    if (call->credential)
        upstream->lines[2] = (struct curl_slist){call->credential->header, NULL};
    transfer->method = call->method;
    transfer->target = call->path;
    transfer->headers = upstream->lines;
    transfer->body = call->body.data;
    transfer->body_length = call->body.len;
    transfer->timeout_ms = CALL_TIMEOUT_MS;
    transfer->response_max = CALL_RESPONSE_MAX;
    transfer->done = call_done;
    log_debug("%s %s", call->method, call->path);
    if (transfer_start(upstream->session_transport, transfer) < 0) {
        transfer->status = 0;
        snprintf(transfer->detail, sizeof(transfer->detail), "out of memory");
        call_done(transfer);
    }
}

static void call_is_due(struct timer *timer)
{
    start_call(CONTAINER_OF(timer, struct upstream, timer));
}

void upstream_poke(struct upstream *upstream)
{
    int64_t due_ms = upstream->session ? session_due(upstream->session) : INT64_MAX;

    if (due_ms == INT64_MAX) {
        loop_timer_stop(upstream->loop, &upstream->timer);
        return;
    }
    if (due_ms < upstream->loop->now_ms)
        due_ms = upstream->loop->now_ms;
    /* Without memory for it, the next request that waits for the session pokes again. */
    timer_start(&upstream->loop->timers, &upstream->timer, due_ms);
}

int upstream_open(struct upstream *upstream, struct loop *loop, const struct upstream_options *options,
                  struct tb_error *err)
{
    struct transport_options transport = options->transport;
    int r;

    upstream->loop = loop;
    upstream->timer.expired = call_is_due;
    upstream->transfer.response = (struct headers)HEADERS_INIT;
    list_init(&upstream->waiting);
    upstream->url = strdup(transport.url);
    if (!upstream->url)
        return tb_error_set(err, -ENOMEM, "out of memory");
    r = transport_new(loop, &transport, &upstream->transport, err);
    transport.max_connections = 1;
    if (r == 0)
        r = transport_new(loop, &transport, &upstream->session_transport, err);
    transport.max_connections = 0;
    if (r == 0)
        r = transport_new(loop, &transport, &upstream->websocket_transport, err);
    if (r == 0 && options->session)
        r = session_new(options->session, &upstream->session, err);
    return r;
}

void upstream_close(struct upstream *upstream)
{
    if (!upstream->loop) /* never opened */
        return;
    loop_timer_stop(upstream->loop, &upstream->timer);
    transfer_cancel(&upstream->transfer);
    session_call_free(&upstream->call);
    transfer_free(&upstream->transfer);
    session_free(upstream->session);
    transport_free(upstream->session_transport);
    transport_free(upstream->websocket_transport);
    transport_free(upstream->transport);
    free(upstream->url);
}

void upstream_run(struct upstream *upstream)
{
    transport_run(upstream->session_transport);
    transport_run(upstream->transport);
    transport_run(upstream->websocket_transport);
}

bool upstream_is_pending(const struct upstream *upstream)
{
    return transport_is_pending(upstream->session_transport) || transport_is_pending(upstream->transport) ||
           transport_is_pending(upstream->websocket_transport);
}

void upstream_learn_clock(struct upstream *upstream, const struct transfer *transfer)
{
    const char *date = transfer->status ? headers_find(&transfer->response, "Date") : NULL;
    time_t seconds;

    /* Only the first answer of each second teaches something. */
    if (!date || strcmp(date, upstream->last_date) == 0)
        return;
    seconds = curl_getdate(date, NULL);
    if (seconds <= 0)
        return;
    snprintf(upstream->last_date, sizeof(upstream->last_date), "%s", date);
    server_clock_learn(&upstream->clock, (int64_t)seconds, transfer->started_ms, clock_boot_ms());
}

int64_t upstream_now_ms(const struct upstream *upstream)
{
    return server_clock_at(&upstream->clock, upstream->loop->now_ms, clock_wall_ms());
}

int64_t upstream_stamp_ms(struct upstream *upstream, const char *entity, size_t length)
{
    return server_clock_stamp(&upstream->clock, hash_bytes(entity, length), upstream->loop->now_ms,
                              clock_wall_ms());
}

int64_t upstream_retry_after_ms(const struct upstream *upstream, const struct transfer *transfer)
{
    const char *value = transfer->status ? headers_find(&transfer->response, "Retry-After") : NULL;

    return value ? retry_after_ms(value, upstream_now_ms(upstream)) : -1;
}
