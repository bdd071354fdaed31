/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/reply_server.h"

#include <inttypes.h>
#include <stdio.h>

#include "proxy/config/remedy.h"
#include "proxy/exchange/reply.h"
#include "proxy/exchange/reply_headers.h"
#include "proxy/exchange/respond.h"

#define BLOCK_BYTES (64 * 1024) /* read by libmicrohttpd at once */

/* Never called: libmicrohttpd sends no body for HEAD and 304. */
static ssize_t reply_server_no_body(void *arg, uint64_t position, char *data, size_t max)
{
    (void)arg;
    (void)position;
    (void)data;
    (void)max;
    return MHD_CONTENT_READER_END_OF_STREAM;
}

/* An answer to HEAD, or a 304, has no body but may have the Content-Length of a GET, or of a 200. If it does
 * not, the connection is closed: otherwise libmicrohttpd would send the end of a chunked body, which the
 * client would take for the next response. */
static struct response head_response(struct exchange *exchange, const struct transfer *transfer)
{
    const char *length = headers_find(&transfer->response, MHD_HTTP_HEADER_CONTENT_LENGTH);
    struct response response = {
        .mhd = MHD_create_response_from_callback(length ? strtoull(length, NULL, 10) : MHD_SIZE_UNKNOWN, 1,
                                                 reply_server_no_body, NULL, NULL)};

    if (response.mhd && !length) {
        exchange->outbound.close = true;
        MHD_set_response_options(response.mhd, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    }
    return response;
}

/* ---- the server has answered ---- */

/* For Proxy-Status: why a request that got a 429 was not retried. */
static const char *const retry_refusals[] = {
    [RETRY_IS_OFF] = "\"retry.retry_on_rate_limit is off\"",
    [RETRY_ENOUGH] = "\"retried as often as retry.max_retries allows\"",
    [RETRY_UNSAFE] = "\"not retried: the server may have executed it\"",
    [RETRY_UNSTAMPED] =
        "\"not retried: the server may have stored it, and its body could not be given a timestamp\"",
    [RETRY_BODY_IS_GONE] = "\"not retried: the body was too large to be kept (limits.max_kept_body_bytes)\"",
    [RETRY_LATER_THAN_MAX] = "\"not retried: Retry-After is longer than retry.max_retry_delay_ms\"",
};

/* What Proxy-Status says of an answer; NULL: nothing. */
static const char *details_of(const struct exchange *exchange, const struct request *request)
{
    if (request->transfer.status == 429)
        return retry_refusals[request->not_retried];
    if (request->transfer.status == 404 && request->may_have_run &&
        strcmp(exchange->head.method, MHD_HTTP_METHOD_DELETE) == 0)
        return "\"it was sent before, and that sending may have deleted it\"";
    return NULL;
}

static void reply_answer(struct exchange *exchange, const struct request *request)
{
    const struct transfer *transfer = &request->transfer;
    const char *details = details_of(exchange, request);
    char received[48];
    struct response response;

    if (strcmp(exchange->head.method, MHD_HTTP_METHOD_HEAD) == 0 || transfer->status == MHD_HTTP_NOT_MODIFIED)
        response = head_response(exchange, transfer);
    else
        response = response_from_buffer(transfer->response_body.data, transfer->response_body.len,
                                        MHD_RESPMEM_PERSISTENT);
    reply_headers_copy(response, exchange, transfer);
    response_add_timing(response, exchange);
    if (details) {
        snprintf(received, sizeof(received), "received-status=%d; details", transfer->status);
        response_add_proxy_status(response, received, details);
    }
    respond(exchange, transfer->status, response);
}

void reply_transfer(struct exchange *exchange, const struct transfer *transfer)
{
    struct response response = response_from_buffer(transfer->response_body.data, transfer->response_body.len,
                                                    MHD_RESPMEM_MUST_COPY);

    reply_headers_copy(response, exchange, transfer);
    respond(exchange, transfer->status, response);
}

void reply_transfer_streaming(struct exchange *exchange, const struct transfer *transfer,
                              MHD_ContentReaderCallback read, void *arg)
{
    const char *length = headers_find(&transfer->response, MHD_HTTP_HEADER_CONTENT_LENGTH);
    struct response response = {
        .mhd = MHD_create_response_from_callback(length ? strtoull(length, NULL, 10) : MHD_SIZE_UNKNOWN,
                                                 BLOCK_BYTES, read, arg, NULL)};

    reply_headers_copy(response, exchange, transfer);
    response_add_timing(response, exchange);
    respond_streaming(exchange, transfer->status, response);
}

/* ACCEPT is not the server's Sec-WebSocket-Accept, which is for tbproxyd's own key. */
void reply_upgrade(struct exchange *exchange, const struct headers *headers, const char *accept,
                   MHD_UpgradeHandler upgraded, void *arg)
{
    static const char *const agreed[] = {"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"};
    struct response response = {.mhd = MHD_create_response_for_upgrade(upgraded, arg)};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(agreed); i++)
        if (headers_find(headers, agreed[i]))
            response_add(response, agreed[i], headers_find(headers, agreed[i]));
    response_add(response, "Sec-WebSocket-Accept", accept);
    response_add(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
    respond(exchange, MHD_HTTP_SWITCHING_PROTOCOLS, response);
}

/* ---- the server has not answered ---- */

/* "; CAUSE; REMEDY" of a server that is not ready. */
static void describe_state(const struct services *services, char *ret, size_t size)
{
    const struct server_state *server = &services->server;

    *ret = '\0';
    if (!server_state_is_ready(server) && *server->cause)
        snprintf(ret, size, "; %s%s%s", server->cause, *server->remedy ? "; " : "", server->remedy);
}

/* What to do about it: not if only this request failed. */
static void describe_remedy(const struct services *services, const struct transfer *transfer, char *ret,
                            size_t size)
{
    bool is_general = transfer->knowledge == TRANSFER_NOT_SENT && !transfer->timed_out_waiting;

    *ret = '\0';
    if (!is_general && server_state_is_ready(&services->server))
        return;
    snprintf(ret, size, "; ");
    remedy_for_failure(services->config, 0, transfer->error.token, ret + 2, size - 2);
}

void reply_transfer_error(struct exchange *exchange, const struct transfer *transfer)
{
    const char *what =
        transfer->error.status == 504 ? "the server did not answer in time" : "no answer from the server";
    char remedy[TB_ERROR_MESSAGE_MAX];

    describe_remedy(exchange->services, transfer, remedy, sizeof(remedy));
    if (transfer->error.status == 503) { /* it was not executed */
        reply_later(exchange, 0, "%s: %s%s", what, transfer_detail(transfer), remedy);
        return;
    }
    reply_error(exchange, transfer->error.status, transfer->error.token, "%s: %s%s", what,
                transfer_detail(transfer), remedy);
}

static void reply_no_session(struct exchange *exchange)
{
    const struct services *services = exchange->services;
    const struct session *session = services->upstream.session;
    const char *reason = session_reason(session), *remedy = session_remedy(session);

    if (session_state(session) == SESSION_LOCKED_OUT)
        reply_error(exchange, 503, PROXY_STATUS_CONFIGURATION, "tbproxyd cannot log in: %s%s%s", reason,
                    *remedy ? "; " : "", remedy);
    else if (session_status(session) == 429)
        reply_later(exchange, session_due(session) - services->loop.now_ms,
                    "tbproxyd has no session with the server: %s", reason);
    else
        reply_error(exchange, 502, PROXY_STATUS_UNAVAILABLE,
                    "tbproxyd has no session with the server: %s%s%s", reason,
                    *services->server.remedy ? "; " : "", services->server.remedy);
}

void reply_session_late(struct exchange *exchange, int64_t waited_ms)
{
    char state[2 * TB_ERROR_MESSAGE_MAX + 4];

    describe_state(exchange->services, state, sizeof(state));
    reply_error(exchange, 503, PROXY_STATUS_INTERNAL,
                "tbproxyd was still not logged in to the server after %" PRId64 " ms%s", waited_ms, state);
}

#define WAITED_MAX  200
#define ABSENCE_MAX (2 * TB_ERROR_MESSAGE_MAX + WAITED_MAX)

/* "CAUSE", WAITED, "; REMEDY": what a program must know comes before what it may cut off. A server that is
 * ejected is told only after a probe. */
static void describe_absence(const struct services *services, const char *waited, char *ret, size_t size)
{
    const struct server_state *server = &services->server;
    const struct server_failure *failure = &services->upstream.health.failure;
    char remedy[TB_ERROR_MESSAGE_MAX];

    remedy_for_failure(services->config, failure->status, failure->token, remedy, sizeof(remedy));
    if (*server->cause)
        snprintf(ret, size, "%s%s%s%s", server->cause, waited, *server->remedy ? "; " : "", server->remedy);
    else if (failure->status)
        snprintf(ret, size, "the server cannot be used: it answers %d%s; %s", failure->status, waited,
                 remedy);
    else
        snprintf(ret, size, "the server cannot be used: %s%s; %s", failure->detail, waited, remedy);
}

/* Until the server is asked again. */
static int64_t next_try_ms(const struct services *services)
{
    int64_t due_ms = failover_due_ms(&services->upstream.health.failover);

    return due_ms == INT64_MAX ? 0 : due_ms - services->loop.now_ms;
}

void reply_server_away(struct exchange *exchange)
{
    char absence[ABSENCE_MAX];

    describe_absence(exchange->services, "", absence, sizeof(absence));
    reply_later(exchange, next_try_ms(exchange->services), "%s", absence);
}

void reply_held_too_long(struct exchange *exchange, int64_t waited_ms, bool may_have_run)
{
    const char *until =
        exchange->services->draining
            ? "until tbproxyd is stopped"
            : "the longest it may (upstream.hold_ms, or Prefer: wait up to queue.max_wait_ms)";
    char waited[WAITED_MAX], absence[ABSENCE_MAX];

    snprintf(waited, sizeof(waited), "; the request waited %" PRId64 " ms for it, %s%s", waited_ms, until,
             may_have_run ? ", after it was sent: the server may have executed it" : "");
    describe_absence(exchange->services, waited, absence, sizeof(absence));
    if (may_have_run)
        reply_error(exchange, 502, PROXY_STATUS_UNAVAILABLE, "%s", absence);
    else
        reply_later(exchange, next_try_ms(exchange->services), "%s", absence);
}

void reply_request(struct exchange *exchange, const struct request *request)
{
    switch (request->outcome) {
    case REQUEST_ANSWERED:
        reply_answer(exchange, request);
        return;
    case REQUEST_FAILED:
        reply_transfer_error(exchange, &request->transfer);
        return;
    case REQUEST_NO_SESSION:
        reply_no_session(exchange);
        return;
    case REQUEST_SESSION_LATE:
        reply_session_late(exchange, request->options->session_wait_ms);
        return;
    case REQUEST_TO_LOGIN_PAGE:
        reply_error(exchange, 401, NULL, "the server redirected tbproxyd to its login page");
        return;
    case REQUEST_BODY_IS_GONE:
        reply_busy(
            exchange, 0,
            "the login to the server was renewed while the body was sent, and the body was too large to "
            "be kept (limits.max_kept_body_bytes); send it again");
        return;
    case REQUEST_CANNOT_BE_SENT:
        reply_no_memory(exchange);
        return;
    }
}
