/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a tunnel: its beginning and end, and the events of its sockets and timers.
 */
#include "proxy/websocket/tunnel.h"

#include "base/log.h"
#include "http/headers.h"
#include "proxy/exchange/reply.h"

#define ENDPOINT "/api/ws" /* authenticates by a message */

bool tunnel_is_wanted(const char *upgrade, const char *connection)
{
    return upgrade && connection && header_list_contains(upgrade, "websocket") &&
           header_list_contains(connection, "upgrade");
}

static void tunnel_leave(struct exchange *exchange)
{
    struct tunnel *tunnel = exchange->state;

    if (!tunnel || tunnel->state > TUNNEL_CONNECTING)
        return;
    loop_timer_stop(&tunnel->services->loop, &tunnel->handshake_timer);
    websocket_token_cancel(&tunnel->websocket_token);
    websocket_close(&tunnel->websocket);
    tunnel->state = TUNNEL_ENDED;
}

static void tunnel_free(struct exchange *exchange)
{
    struct tunnel *tunnel = TAKE_PTR(exchange->state);

    if (!tunnel)
        return;
    if (tunnel->client.fd >= 0)
        loop_remove(&tunnel->services->loop, &tunnel->client);
    task_remove(&tunnel->task);
    loop_timer_stop(&tunnel->services->loop, &tunnel->handshake_timer);
    loop_timer_stop(&tunnel->services->loop, &tunnel->linger);
    websocket_token_cancel(&tunnel->websocket_token);
    websocket_close(&tunnel->websocket);
    frame_filter_free(&tunnel->filter);
    headers_free(&tunnel->headers);
    fifo_free(&tunnel->up);
    fifo_free(&tunnel->down);
    allowance_give_back(tunnel->opened_under, POLICY_MAX_WEBSOCKETS);
    free(tunnel);
}

/* libmicrohttpd closes the client's connection, then retires the exchange. */
void tunnel_end(struct tunnel *tunnel, const char *reason)
{
    struct services *services = tunnel->services;

    log_debug("WebSocket: %s", reason);
    tunnel->state = TUNNEL_ENDED;
    loop_remove(&services->loop, &tunnel->client);
    tunnel->client.fd = -1;
    task_remove(&tunnel->task);
    loop_timer_stop(&services->loop, &tunnel->linger);
    websocket_close(&tunnel->websocket);
    MHD_upgrade_action(tunnel->handle, MHD_UPGRADE_ACTION_CLOSE);
    tunnel->exchange->peer->work->pending = true;
}

/* A client that has ended is noticed at once, even while it is not read from. */
static void tunnel_client_ready(struct watch *watch, uint32_t events)
{
    struct tunnel *tunnel = CONTAINER_OF(watch, struct tunnel, client);

    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        tunnel_linger(tunnel);
    tasks_add(&tunnel->services->tasks, &tunnel->task);
}

static void tunnel_handshake_timer_expired(struct timer *timer)
{
    tunnel_begin_handshake(CONTAINER_OF(timer, struct tunnel, handshake_timer));
}

static void tunnel_linger_expired(struct timer *timer)
{
    tunnel_end(CONTAINER_OF(timer, struct tunnel, linger), "one side did not finish in time");
}

/* libmicrohttpd hands over the client's socket, and the bytes that it has already read from it. */
void tunnel_upgraded(void *arg, struct MHD_Connection *connection, void *context, const char *extra,
                     size_t extra_length, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
    struct tunnel *tunnel = arg;
    struct loop *loop = &tunnel->services->loop;

    (void)connection;
    (void)context;
    exchange_upgraded(tunnel->exchange);
    tunnel->handle = handle;
    tunnel->state = TUNNEL_OPEN;
    loop_remove(loop, &tunnel->exchange->peer->watch);
    tunnel->client.fd = fd;
    if (loop_add(loop, &tunnel->client, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) < 0 ||
        frame_filter_add(&tunnel->filter, extra, extra_length) < 0)
        tunnel->client_lost = true;
    if (tunnel->services->draining)
        tunnel_close(tunnel, FRAME_CLOSE_GOING_AWAY, "tbproxyd is stopping");
    tasks_add(&tunnel->services->tasks, &tunnel->task); /* not from within libmicrohttpd */
}

static struct tunnel *new_tunnel(struct exchange *exchange)
{
    struct tunnel *tunnel = calloc(1, sizeof(*tunnel));

    if (!tunnel)
        return NULL;
    exchange->state = tunnel;
    tunnel->exchange = exchange;
    tunnel->services = exchange->services;
    tunnel->opened_under = exchange->peer->allowance;
    allowance_take(tunnel->opened_under, POLICY_MAX_WEBSOCKETS);
    tunnel->by_command = exchange->head.target.path_length == strlen(ENDPOINT);
    tunnel->headers = (struct headers)HEADERS_INIT;
    tunnel->client = (struct watch){.fd = -1, .ready = tunnel_client_ready};
    tunnel->handshake_timer.expired = tunnel_handshake_timer_expired;
    task_init(&tunnel->task, exchange->peer->principal);
    tunnel->task.step = tunnel_pump;
    tunnel->linger.expired = tunnel_linger_expired;
    tunnel->up.max = FRAME_FILTER_OUT_BYTES + FRAME_HEADER_MAX + FRAME_CONTROL_MAX;
    tunnel->down.max = TUNNEL_CHUNK_BYTES + FRAME_HEADER_MAX + FRAME_CONTROL_MAX;
    frame_filter_init(&tunnel->filter);
    tunnel->reader.any_order = true; /* the client checks that */
    return tunnel;
}

static void tunnel_begin(struct exchange *exchange)
{
    char bound[POLICY_BOUND_NAME_MAX];
    struct tunnel *tunnel;

    if (allowance_lacks(exchange->peer->allowance, POLICY_MAX_WEBSOCKETS, bound)) {
        metrics_refused(exchange->services->metrics, METRICS_REFUSED_WEBSOCKETS);
        reply_busy(exchange, 0, "too many WebSockets (%s)", bound);
        return;
    }
    tunnel = new_tunnel(exchange);
    if (tunnel)
        tunnel_handshake(tunnel);
    else
        reply_no_memory(exchange);
}

static void tunnel_drain(struct exchange *exchange)
{
    struct tunnel *tunnel = exchange->state;

    if (!tunnel || tunnel->state != TUNNEL_OPEN)
        return;
    if (exchange->services->stopping) {
        tunnel_end(tunnel, "tbproxyd is stopping");
        return;
    }
    tunnel_close(tunnel, FRAME_CLOSE_GOING_AWAY, "tbproxyd is stopping");
    tasks_add(&exchange->services->tasks, &tunnel->task);
}

const struct handler websocket_handler = {
    .name = "websocket",
    .begin = tunnel_begin,
    .leave = tunnel_leave,
    .drain = tunnel_drain,
    .free = tunnel_free,
};

size_t tunnel_count(const struct services *services)
{
    const struct exchange *exchange;
    size_t count = 0;

    list_for_each(exchange, &services->exchanges, link) {
        const struct tunnel *tunnel = exchange->handler == &websocket_handler ? exchange->state : NULL;

        count += tunnel && tunnel->state == TUNNEL_OPEN;
    }
    return count;
}
