/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/upstream.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "http/origin.h"
#include "upstream/backoff.h"
#include "upstream/request.h"

/* A login that takes longer is given up, so that the state of the session is known in time. */
#define CALL_TIMEOUT_MS   20000
#define CALL_RESPONSE_MAX 65536

/* Of a server that was ejected: any answer but a gateway's is a good one. */
#define PROBE_TIMEOUT_MS   10000
#define PROBE_RESPONSE_MAX 4096

static void session_changed(struct upstream *upstream)
{
    upstream->changed(upstream);
    request_wake_all(upstream);
    upstream_schedule(upstream);
}

static void send_call(struct upstream *upstream, size_t server);

/* Whether the call that ended goes on at another server: a login may be made twice. */
static bool try_next_server(struct upstream *upstream)
{
    size_t next;

    upstream_report(upstream, upstream->call_server, &upstream->transfer, true);
    next = upstream_next_server(upstream, &upstream->transfer, upstream->call_tried, true);
    if (next == FAILOVER_NONE)
        return false;
    buf_free_secret(&upstream->transfer.response_body);
    send_call(upstream, next);
    return true;
}

static void call_done(struct transfer *transfer)
{
    struct upstream *upstream = CONTAINER_OF(transfer, struct upstream, transfer);
    const struct upstream_server *server = &upstream->servers[upstream->call_server];
    char error[CURL_ERROR_SIZE + 300];
    struct session_reply reply = {
        .status = transfer->status,
        .body = transfer->response_body.data ? transfer->response_body.data : "",
        .length = transfer->response_body.len,
        .url = server->url,
        .location = transfer->status ? headers_find(&transfer->response, "Location") : NULL,
        .retry_after_ms = upstream_retry_after_ms(upstream, transfer),
    };

    if (try_next_server(upstream))
        return;
    upstream_learn_clock(upstream, transfer);
    transport_learn_from(server->transport, server->session_transport);
    reply.server_now_ms = upstream_told_ms(upstream); /* how long the token lasts concerns no other answer */
    if (transfer->status == 0) {
        snprintf(error, sizeof(error), "%.250s %s: %s", server->url,
                 transfer->answer_begun ? "gives no answer that can be used" : "cannot be reached",
                 transfer->detail);
        reply.transport_error = error;
    }
    session_call_done(upstream->session, upstream->loop->now_ms, &reply);
    session_call_free(&upstream->call);
    session_changed(upstream); /* a refusal's body is of interest */
    buf_free_secret(&transfer->response_body);
}

/* Where requests share a connection, a call of the session waits behind none of them, and the login's
 * connection is there for the first of them. */
struct transport *upstream_session_transport(const struct upstream *upstream, size_t server)
{
    const struct upstream_server *own = &upstream->servers[server];

    return transport_may_share(own->transport) ? own->transport : own->session_transport;
}

static void send_call(struct upstream *upstream, size_t server)
{
    struct transfer *transfer = &upstream->transfer;

    upstream->call_server = server;
    upstream->call_tried |= 1U << server;
    log_debug("%s %s", upstream->call.method, upstream->call.path);
    if (transfer_start(upstream_session_transport(upstream, server), transfer) < 0) {
        transfer->status = 0;
        snprintf(transfer->detail, sizeof(transfer->detail), "out of memory");
        call_done(transfer);
    }
}

static void start_call(struct upstream *upstream)
{
    static char content_type[] = "Content-Type: application/json";
    static char accept[] = "Accept: application/json";
    struct transfer *transfer = &upstream->transfer;
    struct session_call *call = &upstream->call;
    struct tb_error err = TB_ERROR_INIT;
    int r = session_next_call(upstream->session, upstream->loop->now_ms, call, &err);

    if (r != 0) {
        if (r < 0)
            session_changed(upstream);
        else
            upstream_schedule(upstream);
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
    upstream->call_tried = 0;
    send_call(upstream, upstream_server(upstream));
}

static void call_is_due(struct timer *timer)
{
    start_call(CONTAINER_OF(timer, struct upstream, timer));
}

void upstream_schedule(struct upstream *upstream)
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

size_t upstream_server(const struct upstream *upstream)
{
    return failover_current(&upstream->failover);
}

struct transport *upstream_transport(const struct upstream *upstream)
{
    return upstream->servers[upstream_server(upstream)].transport;
}

struct transport *upstream_websocket_transport(const struct upstream *upstream)
{
    return upstream->servers[upstream_server(upstream)].websocket_transport;
}

const char *upstream_url(const struct upstream *upstream)
{
    return upstream->servers[upstream_server(upstream)].url;
}

const char *upstream_configured_url(const struct upstream *upstream, const char *url)
{
    size_t i;

    for (i = 0; i < upstream->failover.count; i++)
        if (origin_is_same(url, upstream->servers[i].url))
            return upstream->servers[i].url;
    return upstream->servers[0].url;
}

/* Who has one server only, and wants to hear nothing of it, need not know when it is back. */
static void start_probe_timer(struct upstream *upstream)
{
    bool wanted = upstream->failover.count > 1 || upstream->outage_changed;
    int64_t due_ms = wanted ? failover_due_ms(&upstream->failover) : INT64_MAX;

    if (due_ms == INT64_MAX)
        loop_timer_stop(upstream->loop, &upstream->probe_timer);
    else /* without memory for it, the next request that fails does it again */
        timer_start(&upstream->loop->timers, &upstream->probe_timer, due_ms);
}

static bool is_gateway_error(const struct transfer *transfer)
{
    return transfer->status >= 502 && transfer->status <= 504;
}

static bool waited_for_a_connection(const struct transfer *transfer)
{
    return transfer->status == 0 && transfer->error.status == 504 && !transfer->has_socket;
}

/* Why a server cannot be used, in the words of a transfer to it; "" if it can. */
static void describe_cause(const struct transfer *transfer, char *ret, size_t size)
{
    ret[0] = '\0';
    if (is_gateway_error(transfer))
        snprintf(ret, size, "it answers %d", transfer->status);
    else if (transfer->status == 0)
        snprintf(ret, size, "%s", transfer->detail);
}

static void tell_outage(struct upstream *upstream)
{
    if (!upstream->outage.is_on && upstream->session) {
        session_server_is_back(upstream->session, upstream->loop->now_ms);
        upstream_schedule(upstream);
    }
    if (upstream->outage_changed)
        upstream->outage_changed(upstream);
    if (!upstream->outage.is_on)
        outage_forget(&upstream->outage);
}

/* Of a server that is alone the outage tells all. */
static void log_change(const struct upstream *upstream, size_t server, const char *cause)
{
    const struct failover_server *state = &upstream->failover.servers[server];

    if (upstream->failover.count == 1)
        return;
    if (state->ejected)
        log_warning("%s is ejected for %lld s: %s", upstream->servers[server].url,
                    (long long)state->ejected_ms / 1000, cause);
    else
        log_info("%s can be used again", upstream->servers[server].url);
}

/* What follows from a report on SERVER; CHANGED: it was ejected, or is healthy again. */
static void note_change(struct upstream *upstream, size_t server, const struct transfer *transfer,
                        bool changed)
{
    char cause[CURL_ERROR_SIZE];

    describe_cause(transfer, cause, sizeof(cause));
    if (changed)
        log_change(upstream, server, cause);
    start_probe_timer(upstream);
    if (upstream->in_use != upstream_server(upstream)) {
        upstream->in_use = upstream_server(upstream);
        log_info("the server in use is %s", upstream_url(upstream));
    }
    if (outage_update(&upstream->outage, &upstream->failover, upstream->servers[server].url, cause,
                      upstream->loop->now_ms, clock_wall_ms()))
        tell_outage(upstream);
}

/* What a transfer says of its server. Whether it says anything. */
static bool result_of(const struct transfer *transfer, bool counts, enum failover_result *ret)
{
    bool unsent = transfer_was_not_sent(transfer) && !transfer->connected;

    if (unsent && waited_for_a_connection(transfer))
        return false;
    if (unsent)
        *ret = FAILOVER_UNREACHABLE;
    else if (transfer->status == 0 && transfer->answer_begun)
        return false;
    else if (transfer->status == 0)
        *ret = FAILOVER_DOUBTFUL;
    else if (counts)
        *ret = is_gateway_error(transfer) ? FAILOVER_GATEWAY_ERROR : FAILOVER_ANSWERED;
    else if (transfer->status == 502 || transfer->status == 503)
        *ret = FAILOVER_DOUBTFUL;
    else
        return false;
    return true;
}

void upstream_report(struct upstream *upstream, size_t server, const struct transfer *transfer, bool counts)
{
    enum failover_result result;

    if (result_of(transfer, counts, &result))
        note_change(upstream, server, transfer,
                    failover_report(&upstream->failover, server, result, upstream->loop->now_ms));
}

void upstream_report_websocket(struct upstream *upstream, const struct websocket *websocket)
{
    size_t i;

    for (i = 0; i < upstream->failover.count; i++)
        if (upstream->servers[i].websocket_transport == websocket->transport)
            upstream_report(upstream, i, &websocket->transfer, false);
}

size_t upstream_next_server(const struct upstream *upstream, const struct transfer *transfer, unsigned tried,
                            bool harmless)
{
    bool failed = transfer->status == 0 ? !transfer->answer_begun && transfer->error.status != 504
                                        : is_gateway_error(transfer);

    if (!transfer_was_not_sent(transfer) && (!harmless || !failed))
        return FAILOVER_NONE;
    return failover_next(&upstream->failover, tried);
}

static void probe_done(struct transfer *transfer)
{
    struct upstream_server *server = CONTAINER_OF(transfer, struct upstream_server, probe);
    struct upstream *upstream = server->upstream;
    size_t index = (size_t)(server - upstream->servers);
    /* An answer that does not come is as bad as no connection. */
    enum failover_result result = transfer->status == 0        ? FAILOVER_UNREACHABLE
                                  : is_gateway_error(transfer) ? FAILOVER_GATEWAY_ERROR
                                                               : FAILOVER_ANSWERED;

    note_change(upstream, index, transfer,
                failover_report_probe(&upstream->failover, index, result, upstream->loop->now_ms));
}

static void probes_are_due(struct timer *timer)
{
    struct upstream *upstream = CONTAINER_OF(timer, struct upstream, probe_timer);
    size_t index;

    while ((index = failover_begin_probe(&upstream->failover, upstream->loop->now_ms)) != FAILOVER_NONE) {
        struct upstream_server *server = &upstream->servers[index];

        transfer_cancel(&server->probe); /* a request was answered before it, and then one was not */
        if (transfer_start(server->websocket_transport, &server->probe) < 0)
            failover_report_probe(&upstream->failover, index, FAILOVER_UNREACHABLE, upstream->loop->now_ms);
    }
    start_probe_timer(upstream);
}

static int open_server(struct upstream *upstream, size_t index, const char *url,
                       const struct transport_options *options, struct tb_error *err)
{
    struct upstream_server *server = &upstream->servers[index];
    struct transport_options transport = *options;
    int r;

    transport.url = url;
    server->upstream = upstream;
    server->url = strdup(url);
    if (!server->url)
        return tb_error_set(err, -ENOMEM, "out of memory");
    server->probe = (struct transfer){
        .method = "GET",
        .target = UPSTREAM_PROBE_PATH,
        .timeout_ms = PROBE_TIMEOUT_MS,
        .response_max = PROBE_RESPONSE_MAX,
        .cut = true,
        .may_be_sent_twice = true,
        .done = probe_done,
        .response = HEADERS_INIT,
    };
    r = transport_new(upstream->loop, &transport, &server->transport, err);
    transport.max_connections = 1;
    if (r == 0)
        r = transport_new(upstream->loop, &transport, &server->session_transport, err);
    transport.max_connections = 0;
    return r < 0 ? r : transport_new(upstream->loop, &transport, &server->websocket_transport, err);
}

int upstream_open(struct upstream *upstream, struct loop *loop, const struct upstream_options *options,
                  struct tb_error *err)
{
    const char *const *fallback = options->fallback_urls;
    size_t count = 1;
    int r;

    upstream->loop = loop;
    upstream->timer.expired = call_is_due;
    upstream->probe_timer.expired = probes_are_due;
    upstream->transfer.response = (struct headers)HEADERS_INIT;
    list_init(&upstream->waiting);
    upstream_clock_open(upstream);
    r = open_server(upstream, 0, options->transport.url, &options->transport, err);
    for (; r == 0 && fallback && *fallback && count < FAILOVER_SERVERS_MAX; fallback++, count++)
        r = open_server(upstream, count, *fallback, &options->transport, err);
    failover_init(&upstream->failover, count);
    if (r == 0 && options->session)
        r = session_new(options->session, &upstream->session, err);
    return r;
}

void upstream_close(struct upstream *upstream)
{
    size_t i;

    if (!upstream->loop) /* never opened */
        return;
    loop_timer_stop(upstream->loop, &upstream->timer);
    loop_timer_stop(upstream->loop, &upstream->probe_timer);
    upstream_clock_close(upstream);
    transfer_cancel(&upstream->transfer);
    session_call_free(&upstream->call);
    transfer_free(&upstream->transfer);
    session_free(upstream->session);
    for (i = 0; i < FAILOVER_SERVERS_MAX; i++) {
        struct upstream_server *server = &upstream->servers[i];

        transfer_cancel(&server->probe);
        transfer_free(&server->probe);
        transport_free(server->session_transport);
        transport_free(server->websocket_transport);
        transport_free(server->transport);
        free(server->url);
    }
}

void upstream_reload_certificates(struct upstream *upstream)
{
    size_t i;

    for (i = 0; i < upstream->failover.count; i++) {
        transport_reload_certificates(upstream->servers[i].session_transport);
        transport_reload_certificates(upstream->servers[i].transport);
        transport_reload_certificates(upstream->servers[i].websocket_transport);
    }
}

void upstream_run(struct upstream *upstream)
{
    size_t i;

    for (i = 0; i < upstream->failover.count; i++) {
        transport_run(upstream->servers[i].session_transport);
        transport_run(upstream->servers[i].transport);
        transport_run(upstream->servers[i].websocket_transport);
    }
}

bool upstream_is_pending(const struct upstream *upstream)
{
    size_t i;

    for (i = 0; i < upstream->failover.count; i++)
        if (transport_is_pending(upstream->servers[i].session_transport) ||
            transport_is_pending(upstream->servers[i].transport) ||
            transport_is_pending(upstream->servers[i].websocket_transport))
            return true;
    return false;
}

int64_t upstream_retry_after_ms(const struct upstream *upstream, const struct transfer *transfer)
{
    const char *value = transfer->status ? headers_find(&transfer->response, "Retry-After") : NULL;
    struct server_clock_answer answer;

    if (!value)
        return -1;
    /* A date is meant by the clock that wrote the answer's own. */
    return retry_after_ms(value, upstream_clock_read(transfer, &answer) ? answer.date_s * 1000
                                                                        : upstream_now_ms(upstream));
}
