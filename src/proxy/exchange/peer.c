/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/peer.h"

#include <sys/socket.h>

#include "proxy/exchange/early_response.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/idle_memory.h"
#include "proxy/exchange/services.h"

#define HALF_CLOSED_TIMEOUT_S 1U /* for an unfinished request of a client that sends no more */

#define KEEP_MEMORY_MS 2000 /* after a request, so that the memory of a busy connection stays */

#define LINGER_MS 1000 /* for the client to close after tbproxyd has ended its side */

/* The client has closed its connection, or only its sending half. Events of a Unix socket tell which. */
static void peer_hung_up(struct peer *peer, uint32_t events)
{
    if (events & (EPOLLHUP | EPOLLERR))
        peer->end = PEER_GONE;
    else if (peer->port)
        peer->end = PEER_MAY_READ;
    if (peer->exchange && peer->exchange->suspended)
        exchange_peer_changed(peer->exchange);
    else if (!peer->exchange || peer->exchange->outbound.state < OUTBOUND_QUEUED)
        /* libmicrohttpd misses an end that comes with the last bytes of an unfinished request. */
        MHD_set_connection_option(peer->connection, MHD_CONNECTION_OPTION_TIMEOUT, HALF_CLOSED_TIMEOUT_S);
}

static void peer_ready(struct watch *watch, uint32_t events)
{
    struct peer *peer = CONTAINER_OF(watch, struct peer, watch);

    if (events & EPOLLIN)
        peer->active_ms = peer->services->loop.now_ms;
    if (peer->exchange)
        peer->unread = true;
    else
        peer->work->pending = true;
    if (events & EPOLLOUT && peer->exchange)
        early_response_write(peer->exchange);
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        peer_hung_up(peer, events);
}

/* ---- the idle time ----
 *
 * libmicrohttpd 0.9.75 checks its own timeout before it reads, up to 100 ms late, and closes the socket with
 * what has arrived meanwhile: the client gets a reset. So its timeout is longer, and only ends requests and
 * responses that make no progress. */

static bool has_unread(const struct peer *peer)
{
    char byte;

    return recv(peer->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static void peer_idle_expired(struct timer *timer)
{
    struct peer *peer = CONTAINER_OF(timer, struct peer, idle);
    struct services *services = peer->services;
    int64_t idle_ms = services->config->listen.idle_timeout_s * 1000;
    int64_t left_ms = peer->active_ms + idle_ms - services->loop.now_ms;

    if (peer->closing) {
        shutdown(peer->watch.fd, SHUT_RDWR);
        return;
    }
    if (peer->exchange && peer->exchange->head.method)
        return;
    idle_memory_give_back(TAKE_PTR(peer->memory));
    if (left_ms <= 0 && has_unread(peer)) { /* it is read in this turn */
        left_ms = idle_ms;
    } else if (left_ms <= 0) {
        peer->closing = true;
        shutdown(peer->watch.fd, SHUT_WR);
        left_ms = LINGER_MS;
    }
    loop_timer_start(&services->loop, timer, left_ms);
}

static void set_hastened(struct peer *peer, bool hastened)
{
    if (peer->hastened != hastened)
        MHD_set_connection_option(peer->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                  peer->work->timeout_s + hastened);
    peer->hastened = hastened;
}

/* libmicrohttpd 0.9.75 reads from a resumed connection first. Mostly nothing is there; then it adds the
 * socket to its epoll set, and removes it when the connection is suspended again. But what it can do without
 * reading it does even before that, for connections with a timeout of their own. */
void peer_hasten(struct peer *peer)
{
    if (peer->end == PEER_OPEN)
        set_hastened(peer, true);
}

void peer_request_ended(struct peer *peer)
{
    struct services *services = peer->services;

    int64_t idle_ms = services->config->listen.idle_timeout_s * 1000;

    peer->active_ms = services->loop.now_ms;
    if (peer->unread)
        peer->work->pending = true;
    peer->unread = false;
    set_hastened(peer, false);
    if (!peer->closing)
        loop_timer_start(&services->loop, &peer->idle, idle_ms < KEEP_MEMORY_MS ? idle_ms : KEEP_MEMORY_MS);
}

void peer_cut_off(struct peer *peer)
{
    peer->closing = true;
    shutdown(peer->watch.fd, SHUT_RDWR);
}

/* A new connect() without an address disconnects. */
void peer_reset(struct peer *peer)
{
    if (peer->port)
        connect(peer->watch.fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
}

/* ---- the life of a connection ---- */

/* libmicrohttpd does not watch a suspended connection, so its end is watched here. Edge-triggered: no cost
 * without an event. */
struct peer *peer_new(struct services *services, struct MHD_Connection *connection, unsigned port,
                      struct listener_work *work, const struct newcomer *newcomer)
{
    struct peer *peer = calloc(1, sizeof(*peer));

    if (!peer)
        return NULL;
    peer->services = services;
    peer->connection = connection;
    peer->port = port;
    peer->work = work;
    peer->watch.fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    peer->watch.ready = peer_ready;
    peer->idle.expired = peer_idle_expired;
    peer->principal = principal_keep(newcomer->principal);
    peer->client_port = newcomer->port;
    peer->number = ++services->peers;
    services->open_peers++;
    loop_add(&services->loop, &peer->watch, EPOLLIN | EPOLLRDHUP | EPOLLET);
    peer_request_ended(peer);
    return peer;
}

void peer_free(struct peer *peer)
{
    struct services *services;

    if (!peer)
        return;
    services = peer->services;
    loop_timer_stop(&services->loop, &peer->idle);
    loop_remove(&services->loop, &peer->watch);
    services->open_peers--;
    principal_release(peer->principal);
    free(peer);
}
