/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscription_socket.h"

#include <errno.h>
#include <stdio.h>

#include "upstream/auth_command.h"
#include "upstream/jwt.h"

#define READ_BYTES   16384
#define MESSAGE_KEEP 65536 /* most bytes of memory that are kept for the next message */

static void flush(struct subscription_socket *socket)
{
    size_t sent;

    while (!fifo_is_empty(&socket->out) &&
           websocket_send(&socket->websocket, fifo_data(&socket->out), fifo_length(&socket->out), &sent) == 0)
        fifo_consume(&socket->out, sent);
}

static void reset(struct subscription_socket *socket)
{
    socket->is_open = false;
    websocket_token_cancel(&socket->wait);
    loop_timer_stop(socket->upstream->loop, &socket->timer);
    websocket_close(&socket->websocket);
    fifo_free(&socket->out);
    buf_free(&socket->message_text);
    socket->reader = (struct frame_reader){0};
    socket->cut = socket->more = false;
}

void subscription_socket_close(struct subscription_socket *socket)
{
    if (!socket->is_open)
        return;
    if (socket->websocket.state == WEBSOCKET_OPEN &&
        frame_put_close(fifo_tail(&socket->out), true, FRAME_CLOSE_NORMAL, "") == 0)
        flush(socket);
    reset(socket);
}

/* Closes the socket, and reports that. Always returns false. */
static bool PRINTF_LIKE(2, 3) lose(struct subscription_socket *socket, const char *format, ...)
{
    char reason[TB_ERROR_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    reset(socket);
    socket->lost(socket, reason);
    return false;
}

int subscription_socket_send(struct subscription_socket *socket, const char *text, size_t length)
{
    int r = length > SUBSCRIPTION_SOCKET_COMMAND_BYTES
                ? -EMSGSIZE
                : frame_put(fifo_tail(&socket->out), FRAME_TEXT, true, text, length);

    if (r == 0)
        flush(socket);
    return r;
}

/* The server's reason is not reported: it may repeat what was sent. */
static bool closed_by_server(struct subscription_socket *socket)
{
    unsigned code = frame_close_code(socket->reader.control, socket->reader.control_length);

    /* FRAME_CLOSE_POLICY: authCmd was missing, or a limit was reached */
    if (code == FRAME_CLOSE_INVALID_DATA || code == FRAME_CLOSE_POLICY || code == FRAME_CLOSE_INTERNAL_ERROR)
        websocket_token_refused(socket->websocket_token, socket->wait.generation);
    return lose(socket, "the server closed the WebSocket with code %u", code);
}

static bool control_received(struct subscription_socket *socket)
{
    const struct frame_reader *reader = &socket->reader;
    int r = 0;

    if (reader->frame.opcode == FRAME_CLOSE)
        return closed_by_server(socket);
    if (reader->frame.opcode == FRAME_PING)
        r = frame_put(fifo_tail(&socket->out), FRAME_PONG, true, reader->control, reader->control_length);
    flush(socket);
    return r == 0 ? true : lose(socket, "the server stopped reading");
}

static bool message_received(struct subscription_socket *socket)
{
    struct buf *text = &socket->message_text;
    bool cut = socket->cut;
    int r;

    socket->cut = false;
    r = socket->message(socket, text->data ? text->data : "", text->len, cut);
    if (!socket->is_open)
        return false;
    if (r < 0)
        return lose(socket, "out of memory");
    if (text->capacity > MESSAGE_KEEP)
        buf_free(text);
    else
        buf_clear(text);
    return true;
}

/* A part of a frame has been read. False: the socket is closed. */
static bool part_received(struct subscription_socket *socket)
{
    const struct frame_reader *reader = &socket->reader;
    int r = 0;

    if (!reader->in_payload && !reader->ended)
        return true;
    if (frame_is_control(&reader->frame))
        return reader->ended ? control_received(socket) : true;
    if (!socket->cut)
        r = frame_reader_append_part(reader, &socket->message_text);
    if (r == -ENOMEM)
        return lose(socket, "out of memory");
    socket->cut = socket->cut || r < 0;
    return reader->ended && reader->frame.final ? message_received(socket) : true;
}

/* False: the socket is closed. */
static bool take(struct subscription_socket *socket, const uint8_t *data, size_t length)
{
    while (length > 0) {
        ssize_t n = frame_read(&socket->reader, data, length);

        if (n < 0)
            return lose(socket, "invalid WebSocket frame from the server");
        if (!part_received(socket))
            return false;
        data += n;
        length -= (size_t)n;
    }
    return true;
}

static void start_ping_timer(struct subscription_socket *socket)
{
    socket->more = false;
    loop_timer_start(socket->upstream->loop, &socket->timer, SUBSCRIPTION_SOCKET_QUIET_MS);
}

static void subscription_socket_ready(struct websocket *websocket)
{
    struct subscription_socket *socket = CONTAINER_OF(websocket, struct subscription_socket, websocket);
    uint8_t data[READ_BYTES];
    unsigned reads;
    size_t length = 0;
    int r = 0;

    flush(socket);
    for (reads = 0; reads < SUBSCRIPTION_SOCKET_READS; reads++) {
        r = websocket_recv(websocket, data, sizeof(data), &length);
        if (r == -EAGAIN)
            break;
        socket->heard_ms = socket->upstream->loop->now_ms;
        if (r < 0 || length == 0) {
            lose(socket, "the connection was lost");
            return;
        }
        if (!take(socket, data, length))
            return;
    }
    if (r == -EAGAIN) {
        start_ping_timer(socket);
        return;
    }
    socket->more = true;
    loop_timer_start(socket->upstream->loop, &socket->timer, 0);
}

static void subscription_socket_timer_expired(struct timer *timer)
{
    struct subscription_socket *socket = CONTAINER_OF(timer, struct subscription_socket, timer);

    if (socket->more) {
        subscription_socket_ready(&socket->websocket);
    } else if (socket->upstream->loop->now_ms - socket->heard_ms >= SUBSCRIPTION_SOCKET_LOST_MS ||
               frame_put(fifo_tail(&socket->out), FRAME_PING, true, "", 0) < 0) {
        lose(socket, "the server is silent");
    } else {
        flush(socket);
        start_ping_timer(socket);
    }
}

static void subscription_socket_opened(struct websocket *websocket)
{
    struct subscription_socket *socket = CONTAINER_OF(websocket, struct subscription_socket, websocket);

    flush(socket);
    socket->heard_ms = socket->upstream->loop->now_ms;
    socket->opened(socket);
    if (socket->is_open)
        subscription_socket_ready(websocket);
}

static void subscription_socket_refused(struct websocket *websocket)
{
    struct subscription_socket *socket = CONTAINER_OF(websocket, struct subscription_socket, websocket);
    const struct transfer *transfer = &websocket->transfer;

    upstream_report_websocket(socket->upstream, websocket);
    if (transfer->status > 0)
        lose(socket, "the server answered the handshake with HTTP %d", transfer->status);
    else
        lose(socket, "no answer from the server: %s", transfer_detail(transfer));
}

/* The first frame is there before the handshake is done. */
static int connect_with(struct subscription_socket *socket, const char *token)
{
    static const char *const headers[] = {"User-Agent: tbproxyd/" PACKAGE_VERSION, NULL};
    CLEANUP(buf_free_secret) struct buf command = BUF_INIT(JWT_MAX_BYTES + 64);
    int r = auth_command_write(token, &command);

    if (r == 0)
        r = frame_put(fifo_tail(&socket->out), FRAME_TEXT, true, command.data, command.len);
    if (r < 0)
        return r;
    socket->websocket.target = "/api/ws";
    socket->websocket.headers = headers;
    return websocket_open(&socket->websocket, upstream_websocket_transport(socket->upstream));
}

static void subscription_socket_token_received(struct websocket_token_wait *wait, const char *token,
                                               const struct request *failed)
{
    struct subscription_socket *socket = CONTAINER_OF(wait, struct subscription_socket, wait);

    if (!token && failed->outcome != REQUEST_ANSWERED && failed->outcome != REQUEST_FAILED)
        lose(socket, "tbproxyd has no session with the server: %s",
             session_reason(socket->upstream->session));
    else if (!token || !jwt_is_text(token))
        lose(socket, "the server issued no token for WebSockets");
    else if (connect_with(socket, token) < 0)
        lose(socket, "tbproxyd cannot open a WebSocket now");
}

void subscription_socket_init(struct subscription_socket *socket, struct upstream *upstream,
                              struct websocket_token *websocket_token)
{
    socket->upstream = upstream;
    socket->websocket_token = websocket_token;
    socket->timer.expired = subscription_socket_timer_expired;
    socket->out.max = SUBSCRIPTION_SOCKET_OUT_BYTES;
    socket->message_text.max = SUBSCRIPTION_SOCKET_MESSAGE_BYTES;
}

void subscription_socket_open(struct subscription_socket *socket, int64_t timeout_ms)
{
    socket->is_open = true;
    socket->websocket = (struct websocket){.timeout_ms = timeout_ms,
                                           .opened = subscription_socket_opened,
                                           .refused = subscription_socket_refused,
                                           .ready = subscription_socket_ready};
    socket->wait = (struct websocket_token_wait){.done = subscription_socket_token_received};
    websocket_token_get(socket->websocket_token, &socket->wait);
}
