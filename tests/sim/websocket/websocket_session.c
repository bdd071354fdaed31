/* SPDX-License-Identifier: Apache-2.0 */
/* WebSockets: handshake, frames, authentication, and what tests see and order. */
#include "sim/websocket/websocket_session.h"

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

#include "sim/auth/token_issuer.h"
#include "sim/controller/controller_mapping.h"
#include "sim/subscription/telemetry_subscription.h"
#include "sim/websocket/permessage_deflate.h"

enum {
    MAX_RECEIVED = 1000, /* messages that are kept for tests */
    PING_ATTEMPTS = 3,   /* after as many intervals without a pong the session ends */
};

struct websocket {
    struct websocket *next;
    struct sim *sim;
    uint64_t number;
    char *target;
    bool open;
    bool ended; /* its thread needs it no more */
    int fd;
    int wake; /* an eventfd: there is something to send, or an order */
    bool reset;
    bool old_endpoint;
    char *early; /* what came together with the handshake */
    size_t early_len;
    wslay_event_context_ptr frames;
    struct deflater deflater;
    uint64_t message_length; /* of the message that is being received */
    struct user *user;       /* NULL: not authenticated yet */
    struct subscriptions subscriptions;
    json_t *received;
    uint64_t sent;
    uint64_t pongs;
    int64_t heard_ms; /* when the last pong came, or the session began */
    int pings;        /* since then */
    int closed;       /* the code that came from the client; 0: none */
};

static void wake(const struct websocket *ws)
{
    eventfd_write(ws->wake, 1);
}

static void send_text(void *arg, const char *text, size_t length)
{
    struct websocket *ws = arg;
    _cleanup_free_ char *compressed =
        ws->deflater.on ? deflater_compress(&ws->deflater, text, length, &length) : NULL;
    const struct wslay_event_msg message = {.opcode = WSLAY_TEXT_FRAME,
                                            .msg = (const uint8_t *)(compressed ? compressed : text),
                                            .msg_length = length};

    if (wslay_event_queue_msg_ex(ws->frames, &message, compressed ? WSLAY_RSV1_BIT : 0) == 0)
        ws->sent++;
    wake(ws);
}

static void send_close(struct websocket *ws, int code, const char *reason)
{
    wslay_event_queue_close(ws->frames, (uint16_t)code, (const uint8_t *)reason, strlen(reason));
    wake(ws);
}

/* Closes, as a real server does, where the token is not good for a session. */
static void authenticate(struct websocket *ws, const char *token, int code)
{
    struct jwt_claims claims = {};
    enum jwt_verdict verdict = jwt_verify(ws->sim, token ? token : "", &claims);

    if (verdict == JWT_OK && (claims.refresh || claims.serial <= ws->sim->access_outdated ||
                              claims.serial <= claims.user->outdated))
        verdict = JWT_EXPIRED;
    if (verdict == JWT_OK) {
        ws->user = claims.user;
        ws->heard_ms = clock_monotonic_ns() / 1000000;
    } else {
        send_close(ws, code, verdict == JWT_EXPIRED ? "JWT Token expired" : "Invalid JWT token: ");
    }
}

static void first_message(struct websocket *ws, const json_t *message, const char *text)
{
    const json_t *command = json_object_get(message, "authCmd");

    if (!message) {
        char reason[100]; /* a control frame has at most 125 bytes */

        snprintf(reason, sizeof reason, "The given string value cannot be transformed to Json object: %.20s",
                 text);
        send_close(ws, 1007, reason);
    } else if (!json_is_object(command)) {
        send_close(ws, 1008, "Auth cmd is missing");
    } else {
        authenticate(ws, json_str(command, "token"), 1007);
    }
}

static void on_text(struct websocket *ws, const char *data, size_t length)
{
    json_auto_t *message = json_read(data, length, NULL);
    _cleanup_free_ char *text = xstrndup(data, length);

    if (json_array_size(ws->received) < MAX_RECEIVED)
        json_array_append_new(ws->received, json_text(text));
    if (!ws->user) {
        first_message(ws, message, text);
        if (!ws->user)
            return;
        json_object_del(message, "authCmd");
        if (json_object_size(message) == 0)
            return;
    }
    subscriptions_command(ws->sim, ws->user, &ws->subscriptions, message, send_text, ws);
}

static void on_pong(struct websocket *ws)
{
    ws->pongs++;
    ws->pings = 0;
    ws->heard_ms = clock_monotonic_ns() / 1000000;
}

static void refuse_length(struct websocket *ws)
{
    send_close(ws, 1009,
               "The decoded text message was too big for the output buffer and the endpoint does not support "
               "partial messages");
    wslay_event_shutdown_read(ws->frames);
}

static void on_compressed(struct websocket *ws, const uint8_t *data, size_t length)
{
    struct buf text = {};

    if (deflater_expand(&ws->deflater, data, length, MAX_MESSAGE, &text))
        on_text(ws, text.data ? text.data : "", text.len);
    else
        refuse_length(ws);
    buf_free(&text);
}

static void on_message(wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *arg,
                       void *user)
{
    struct websocket *ws = user;

    (void)frames;
    ws->message_length = 0;
    if (arg->opcode == WSLAY_TEXT_FRAME && arg->rsv)
        on_compressed(ws, arg->msg, arg->msg_length);
    else if (arg->opcode == WSLAY_TEXT_FRAME)
        on_text(ws, (const char *)arg->msg, arg->msg_length);
    else if (arg->opcode == WSLAY_PONG)
        on_pong(ws);
    else if (arg->opcode == WSLAY_CONNECTION_CLOSE)
        ws->closed = arg->status_code ? arg->status_code : WSLAY_CODE_NO_STATUS_RCVD;
}

static void on_frame(wslay_event_context_ptr frames, const struct wslay_event_on_frame_recv_start_arg *arg,
                     void *user)
{
    struct websocket *ws = user;

    (void)frames;
    if (wslay_is_ctrl_frame(arg->opcode))
        return;
    ws->message_length += arg->payload_length;
    if (ws->message_length > MAX_MESSAGE)
        refuse_length(ws);
}

static ssize_t receive(wslay_event_context_ptr frames, uint8_t *data, size_t length, int flags, void *user)
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

static ssize_t transmit(wslay_event_context_ptr frames, const uint8_t *data, size_t length, int flags,
                        void *user)
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

/* docs/server-behaviour.md: a session is pinged after each interval without a pong, and the third one ends
 * it. What else the client sends does not count. How long poll() may wait; -1: for ever. */
static int ping_if_due(struct websocket *ws)
{
    static const struct wslay_event_msg ping = {.opcode = WSLAY_PING};
    int64_t interval = ws->sim->settings.websocket_ping_ms;
    int64_t left = ws->heard_ms + (ws->pings + 1) * interval - clock_monotonic_ns() / 1000000;

    if (!ws->user || interval == 0 || ws->pings == PING_ATTEMPTS)
        return -1;
    if (left > 0)
        return (int)left;
    if (++ws->pings < PING_ATTEMPTS)
        wslay_event_queue_msg(ws->frames, &ping);
    else
        send_close(ws, 4500, "Failed to send message within the configured send limit");
    return 0;
}

/* Until the next event; false: the WebSocket is over. Called with the lock. */
static bool turn(struct websocket *ws, struct pollfd *ret)
{
    bool ok = wslay_event_recv(ws->frames) == 0 && wslay_event_send(ws->frames) == 0;
    bool reads = wslay_event_want_read(ws->frames);
    bool writes = wslay_event_want_write(ws->frames);

    ret->events = (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    return ok && (reads || writes) && !ws->reset && !ws->sim->websockets.stopping;
}

/* Reads on until the client closes, too: closing on unread bytes would reset the connection, and with it what
 * was sent last. */
static void drain(struct websocket *ws)
{
    struct pollfd fds[2] = {{.fd = ws->fd, .events = POLLIN}, {.fd = ws->wake, .events = POLLIN}};
    char ignored[4096];

    shutdown(ws->fd, SHUT_WR);
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0 &&
           recv(ws->fd, ignored, sizeof ignored, MSG_DONTWAIT) > 0)
        ;
}

static void serve(struct websocket *ws)
{
    struct pollfd fds[2] = {{.fd = ws->fd}, {.fd = ws->wake, .events = POLLIN}};
    eventfd_t ignored;

    pthread_mutex_lock(&ws->sim->lock);
    while (turn(ws, &fds[0])) {
        int wait_ms = ping_if_due(ws);

        pthread_mutex_unlock(&ws->sim->lock);
        poll(fds, 2, wait_ms);
        eventfd_read(ws->wake, &ignored);
        pthread_mutex_lock(&ws->sim->lock);
    }
    ws->open = false;
    bool drains = !ws->reset && !ws->sim->websockets.stopping;
    if (ws->reset) /* Linux: connect() to AF_UNSPEC ends the connection with an RST at once */
        connect(ws->fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
    pthread_mutex_unlock(&ws->sim->lock);
    if (drains)
        drain(ws);
    pthread_mutex_lock(&ws->sim->lock);
    ws->ended = true;
    pthread_mutex_unlock(&ws->sim->lock);
}

static struct websocket *open_websocket(struct sim *sim, const struct request *rq, int fd)
{
    static const struct wslay_event_callbacks callbacks = {.recv_callback = receive,
                                                           .send_callback = transmit,
                                                           .on_frame_recv_start_callback = on_frame,
                                                           .on_msg_recv_callback = on_message};
    struct websocket *ws = xcalloc(1, sizeof *ws);
    struct websocket **last = &sim->websockets.list;

    *ws = (struct websocket){.sim = sim, .number = ++sim->websockets.opened, .fd = fd, .open = true};
    ws->target = xstrdup(rq->target);
    ws->received = json_array();
    ws->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    wslay_event_context_server_init(&ws->frames, &callbacks, ws);
    wslay_event_config_set_max_recv_msg_length(ws->frames, MAX_MESSAGE);
    deflater_start(&ws->deflater, deflate_answer(request_header(rq, "Sec-WebSocket-Extensions")));
    if (ws->deflater.on)
        wslay_event_config_set_allowed_rsv_bits(ws->frames, WSLAY_RSV1_BIT);
    while (*last)
        last = &(*last)->next;
    *last = ws;
    return ws;
}

/* The thread of the connection: here until the WebSocket is closed. */
static void on_upgrade(void *cls, struct MHD_Connection *mhd, void *context, const char *extra,
                       size_t extra_len, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
    struct sim *sim = cls;
    const struct request *rq = context;
    const char *token = request_param(rq, "token");

    (void)mhd;
    pthread_mutex_lock(&sim->lock);
    struct websocket *ws = open_websocket(sim, rq, fd);
    ws->early = xstrndup(extra ? extra : "", extra_len);
    memcpy(ws->early, extra ? extra : "", extra_len);
    ws->early_len = extra_len;
    if (!streq(rq->path, "/api/ws") && !streq(rq->vars[0], "telemetry"))
        send_close(ws, 1007, "Unknown session type");
    else if (token)
        authenticate(ws, token, 1011);
    pthread_mutex_unlock(&sim->lock);
    serve(ws);
    MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
}

/* RFC 6455, section 4.2.2; RET holds BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) bytes and a NUL. */
static void accept_key(const char *key, char *ret)
{
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct sha1_ctx ctx;

    sha1_init(&ctx);
    sha1_update(&ctx, strlen(key), (const uint8_t *)key);
    sha1_update(&ctx, sizeof suffix - 1, (const uint8_t *)suffix);
    sha1_digest(&ctx, sizeof digest, digest);
    base64_encode_raw(ret, sizeof digest, digest);
    ret[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)] = '\0';
}

struct MHD_Response *websocket_response(struct sim *sim, const struct request *rq)
{
    char accepted[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1];
    struct MHD_Response *r = MHD_create_response_for_upgrade(on_upgrade, sim);

    if (!r)
        return NULL;
    accept_key(request_header(rq, "Sec-WebSocket-Key"), accepted);
    MHD_add_response_header(r, "Upgrade", "websocket");
    MHD_add_response_header(r, "Sec-WebSocket-Accept", accepted);
    const char *extension = deflate_answer(request_header(rq, "Sec-WebSocket-Extensions"));
    if (extension)
        MHD_add_response_header(r, "Sec-WebSocket-Extensions", extension);
    return r;
}

/* A plain GET is refused as recorded. */
void web_socket(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *upgrade = request_header(rq, "Upgrade");

    if (upgrade && strcasecmp(upgrade, "websocket") == 0 && request_header(rq, "Sec-WebSocket-Key")) {
        reply_empty(rp, 101);
        rp->upgrade = sim;
        return;
    }
    reply_text(rp, 400, "Can \"Upgrade\" only to \"WebSocket\".");
    rp->content_type = NULL;
}

bool websockets_any(const struct sim *sim)
{
    return sim->websockets.list != NULL;
}

void websockets_notify(struct sim *sim, const struct entity *e, enum scope scope, const json_t *changes)
{
    for (struct websocket *ws = sim->websockets.list; ws; ws = ws->next) {
        if (ws->open)
            subscriptions_notify(&ws->subscriptions, e, scope, changes, send_text, ws);
    }
}

json_t *websockets_json(const struct sim *sim)
{
    json_t *list = json_array();

    for (const struct websocket *ws = sim->websockets.list; ws; ws = ws->next)
        json_array_append_new(list,
                              json_pack("{s:I, s:o, s:b, s:s?, s:o, s:O, s:I, s:I, s:o}", "number",
                                        (json_int_t)ws->number, "target", json_text(ws->target), "open",
                                        ws->open, "user", ws->user ? ws->user->email : NULL, "subscriptions",
                                        subscriptions_json(&ws->subscriptions), "received", ws->received,
                                        "sent", (json_int_t)ws->sent, "pongs", (json_int_t)ws->pongs,
                                        "closed", ws->closed ? json_integer(ws->closed) : json_null()));
    return list;
}

/* Whether the order was understood. */
static bool carry_out(struct websocket *ws, const json_t *order)
{
    const struct wslay_event_msg ping = {.opcode = WSLAY_PING};
    int64_t code = json_int(order, "close", 0);
    const char *reason = json_str(order, "reason");
    const char *text = json_str(order, "send");
    bool pings = json_is_true(json_object_get(order, "ping"));

    ws->reset = ws->reset || json_is_true(json_object_get(order, "reset"));
    if (pings)
        wslay_event_queue_msg(ws->frames, &ping);
    if (text)
        send_text(ws, text, strlen(text));
    if (code)
        send_close(ws, (int)code, reason ? reason : "");
    wake(ws);
    return pings || text || code || ws->reset;
}

bool websockets_order(struct sim *sim, const json_t *order)
{
    int64_t number = json_int(order, "number", 0);
    bool found = false;

    for (struct websocket *ws = sim->websockets.list; ws; ws = ws->next) {
        if (ws->open && (number == 0 || (uint64_t)number == ws->number))
            found = carry_out(ws, order) || found;
    }
    return found;
}

static void websocket_free(struct websocket *ws)
{
    wslay_event_context_free(ws->frames);
    deflater_stop(&ws->deflater);
    subscriptions_free(&ws->subscriptions);
    json_decref(ws->received);
    close(ws->wake);
    free(ws->early);
    free(ws->target);
    free(ws);
}

void websockets_forget(struct sim *sim)
{
    struct websocket **at = &sim->websockets.list;

    while (*at) {
        struct websocket *ws = *at;

        if (!ws->ended) {
            at = &ws->next;
            continue;
        }
        *at = ws->next;
        websocket_free(ws);
    }
}

void websockets_stop(struct sim *sim)
{
    pthread_mutex_lock(&sim->lock);
    sim->websockets.stopping = true;
    for (struct websocket *ws = sim->websockets.list; ws; ws = ws->next) {
        if (!ws->ended)
            wake(ws);
    }
    pthread_mutex_unlock(&sim->lock);
}
