/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/peer.h"

#include <stdio.h>
#include <sys/socket.h>

#include "base/log.h"
#include "proxy/exchange/early_response.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/idle_memory.h"
#include "proxy/exchange/raw_error.h"
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

/* ---- the times ----
 *
 * libmicrohttpd 0.9.75 checks its own timeout before it reads, up to 100 ms late, and closes the socket with
 * what has arrived meanwhile: the client gets a reset. So its timeout is longer, and only ends requests and
 * responses that make no progress at all. */

static int64_t idle_ms_of(const struct peer *peer)
{
    return peer->services->config->listen.idle_timeout_s * 1000;
}

static bool has_header(const struct peer *peer)
{
    return peer->exchange && peer->exchange->head.method;
}

/* Or its end. */
static bool has_unread(const struct peer *peer)
{
    char byte;

    return recv(peer->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static void end_slow(struct peer *peer, const char *reason)
{
    char name[PEER_NAME_MAX];

    peer_name(peer, name, sizeof(name));
    log_debug("%s: closed, because %s", name, reason);
    if (peer->exchange && peer->exchange->outbound.state < OUTBOUND_EARLY) {
        metrics_refused(peer->services->metrics, METRICS_REFUSED_TOO_SLOW);
        raw_error_send(peer->watch.fd, 408, reason);
    }
    peer_cut_off(peer);
}

/* Whether the client sets the pace: it is to send, or to read. */
static bool is_waited_for(const struct exchange *exchange)
{
    return !exchange->suspended &&
           (exchange->inbound.state != INBOUND_COMPLETE || exchange->outbound.state == OUTBOUND_STREAMING);
}

/* Returns when to check again, in ms. */
static int64_t check_rate(struct peer *peer)
{
    int64_t left_ms = peer->period_ms + idle_ms_of(peer) - peer->services->loop.now_ms;

    if (is_waited_for(peer->exchange) && left_ms > 0)
        return left_ms;
    if (is_waited_for(peer->exchange) && peer->moved < PEER_LEAST_BYTES)
        end_slow(peer, "the body is too slow (less than 64 KiB in listen.idle_timeout_s)");
    peer_is_waited_for(peer);
    return idle_ms_of(peer);
}

/* The same, of a connection without a complete header. */
static int64_t check_idle(struct peer *peer)
{
    int64_t now_ms = peer->services->loop.now_ms;
    int64_t idle_ms = peer->active_ms + idle_ms_of(peer) - now_ms;
    int64_t header_ms = peer->header_ms ? peer->header_ms + PEER_HEADER_MAX_MS - now_ms : INT64_MAX;

    idle_memory_give_back(TAKE_PTR(peer->memory));
    if (header_ms <= 0 && !has_unread(peer)) {
        end_slow(peer, "the header took too long");
        return LINGER_MS;
    }
    if (idle_ms <= 0 && has_unread(peer)) /* it is read in this turn */
        return idle_ms_of(peer);
    if (idle_ms > 0)
        return idle_ms < header_ms ? idle_ms : header_ms > 0 ? header_ms : 1;
    peer->closing = true;
    shutdown(peer->watch.fd, SHUT_WR);
    return LINGER_MS;
}

static void peer_check_expired(struct timer *timer)
{
    struct peer *peer = CONTAINER_OF(timer, struct peer, check);

    if (peer->closing) {
        shutdown(peer->watch.fd, SHUT_RDWR);
        return;
    }
    loop_timer_start(&peer->services->loop, timer, has_header(peer) ? check_rate(peer) : check_idle(peer));
}

/* Something has come. */
static void note_header(struct peer *peer)
{
    if (peer->header_ms || peer->closing || has_header(peer))
        return;
    peer->header_ms = peer->services->loop.now_ms;
    loop_timer_start(&peer->services->loop, &peer->check, PEER_HEADER_MAX_MS);
}

void peer_is_waited_for(struct peer *peer)
{
    peer->period_ms = peer->services->loop.now_ms;
    peer->moved = 0;
}

void peer_upgraded(struct peer *peer)
{
    peer->hastened = false; /* libmicrohttpd has no timeout for it any more */
    loop_timer_stop(&peer->services->loop, &peer->check);
}

static void peer_ready(struct watch *watch, uint32_t events)
{
    struct peer *peer = CONTAINER_OF(watch, struct peer, watch);

    if (events & EPOLLIN) {
        peer->active_ms = peer->services->loop.now_ms;
        note_header(peer);
    }
    if (peer->exchange)
        peer->unread = true;
    else
        peer->work->pending = true;
    if (events & EPOLLOUT && peer->exchange)
        early_response_write(peer->exchange);
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        peer_hung_up(peer, events);
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

void peer_request_began(struct peer *peer)
{
    list_remove(&peer->idle);
    peer->header_ms = 0;
    peer_is_waited_for(peer);
}

void peer_request_ended(struct peer *peer)
{
    struct services *services = peer->services;
    int64_t idle_ms = idle_ms_of(peer);

    peer->active_ms = services->loop.now_ms;
    peer->header_ms = 0;
    if (peer->unread)
        peer->work->pending = true;
    peer->unread = false;
    set_hastened(peer, false);
    if (peer->closing)
        return;
    list_remove(&peer->idle);
    list_append(peer->share.idle, &peer->idle);
    loop_timer_start(&services->loop, &peer->check, idle_ms < KEEP_MEMORY_MS ? idle_ms : KEEP_MEMORY_MS);
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

static void leave_share(struct peer *peer)
{
    list_remove(&peer->idle);
    if (!peer->gave_way) {
        quota_give_back(peer->share.places, 1);
        allowance_give_back(peer->connected_under, POLICY_MAX_CONNECTIONS);
    }
    peer->gave_way = true;
}

bool peer_has_unread(const struct peer *peer)
{
    char byte;

    return recv(peer->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void peer_give_way(struct peer *peer)
{
    leave_share(peer);
    peer_cut_off(peer);
}

/* ---- the life of a connection ---- */

void peer_name(const struct peer *peer, char *ret, size_t size)
{
    char principal[PRINCIPAL_NAME_MAX];

    principal_name(peer->principal->user, principal, sizeof(principal));
    if (peer->client_port)
        snprintf(ret, size, "%s port %u", principal, peer->client_port);
    else
        snprintf(ret, size, "%s", principal);
}

const char *peer_listener_name(const struct peer *peer)
{
    switch (peer->kind) {
    case LISTENER_ADMIN:
        return "admin";
    case LISTENER_ADMIN_TCP:
        return "admin-tcp";
    default:
        return peer->port ? "tcp" : "unix";
    }
}

/* libmicrohttpd does not watch a suspended connection, so its end is watched here. Edge-triggered: no cost
 * without an event. */
struct peer *peer_new(struct services *services, struct MHD_Connection *connection, unsigned port,
                      struct listener_work *work, struct newcomer *newcomer)
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
    peer->check.expired = peer_check_expired;
    list_init(&peer->idle);
    peer->principal = principal_keep(newcomer->principal);
    peer->kind = newcomer->kind;
    peer->share = newcomer->share;
    peer->allowance = newcomer->allowance;
    if (peer->kind == LISTENER_API)
        peer->connected_under = peer->allowance;
    peer->reloads = services->principals.reloads;
    peer->client_port = newcomer->port;
    newcomer->has_place = false;
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
    loop_timer_stop(&services->loop, &peer->check);
    loop_remove(&services->loop, &peer->watch);
    services->open_peers--;
    leave_share(peer);
    principal_release(peer->principal);
    free(peer);
}
