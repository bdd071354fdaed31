/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshakes of a tunnel, with the client and with the server, and the token for it.
 */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "http/headers.h"
#include "proxy/exchange/reply.h"
#include "proxy/exchange/reply_server.h"
#include "proxy/websocket/tunnel.h"
#include "upstream/auth_command.h"
#include "upstream/jwt.h"

#define EXTENSION "permessage-deflate"

static const char *header_of(const struct tunnel *tunnel, const char *name)
{
    return MHD_lookup_connection_value(tunnel->exchange->connection, MHD_HEADER_KIND, name);
}

/* Whether the list of extensions at TEXT begins with the one that frame_filter.h supports. */
static bool is_compression(const char *text)
{
    size_t length = strlen(EXTENSION);

    return strncasecmp(text, EXTENSION, length) == 0 && strchr("; \t,", text[length]); /* or the final NUL */
}

/* False if the server has chosen anything but permessage-deflate, the only extension that is offered. */
static bool take_extensions(struct tunnel *tunnel)
{
    const struct headers *headers = &tunnel->websocket.transfer.response;
    static const char name[] = "Sec-WebSocket-Extensions";
    const char *value = headers_find(headers, name), *line;

    if (!value)
        return true;
    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line))
        if (header_is(line, name) && header_value(line) != value)
            return false; /* several lines are one list (RFC 6455, section 9.1) */
    if (!is_compression(value) || strchr(value, ','))
        return false;
    tunnel->filter.reader.compression = tunnel->reader.compression = true;
    tunnel->filter.no_context = strstr(value, "client_no_context_takeover") != NULL;
    return true;
}

/* Whether a header of the server's answer that is passed on repeats the token in the target. */
static bool repeats_token(const struct tunnel *tunnel)
{
    const char *query = strchr(tunnel->websocket.transfer.target, '?');
    const char *token = query ? strchr(query, '=') + 1 : NULL, *line;
    const struct headers *headers = &tunnel->websocket.transfer.response;

    for (line = headers_next(headers, NULL); token && line; line = headers_next(headers, line))
        if (strncasecmp(line, "Sec-WebSocket-", strlen("Sec-WebSocket-")) == 0 && strstr(line, token))
            return true;
    return false;
}

static void tunnel_opened(struct websocket *websocket)
{
    struct tunnel *tunnel = CONTAINER_OF(websocket, struct tunnel, websocket);
    struct exchange *exchange = tunnel->exchange;
    char accept[HANDSHAKE_ACCEPT_CHARS + 1];

    if (repeats_token(tunnel)) {
        reply_error(exchange, 502, PROXY_STATUS_UPGRADE_FAILED, "the server's handshake repeats the token");
        return;
    }
    if (!take_extensions(tunnel)) {
        reply_error(exchange, 502, PROXY_STATUS_UPGRADE_FAILED,
                    "the server wants an extension that was not offered");
        return;
    }
    handshake_accept(header_of(tunnel, "Sec-WebSocket-Key"), accept);
    tunnel->state = TUNNEL_UPGRADING;
    reply_upgrade(exchange, &websocket->transfer.response, accept, tunnel_upgraded, tunnel);
}

static void tunnel_refused(struct websocket *websocket)
{
    struct tunnel *tunnel = CONTAINER_OF(websocket, struct tunnel, websocket);
    int status = websocket->transfer.status;

    upstream_report_websocket(&tunnel->exchange->services->upstream, websocket);
    if (status > 0 &&
        !tunnel->by_command) /* its Location or its page may repeat the target, with the token */
        reply_error(tunnel->exchange, status < 400 ? 502 : status, PROXY_STATUS_UPGRADE_FAILED,
                    "the server refused the WebSocket: HTTP %d", status);
    else if (status > 0)
        reply_transfer(tunnel->exchange, &websocket->transfer);
    else
        reply_transfer_error(tunnel->exchange, &websocket->transfer);
}

static void tunnel_server_ready(struct websocket *websocket)
{
    struct tunnel *tunnel = CONTAINER_OF(websocket, struct tunnel, websocket);

    if (tunnel->state == TUNNEL_OPEN)
        tasks_add(&tunnel->services->tasks, &tunnel->task);
}

static int add_line(struct tunnel *tunnel, const char *name, const char *value, size_t length)
{
    return headers_add(&tunnel->headers, name, strlen(name), value, length);
}

/* Offers only the extensions that are supported here. */
static int add_extensions(struct tunnel *tunnel, const char *value)
{
    int r = 0;

    while (r == 0 && *value) {
        size_t length;

        value += strspn(value, ", \t");
        length = strcspn(value, ",");
        if (is_compression(value))
            r = add_line(tunnel, "Sec-WebSocket-Extensions", value, length);
        value += length;
    }
    return r;
}

static enum MHD_Result tunnel_copy_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                          const char *value)
{
    struct tunnel *tunnel = arg;
    int r = 0;

    (void)kind;
    if (value && strcasecmp(name, "Sec-WebSocket-Protocol") == 0)
        r = add_line(tunnel, "Sec-WebSocket-Protocol", value, strlen(value));
    else if (value && strcasecmp(name, "Sec-WebSocket-Extensions") == 0)
        r = add_extensions(tunnel, value);
    return r == 0 ? MHD_YES : MHD_NO;
}

/* The header lines of the handshake: those that pass with any request, and those of WebSockets. */
static int open_websocket(struct tunnel *tunnel, const char *target)
{
    const struct headers *lists[] = {&tunnel->exchange->head.headers, &tunnel->headers};
    CLEANUP(free_pointer) const char **lines = NULL;
    size_t count = 0, i;

    MHD_get_connection_values(tunnel->exchange->connection, MHD_HEADER_KIND, tunnel_copy_header, tunnel);
    lines = calloc(tunnel->headers.count + tunnel->exchange->head.headers.count + 1, sizeof(*lines));
    if (!lines)
        return -ENOMEM;
    for (i = 0; i < ARRAY_SIZE(lists); i++) {
        const char *line;

        for (line = headers_next(lists[i], NULL); line; line = headers_next(lists[i], line))
            lines[count++] = line;
    }
    tunnel->websocket = (struct websocket){
        .target = target,
        .headers = lines,
        .timeout_ms = tunnel->services->config->upstream.timeout_ms,
        .opened = tunnel_opened,
        .refused = tunnel_refused,
        .ready = tunnel_server_ready,
    };
    return websocket_open(&tunnel->websocket, upstream_websocket_transport(&tunnel->services->upstream));
}

/* The path alone, with the token if it belongs there. */
static int make_target(const struct tunnel *tunnel, const char *token, struct buf *target)
{
    const struct target *wanted = &tunnel->exchange->head.target;

    return buf_append_format(target, "%.*s%s%s", (int)wanted->path_length, wanted->text.data,
                             tunnel->by_command ? "" : "?token=", tunnel->by_command ? "" : token);
}

static int connect_with(struct tunnel *tunnel, const char *token)
{
    CLEANUP(buf_free_secret) struct buf target = BUF_INIT(TARGET_MAX_BYTES + JWT_MAX_BYTES);
    CLEANUP(buf_free_secret) struct buf command = BUF_INIT(JWT_MAX_BYTES + 64);
    int r = make_target(tunnel, token, &target);

    if (r == 0 && tunnel->by_command)
        r = auth_command_write(token, &command);
    if (r == 0 && tunnel->by_command)
        r = frame_put(fifo_tail(&tunnel->up), FRAME_TEXT, true, command.data, command.len);
    return r == 0 ? open_websocket(tunnel, target.data) : r;
}

static void tunnel_token_received(struct websocket_token_wait *wait, const char *token,
                                  const struct request *failed)
{
    struct tunnel *tunnel = CONTAINER_OF(wait, struct tunnel, websocket_token);
    struct exchange *exchange = tunnel->exchange;

    if (!token && failed->outcome != REQUEST_ANSWERED)
        reply_request(exchange, failed);
    else if (!token || !jwt_is_text(token))
        reply_error(exchange, 502, PROXY_STATUS_UNAVAILABLE,
                    "the server issued no token for WebSockets (GET /api/user/{id}/token: HTTP %d)",
                    failed ? failed->transfer.status : 200);
    else if (connect_with(tunnel, token) < 0)
        reply_error(exchange, 503, PROXY_STATUS_INTERNAL, "tbproxyd cannot open a WebSocket now");
    else
        tunnel->state = TUNNEL_CONNECTING;
}

/* 16 bytes in base64 (RFC 6455, section 4.2.1). */
static bool is_key(const char *key)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    return key && strspn(key, digits) == HANDSHAKE_KEY_CHARS - 2 &&
           strcmp(key + HANDSHAKE_KEY_CHARS - 2, "==") == 0;
}

void tunnel_begin_handshake(struct tunnel *tunnel)
{
    websocket_token_get(&tunnel->services->websocket_token, &tunnel->websocket_token);
}

/* The server takes handshakes without counting them, so nothing else limits their pace. */
static void wait_for_turn(struct tunnel *tunnel)
{
    struct services *services = tunnel->services;
    int64_t delay_ms = principal_next_handshake_ms(tunnel->exchange->peer->principal, services->loop.now_ms,
                                                   services->config->queue.max_wait_ms);

    if (delay_ms < 0) {
        metrics_refused(services->metrics, METRICS_REFUSED_WEBSOCKETS);
        reply_busy(tunnel->exchange, services->config->queue.max_wait_ms,
                   "too many WebSockets at once (%d, then %d in a second; queue.max_wait_ms)",
                   PRINCIPAL_HANDSHAKES, PRINCIPAL_HANDSHAKES_PER_SECOND);
    } else if (delay_ms == 0)
        tunnel_begin_handshake(tunnel);
    else
        loop_timer_start(&services->loop, &tunnel->handshake_timer, delay_ms);
}

void tunnel_handshake(struct tunnel *tunnel)
{
    struct exchange *exchange = tunnel->exchange;
    const char *version = header_of(tunnel, "Sec-WebSocket-Version");

    tunnel->websocket_token.done = tunnel_token_received;
    if (!version || strcmp(version, "13") != 0)
        reply_upgrade_required(exchange);
    else if (!is_key(header_of(tunnel, "Sec-WebSocket-Key")))
        reply_error(exchange, 400, PROXY_STATUS_DENIED, "the Sec-WebSocket-Key is missing or malformed");
    else
        wait_for_turn(tunnel);
}
