/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves the bytes of a tunnel, until both sides are done.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/log.h"
#include "proxy/exchange/services.h"
#include "proxy/websocket/tunnel.h"

void tunnel_linger(struct tunnel *tunnel)
{
    if (!timer_is_started(&tunnel->linger))
        loop_timer_start(&tunnel->services->loop, &tunnel->linger, TUNNEL_LINGER_MS);
}

/* Sends the client a close frame, unless the server's has passed. Only between two frames of the server;
 * none of them passes afterwards. */
static void send_close_to_client(struct tunnel *tunnel)
{
    tunnel->client_got_close = true;
    if (!tunnel->passed_close) /* if there is no memory for it, the client still sees the end */
        frame_put_close(fifo_tail(&tunnel->down), false, tunnel->close_code, "");
}

void tunnel_close(struct tunnel *tunnel, enum frame_close_code code, const char *reason)
{
    if (tunnel->close_code != 0)
        return;
    log_debug("WebSocket: closing with %d: %s", (int)code, reason);
    tunnel->close_code = code;
    if (!tunnel->filter.closed) /* if there is no memory for it, the server still sees the end */
        frame_put_close(fifo_tail(&tunnel->up), true, code, "");
    if (frame_reader_is_between(&tunnel->reader))
        send_close_to_client(tunnel);
    tunnel_linger(tunnel);
}

/* A lost connection is noticed on receiving: the server may have said why. */
static bool send_up(struct tunnel *tunnel)
{
    size_t sent = 0;
    int r = websocket_send(&tunnel->websocket, fifo_data(&tunnel->up), fifo_length(&tunnel->up), &sent);

    fifo_consume(&tunnel->up, sent);
    tunnel->handled += sent;
    if (r == -EPIPE)
        fifo_free(&tunnel->up);
    if (r == -ENOMEM)
        tunnel_close(tunnel, FRAME_CLOSE_INTERNAL_ERROR, "out of memory");
    return r == 0;
}

static bool receive_up(struct tunnel *tunnel)
{
    char data[TUNNEL_CHUNK_BYTES];
    ssize_t n = tunnel->client_ended ? -1 : recv(tunnel->client.fd, data, sizeof(data), MSG_DONTWAIT);

    if (n <= 0) {
        if (n < 0 && !tunnel->client_ended && errno != EAGAIN && errno != EINTR)
            tunnel->client_lost = true;
        tunnel->client_ended = tunnel->client_ended || n == 0;
        return false;
    }
    tunnel->handled += (size_t)n;
    if (!tunnel->broken && frame_filter_add(&tunnel->filter, data, (size_t)n) < 0) {
        tunnel_close(tunnel, FRAME_CLOSE_INTERNAL_ERROR, "out of memory");
        tunnel->broken = true;
    }
    return true;
}

/* Queues what passes of the client's next message or control frame. False if there is none. */
static bool filter_up(struct tunnel *tunnel)
{
    size_t before = tunnel->filter.handled;
    int r = tunnel->broken ? 0 : frame_filter_next(&tunnel->filter, fifo_tail(&tunnel->up));

    tunnel->handled += tunnel->filter.handled - before;
    if (r < 0) {
        tunnel_close(tunnel, frame_filter_close_code(r), "a message from the client cannot be passed on");
        tunnel->broken = true;
        return true;
    }
    if (tunnel->filter.closed)
        tunnel_linger(tunnel);
    if (r > 0 && tunnel->close_code != 0) /* the server has already got a close frame */
        fifo_free(&tunnel->up);
    return r > 0;
}

/* One step from the client to the server. True: there may be another. */
static bool move_up(struct tunnel *tunnel)
{
    if (tunnel->server_ended)
        fifo_free(&tunnel->up);
    if (!fifo_is_empty(&tunnel->up))
        return send_up(tunnel);
    return filter_up(tunnel) || receive_up(tunnel);
}

static bool send_down(struct tunnel *tunnel)
{
    ssize_t n = send(tunnel->client.fd, fifo_data(&tunnel->down), fifo_length(&tunnel->down),
                     MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            tunnel->client_lost = true;
        return false;
    }
    fifo_consume(&tunnel->down, (size_t)n);
    return true;
}

/* The server refuses a JWT with these words (docs/server-behaviour.md). If the JWT was in the target, it only
 * closes at once. */
static bool is_token_refused(const struct tunnel *tunnel)
{
    const struct frame_reader *reader = &tunnel->reader;
    unsigned code = frame_close_code(reader->control, reader->control_length);
    const char *reason = reader->control_length > 2 ? reader->control + 2 : "";

    return code == FRAME_CLOSE_INVALID_DATA
               ? strncmp(reason, "JWT Token expired", 17) == 0 ||
                     strncmp(reason, "Invalid JWT token", 17) == 0
               : code == FRAME_CLOSE_INTERNAL_ERROR && !tunnel->by_command && reader->count == 1;
}

static void server_closed(struct tunnel *tunnel)
{
    log_debug("WebSocket: the server closed it with code %u",
              frame_close_code(tunnel->reader.control, tunnel->reader.control_length));
    tunnel_linger(tunnel);
    if (is_token_refused(tunnel))
        websocket_token_refused(&tunnel->services->websocket_token, tunnel->websocket_token.generation);
}

/* Reads what the server sent, and queues what passes to the client. */
static void follow(struct tunnel *tunnel, const char *data, size_t length)
{
    bool passes = !tunnel->client_got_close;
    size_t at = 0, passed = 0;

    while (at < length && !tunnel->server_ended) {
        bool was_closed = tunnel->reader.closed;
        ssize_t n = frame_read(&tunnel->reader, data + at, length - at);

        if (n < 0) {
            log_debug("WebSocket: invalid frame from the server");
            tunnel->server_ended = true;
            break;
        }
        at += (size_t)n;
        if (passes) {
            passed = at;
            tunnel->passed_close = tunnel->reader.closed;
        }
        if (tunnel->reader.closed && !was_closed)
            server_closed(tunnel);
        passes = passes && !(tunnel->close_code != 0 && frame_reader_is_between(&tunnel->reader));
    }
    if (fifo_append(&tunnel->down, data, passed) < 0) /* out of memory: the client sees the end */
        tunnel->server_ended = true;
    if (!passes && !tunnel->client_got_close)
        send_close_to_client(tunnel);
}

/* One step from the server to the client. True: there may be another. */
static bool move_down(struct tunnel *tunnel)
{
    char data[TUNNEL_CHUNK_BYTES];
    size_t length = 0;
    int r;

    if (!fifo_is_empty(&tunnel->down))
        return send_down(tunnel);
    if (tunnel->server_ended)
        return false;
    r = websocket_recv(&tunnel->websocket, data, sizeof(data), &length);
    if (r == -EAGAIN)
        return false;
    tunnel->server_ended = r < 0 || length == 0;
    tunnel->handled += length;
    follow(tunnel, data, length);
    return true;
}

/* When the server is done, the client gets the end of the stream after the last bytes. Its connection is not
 * closed while it still sends: a reset would destroy those bytes. */
static void end_down(struct tunnel *tunnel)
{
    if (tunnel->server_ended)
        websocket_close(&tunnel->websocket);
    if (tunnel->down_ended || !fifo_is_empty(&tunnel->down) ||
        !(tunnel->server_ended || tunnel->client_got_close))
        return;
    tunnel->down_ended = true;
    shutdown(tunnel->client.fd, SHUT_WR);
    tunnel_linger(tunnel);
}

/* Why the tunnel is over; NULL if it is not. */
static const char *end_of(const struct tunnel *tunnel)
{
    bool up_ended = tunnel->client_ended || (tunnel->filter.closed && !tunnel->broken);
    bool sent = fifo_is_empty(&tunnel->up) && websocket_unsent(&tunnel->websocket) == 0;

    if (tunnel->client_lost)
        return "the connection to the client was lost";
    if (tunnel->client_ended && !tunnel->filter.closed && tunnel->close_code == 0 && sent)
        return "the client has hung up";
    if (tunnel->down_ended && up_ended && (tunnel->server_ended || (tunnel->reader.closed && sent)))
        return "both sides are done";
    return NULL;
}

size_t tunnel_pump(struct task *task)
{
    struct tunnel *tunnel = CONTAINER_OF(task, struct tunnel, task);
    const char *reason;
    bool up, down;

    tunnel->handled = 0;
    up = move_up(tunnel);
    down = move_down(tunnel);
    end_down(tunnel);
    reason = end_of(tunnel);
    if (reason)
        tunnel_end(tunnel, reason);
    else if (up || down)
        tasks_add(&tunnel->services->tasks, task);
    return tunnel->handled;
}
