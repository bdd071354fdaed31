/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/websocket/websocket_session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/auth/token_issuer.h"
#include "sim/base/monotonic.h"

enum {
    RECEIVED_MAX = 1000, /* messages that are kept for tests */
    PING_ATTEMPTS = 3,   /* after as many intervals without a pong the session ends */
};

void websocket_wake(const struct websocket *ws)
{
    eventfd_write(ws->wake_fd, 1);
}

void websocket_send_text(void *websocket, const char *text, size_t length)
{
    struct websocket *ws = websocket;
    CLEANUP(free_pointer)
    char *compressed = ws->deflater.on ? deflater_compress(&ws->deflater, text, length, &length) : NULL;
    const struct wslay_event_msg message = {.opcode = WSLAY_TEXT_FRAME,
                                            .msg = (const uint8_t *)(compressed ? compressed : text),
                                            .msg_length = length};

    if (wslay_event_queue_msg_ex(ws->frames, &message, compressed ? WSLAY_RSV1_BIT : 0) == 0)
        ws->sent++;
    websocket_wake(ws);
}

void websocket_send_ping(struct websocket *ws)
{
    static const struct wslay_event_msg ping = {.opcode = WSLAY_PING};

    wslay_event_queue_msg(ws->frames, &ping);
}

void websocket_send_close(struct websocket *ws, int code, const char *reason)
{
    wslay_event_queue_close(ws->frames, (uint16_t)code, (const uint8_t *)reason, strlen(reason));
    websocket_wake(ws);
}

void websocket_authenticate(struct websocket *ws, const char *token, int code)
{
    struct jwt_claims claims = {};
    enum jwt_verdict verdict = jwt_verify(ws->sim, token ? token : "", &claims);

    if (verdict == JWT_OK && (claims.refresh || token_is_outdated(ws->sim, &claims)))
        verdict = JWT_EXPIRED;
    if (verdict == JWT_OK) {
        ws->user = claims.user;
        ws->heard_ms = monotonic_ms();
    } else {
        websocket_send_close(ws, code, verdict == JWT_EXPIRED ? "JWT Token expired" : "Invalid JWT token: ");
    }
}

static void authenticate_by_message(struct websocket *ws, const json_t *message, const char *text)
{
    const json_t *command = json_object_get(message, "authCmd");

    if (!message) {
        char reason[100]; /* a control frame has at most 125 bytes */

        snprintf(reason, sizeof(reason), "The given string value cannot be transformed to Json object: %.20s",
                 text);
        websocket_send_close(ws, 1007, reason);
    } else if (!json_is_object(command)) {
        websocket_send_close(ws, 1008, "Auth cmd is missing");
    } else {
        websocket_authenticate(ws, json_str(command, "token"), 1007);
    }
}

static void text_received(struct websocket *ws, const char *data, size_t length)
{
    json_auto_t *message = java_json_read(data, length, NULL);
    CLEANUP(free_pointer) char *text = xstrndup(data, length);

    if (json_array_size(ws->received) < RECEIVED_MAX)
        json_array_append_new(ws->received, json_text(text));
    if (!ws->user) {
        authenticate_by_message(ws, message, text);
        if (!ws->user)
            return;
        json_object_del(message, "authCmd");
        if (json_object_size(message) == 0)
            return;
    }
    subscriptions_command(ws->sim, ws->user, &ws->subscriptions, message);
}

static void pong_received(struct websocket *ws)
{
    ws->pongs++;
    ws->pings = 0;
    ws->heard_ms = monotonic_ms();
}

static void refuse_length(struct websocket *ws)
{
    websocket_send_close(
        ws, 1009,
        "The decoded text message was too big for the output buffer and the endpoint does not support "
        "partial messages");
    wslay_event_shutdown_read(ws->frames);
}

static void compressed_text_received(struct websocket *ws, const uint8_t *data, size_t length)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(MESSAGE_MAX);

    if (deflater_expand(&ws->deflater, data, length, &text) == 0)
        text_received(ws, text.data ? text.data : "", text.len);
    else
        refuse_length(ws);
}

static void websocket_message_received(wslay_event_context_ptr frames,
                                       const struct wslay_event_on_msg_recv_arg *arg, void *user)
{
    struct websocket *ws = user;

    (void)frames;
    ws->message_length = 0;
    if (arg->opcode == WSLAY_TEXT_FRAME && arg->rsv)
        compressed_text_received(ws, arg->msg, arg->msg_length);
    else if (arg->opcode == WSLAY_TEXT_FRAME)
        text_received(ws, (const char *)arg->msg, arg->msg_length);
    else if (arg->opcode == WSLAY_PONG)
        pong_received(ws);
    else if (arg->opcode == WSLAY_CONNECTION_CLOSE)
        ws->closed = arg->status_code ? arg->status_code : WSLAY_CODE_NO_STATUS_RCVD;
}

static void websocket_frame_started(wslay_event_context_ptr frames,
                                    const struct wslay_event_on_frame_recv_start_arg *arg, void *user)
{
    struct websocket *ws = user;

    (void)frames;
    if (wslay_is_ctrl_frame(arg->opcode))
        return;
    ws->message_length += arg->payload_length;
    if (ws->message_length > MESSAGE_MAX)
        refuse_length(ws);
}

static ssize_t websocket_receive(wslay_event_context_ptr frames, uint8_t *data, size_t length, int flags,
                                 void *user)
{
    struct websocket *ws = user;

    (void)flags;
    if (ws->early_len > 0) {
        size_t n = length < ws->early_len ? length : ws->early_len;

        memcpy(data, ws->early, n);
        memmove(ws->early, ws->early + n, ws->early_len -= n);
        return (ssize_t)n;
    }
    ssize_t n = recv(ws->fd, data, length, MSG_DONTWAIT);
    if (n > 0)
        return n;
    bool later = n < 0 && (errno == EAGAIN || errno == EINTR);
    wslay_event_set_error(frames, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t websocket_transmit(wslay_event_context_ptr frames, const uint8_t *data, size_t length,
                                  int flags, void *user)
{
    struct websocket *ws = user;

    (void)flags;
    ssize_t n = send(ws->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0)
        return n;
    wslay_event_set_error(frames, errno == EAGAIN || errno == EINTR ? WSLAY_ERR_WOULDBLOCK
                                                                    : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

/* A session is pinged after each interval without a pong, and the third interval ends it; other messages of
 * the client do not count. Returns how many milliseconds poll() may wait, or -1. */
static int ping_if_due(struct websocket *ws)
{
    int64_t interval = ws->sim->settings.websocket_ping_ms;
    int64_t left = ws->heard_ms + (ws->pings + 1) * interval - monotonic_ms();

    if (!ws->user || interval == 0 || ws->pings == PING_ATTEMPTS)
        return -1;
    if (left > 0)
        return (int)left;
    if (++ws->pings < PING_ATTEMPTS)
        websocket_send_ping(ws);
    else
        websocket_send_close(ws, 4500, "Failed to send message within the configured send limit");
    return 0;
}

/* Reads and writes what is possible. RET is what to wait for. False: the session has ended. */
static bool websocket_turn(struct websocket *ws, struct pollfd *ret)
{
    bool ok = wslay_event_recv(ws->frames) == 0 && wslay_event_send(ws->frames) == 0;
    bool reads = wslay_event_want_read(ws->frames);
    bool writes = wslay_event_want_write(ws->frames);

    ret->events = (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    return ok && (reads || writes) && !ws->reset && !ws->sim->websockets.stopping;
}

/* Reads until the client closes, too: a close with unread bytes would reset the connection, and the last
 * message would be lost. */
static void websocket_drain(struct websocket *ws)
{
    struct pollfd fds[2] = {{.fd = ws->fd, .events = POLLIN}, {.fd = ws->wake_fd, .events = POLLIN}};
    char ignored[4096];

    shutdown(ws->fd, SHUT_WR);
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0 &&
           recv(ws->fd, ignored, sizeof(ignored), MSG_DONTWAIT) > 0)
        ;
}

void websocket_serve(struct websocket *ws)
{
    struct pollfd fds[2] = {{.fd = ws->fd}, {.fd = ws->wake_fd, .events = POLLIN}};
    eventfd_t ignored;

    pthread_mutex_lock(&ws->sim->lock);
    while (websocket_turn(ws, &fds[0])) {
        int wait_ms = ping_if_due(ws);

        pthread_mutex_unlock(&ws->sim->lock);
        poll(fds, 2, wait_ms);
        eventfd_read(ws->wake_fd, &ignored);
        pthread_mutex_lock(&ws->sim->lock);
    }
    ws->open = false;
    subscriptions_close(&ws->subscriptions);
    bool drains = !ws->reset && !ws->sim->websockets.stopping;
    if (ws->reset) /* Linux: connect() to AF_UNSPEC ends the connection with an RST at once */
        connect(ws->fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
    pthread_mutex_unlock(&ws->sim->lock);
    if (drains)
        websocket_drain(ws);
    pthread_mutex_lock(&ws->sim->lock);
    ws->ended = true;
    pthread_mutex_unlock(&ws->sim->lock);
}

struct websocket *websocket_open(struct sim *sim, const struct request *rq, int fd, const char *early,
                                 size_t early_len)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = websocket_receive,
        .send_callback = websocket_transmit,
        .on_frame_recv_start_callback = websocket_frame_started,
        .on_msg_recv_callback = websocket_message_received};
    struct websocket *ws = xcalloc(1, sizeof(*ws));

    *ws = (struct websocket){.sim = sim, .number = ++sim->websockets.opened, .fd = fd, .open = true};
    ws->target = xstrdup(rq->target);
    ws->early = xstrndup(early, early_len);
    ws->early_len = early_len;
    ws->received = json_array();
    ws->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    wslay_event_context_server_init(&ws->frames, &callbacks, ws);
    wslay_event_config_set_max_recv_msg_length(ws->frames, MESSAGE_MAX);
    deflater_start(&ws->deflater, deflate_answer(request_header(rq, "Sec-WebSocket-Extensions")));
    if (ws->deflater.on)
        wslay_event_config_set_allowed_rsv_bits(ws->frames, WSLAY_RSV1_BIT);
    subscriptions_open(sim, &ws->subscriptions, &(struct output){websocket_send_text, ws});
    list_append(&sim->websockets.list, &ws->link);
    return ws;
}

void websocket_free(struct websocket *ws)
{
    list_remove(&ws->link);
    wslay_event_context_free(ws->frames);
    deflater_stop(&ws->deflater);
    subscriptions_free(&ws->subscriptions);
    json_decref(ws->received);
    close(ws->wake_fd);
    free(ws->early);
    free(ws->target);
    free(ws);
}
