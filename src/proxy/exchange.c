/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/random.h>

#include "base/log.h"
#include "client/backoff.h"
#include "proxy/daemon.h"
#include "proxy/local.h"
#include "proxy/reply.h"
#include "proxy/stamp.h"

/* Parsing JSON takes memory and time many times its size; a larger body is not given a time and not repeated.
 */
#define STAMP_MAX_BYTES (256 * 1024)

/* A client that has ended its sending, but perhaps not its reading, still gets an answer that comes this
 * soon. */
#define HANG_UP_GRACE_MS 2000

#define LOGIN_PAGE "/oauth2Login"

static void timer_expired(struct timer *timer);
static void hang_up_expired(struct timer *timer);
static void transfer_done(struct transfer *transfer);

struct exchange *exchange_new(struct listener *listener, struct MHD_Connection *connection,
                              const char *raw_target)
{
    struct client *client =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct exchange *exchange = calloc(1, sizeof(*exchange));

    if (!exchange)
        return NULL;
    exchange->daemon = listener->daemon;
    exchange->listener = listener;
    exchange->connection = connection;
    exchange->client = client;
    if (client)
        client->exchange = exchange;
    exchange->headers = (struct headers)HEADERS_INIT;
    exchange->body.max = SIZE_MAX - 1; /* intake.c bounds it by the configuration */
    exchange->timer.expired = timer_expired;
    exchange->hang_up_timer.expired = hang_up_expired;
    exchange->transfer.response = (struct headers)HEADERS_INIT;
    exchange->transfer.quota = &listener->daemon->bodies;
    exchange->transfer.done = transfer_done;
    list_init(&exchange->waiting_link);
    list_append(&listener->daemon->exchanges, &exchange->link);
    exchange->raw_address = (uintptr_t)raw_target;
    exchange->raw_target = strdup(raw_target);
    if (!exchange->raw_target) {
        exchange_retire(exchange);
        return NULL;
    }
    return exchange;
}

void exchange_retire(struct exchange *exchange)
{
    struct daemon *daemon = exchange->daemon;

    transfer_cancel(daemon->upstream.transport, &exchange->transfer);
    transfer_free(&exchange->transfer);
    loop_timer_stop(&daemon->loop, &exchange->timer);
    loop_timer_stop(&daemon->loop, &exchange->hang_up_timer);
    if (exchange->client)
        exchange->client->exchange = NULL;
    list_remove(&exchange->waiting_link);
    list_remove(&exchange->link);
    credential_release(exchange->credential);
    quota_give_back(&daemon->bodies, exchange->body.len);
    buf_free(&exchange->body);
    headers_free(&exchange->headers);
    target_free(&exchange->target);
    free(exchange->lines);
    free(exchange->raw_target);
    free(exchange);
}

/* The connection is not served until the answer is there. */
static void suspend(struct exchange *exchange)
{
    if (exchange->suspended)
        return;
    MHD_suspend_connection(exchange->connection);
    exchange->suspended = true;
    exchange_client_changed(exchange);
}

static void hang_up_expired(struct timer *timer)
{
    struct exchange *exchange = CONTAINER_OF(timer, struct exchange, hang_up_timer);

    transfer_cancel(exchange->daemon->upstream.transport, &exchange->transfer);
    reply_error(exchange, 503, NULL,
                "the client has hung up"); /* ends the exchange; hardly anybody reads it */
}

void exchange_client_changed(struct exchange *exchange)
{
    enum client_end end = exchange->client ? exchange->client->end : CLIENT_OPEN;

    if (end != CLIENT_OPEN)
        loop_timer_start(&exchange->daemon->loop, &exchange->hang_up_timer,
                         end == CLIENT_MAY_READ ? HANG_UP_GRACE_MS : 0);
}

static void reply_unavailable(struct exchange *exchange)
{
    struct session *session = exchange->daemon->upstream.session;

    if (session_state(session) == SESSION_LOCKED_OUT)
        reply_error(exchange, 503, "proxy_configuration_error", "tbproxyd cannot log in: %s",
                    session_reason(session));
    else
        reply_error(exchange, 502, "destination_unavailable", "tbproxyd has no session with the server: %s",
                    session_reason(session));
}

/* Parks the exchange until the session has something new. */
static void wait_for_session(struct exchange *exchange)
{
    struct daemon *daemon = exchange->daemon;

    if (!session_may_wait(daemon->upstream.session, daemon->loop.now_ms)) {
        reply_unavailable(exchange);
        return;
    }
    exchange->state = EXCHANGE_WAITING;
    list_remove(&exchange->waiting_link);
    list_append(&daemon->waiting, &exchange->waiting_link);
    if (!timer_is_started(&exchange->timer) &&
        loop_timer_start(&daemon->loop, &exchange->timer, daemon->config->limits.session_wait_ms) < 0) {
        reply_error(exchange, 503, "proxy_internal_response", "out of memory");
        return;
    }
    suspend(exchange);
    upstream_poke(&daemon->upstream);
}

/* "Name:" tells libcurl to leave out a header that it would add of its own. */
static const struct {
    const char *name;
    const char *line;
} suppressed[] = {{"Accept", "Accept:"}, {"Content-Type", "Content-Type:"}, {"Expect", "Expect:"}};

static void add_line(struct exchange *exchange, size_t *count, const char *line)
{
    struct curl_slist *lines = exchange->lines;

    lines[*count] = (struct curl_slist){(char *)(uintptr_t)line, NULL}; /* libcurl only reads it */
    if (*count > 0)
        lines[*count - 1].next = &lines[*count];
    (*count)++;
}

static int make_lines(struct exchange *exchange)
{
    size_t count = 0;
    const char *line;
    size_t i;

    free(exchange->lines);
    exchange->lines = calloc(exchange->headers.count + 1 + ARRAY_SIZE(suppressed), sizeof(struct curl_slist));
    if (!exchange->lines)
        return -ENOMEM;
    if (exchange->credential)
        add_line(exchange, &count, exchange->credential->header);
    for (line = headers_next(&exchange->headers, NULL); line; line = headers_next(&exchange->headers, line))
        add_line(exchange, &count, line);
    for (i = 0; i < ARRAY_SIZE(suppressed); i++)
        if (!headers_find(&exchange->headers, suppressed[i].name))
            add_line(exchange, &count, suppressed[i].line);
    exchange->transfer.headers = exchange->lines;
    return 0;
}

/* Telemetry gets its time before it is sent, so that it can be repeated. */
static void stamp(struct exchange *exchange)
{
    struct daemon *daemon = exchange->daemon;
    struct buf stamped = BUF_INIT(8 * exchange->body.len + 1024); /* the shortest element is {"":0} */
    int r;

    if (exchange->repeat != TB_REPEAT_STAMPED || exchange->stamped || exchange->body.len > STAMP_MAX_BYTES ||
        !daemon->config->retry.retry_on_rate_limit)
        return;
    r = telemetry_stamp(exchange->body.data, exchange->body.len, upstream_stamp_ms(&daemon->upstream),
                        &stamped);
    exchange->stamped = r == 0 || (r == 1 && quota_take(&daemon->bodies, stamped.len));
    if (r == 1 && exchange->stamped) {
        quota_give_back(&daemon->bodies, exchange->body.len);
        buf_free(&exchange->body);
        exchange->body = stamped;
    } else {
        buf_free(&stamped);
    }
}

/* Whether the server executing it twice is as good as once (RFC 9110, section 9.2.2). */
static bool is_idempotent(const struct exchange *exchange)
{
    if (exchange->repeat == TB_REPEAT_NEVER)
        return false;
    return exchange->stamped ||
           (strcmp(exchange->method, "POST") != 0 && strcmp(exchange->method, "PATCH") != 0);
}

static void send_to_server(struct exchange *exchange, struct credential *credential)
{
    struct daemon *daemon = exchange->daemon;
    struct transfer *transfer = &exchange->transfer;

    credential_release(exchange->credential);
    exchange->credential = credential ? credential_reference(credential) : NULL;
    stamp(exchange);
    transfer->method = exchange->method;
    transfer->target = exchange->target.text.data;
    transfer->body = exchange->has_body ? (exchange->body.data ? exchange->body.data : "") : NULL;
    transfer->body_length = exchange->body.len;
    transfer->timeout_ms = daemon->config->upstream.timeout_ms;
    transfer->response_max = (size_t)daemon->config->limits.max_response_bytes;
    transfer->may_be_sent_twice = is_idempotent(exchange);
    if (make_lines(exchange) < 0 || transfer_start(daemon->upstream.transport, transfer) < 0) {
        reply_error(exchange, 503, "proxy_internal_response", "out of memory");
        return;
    }
    loop_timer_stop(&daemon->loop, &exchange->timer);
    list_remove(&exchange->waiting_link);
    exchange->state = EXCHANGE_SENDING;
    suspend(exchange);
}

void exchange_dispatch(struct exchange *exchange)
{
    struct daemon *daemon = exchange->daemon;
    struct credential *credential;

    if (daemon->stopping) {
        reply_error(exchange, 503, "proxy_internal_response", "tbproxyd is stopping");
        return;
    }
    if (exchange->route.kind == ROUTE_FORWARD_ANONYMOUS) {
        send_to_server(exchange, NULL);
        return;
    }
    if (exchange->route.kind != ROUTE_FORWARD && exchange->route.kind != ROUTE_LOGIN) {
        local_answer(exchange);
        return;
    }
    credential = session_credential(daemon->upstream.session, daemon->loop.now_ms);
    if (!credential)
        wait_for_session(exchange);
    else if (exchange->route.kind == ROUTE_LOGIN)
        local_answer(exchange);
    else
        send_to_server(exchange, credential);
}

static void timer_expired(struct timer *timer)
{
    struct exchange *exchange = CONTAINER_OF(timer, struct exchange, timer);

    if (exchange->state == EXCHANGE_BACKING_OFF && timer_is_started(&exchange->hang_up_timer))
        hang_up_expired(&exchange->hang_up_timer); /* nothing is repeated for a client that is perhaps gone */
    else if (exchange->state == EXCHANGE_BACKING_OFF)
        exchange_dispatch(exchange);
    else
        reply_error(exchange, 503, "proxy_internal_response",
                    "tbproxyd waited %" PRId64 " ms for its login to the server",
                    exchange->daemon->config->limits.session_wait_ms);
}

/* The server's way to say that it does not know the credential: 401, or a redirect to its login page. */
static bool is_credential_refused(const struct exchange *exchange)
{
    const struct transfer *transfer = &exchange->transfer;
    const char *location = transfer->status == 302 ? headers_find(&transfer->response, "Location") : NULL;
    size_t length = location ? strlen(location) : 0;

    if (!exchange->credential)
        return false;
    return transfer->status == 401 ||
           (length >= strlen(LOGIN_PAGE) && strcmp(location + length - strlen(LOGIN_PAGE), LOGIN_PAGE) == 0);
}

static void handle_refused_credential(struct exchange *exchange)
{
    struct daemon *daemon = exchange->daemon;
    struct session *session = daemon->upstream.session;
    bool renewed =
        session_refused(session, daemon->loop.now_ms, exchange->credential->generation, exchange->replayed);

    if (renewed && !exchange->replayed) {
        exchange->replayed = true;
        exchange_dispatch(exchange);
    } else if (session_state(session) == SESSION_LOCKED_OUT) {
        reply_unavailable(exchange);
    } else if (exchange->transfer.status == 401) {
        reply_forward(exchange, NULL);
    } else {
        reply_error(exchange, 401, NULL, "the server sent tbproxyd to its login page");
    }
    upstream_poke(&daemon->upstream);
}

/* Why a request that got a 429 is not repeated; NULL: it may be. */
static const char *repeat_refused(const struct exchange *exchange)
{
    const struct config *config = exchange->daemon->config;

    if (!config->retry.retry_on_rate_limit)
        return "\"retry.retry_on_rate_limit is off\"";
    if (exchange->repeats >= config->retry.max_retries)
        return "\"repeated as often as retry.max_retries allows\"";
    if (exchange->repeat == TB_REPEAT_NEVER && !config->retry.repeat_unsafe)
        return "\"not repeated: the server may have executed it\"";
    if (exchange->repeat == TB_REPEAT_STAMPED && !exchange->stamped)
        return "\"not repeated: the server may have stored it, and its body could not be given a time\"";
    return NULL;
}

static void handle_rate_limit(struct exchange *exchange)
{
    struct daemon *daemon = exchange->daemon;
    const struct config *config = daemon->config;
    int64_t retry_after = upstream_retry_after_ms(&daemon->upstream, &exchange->transfer);
    const char *refused = repeat_refused(exchange);
    uint32_t random = 0;
    int64_t delay_ms;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random = (uint32_t)(uintptr_t)exchange;
    delay_ms = backoff_delay_ms(exchange->repeats + 1, config->retry.initial_retry_delay_ms,
                                config->retry.max_retry_delay_ms, retry_after, random);
    if (!refused && delay_ms < 0)
        refused = "\"not repeated: Retry-After is longer than retry.max_retry_delay_ms\"";
    if (refused || loop_timer_start(&daemon->loop, &exchange->timer, delay_ms) < 0) {
        reply_forward(exchange, refused);
        return;
    }
    exchange->repeats++;
    exchange->state = EXCHANGE_BACKING_OFF;
}

static void reply_transfer_error(struct exchange *exchange)
{
    const struct transfer *transfer = &exchange->transfer;

    if (transfer->error.status == 504)
        reply_error(exchange, 504, transfer->error.token, "the server did not answer in time: %s",
                    transfer->detail);
    else
        reply_error(exchange, transfer->error.status, transfer->error.token, "no answer from the server: %s",
                    transfer->detail);
}

static void transfer_done(struct transfer *transfer)
{
    struct exchange *exchange = CONTAINER_OF(transfer, struct exchange, transfer);

    upstream_learn_clock(&exchange->daemon->upstream, transfer);
    if (transfer->status == 0)
        reply_transfer_error(exchange);
    else if (is_credential_refused(exchange))
        handle_refused_credential(exchange);
    else if (transfer->status == 429)
        handle_rate_limit(exchange);
    else
        reply_forward(exchange, NULL);
}
