/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/peer.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>

#include "proxy/daemon/daemon.h"
#include "proxy/exchange/early_answer.h"
#include "proxy/exchange/exchange.h"

#define HALF_CLOSED_TIMEOUT_S 1U /* for what a client that sends no more has left unfinished */

#define LINGER_MS 1000 /* for the client's own end, once it has been told ours */

/* The client has closed its connection, or at least its sending half. A Unix socket tells the two apart. */
static void hung_up(struct client *client, uint32_t events)
{
    if (events & (EPOLLHUP | EPOLLERR))
        client->end = CLIENT_GONE;
    else if (client->listener->socket.port)
        client->end = CLIENT_MAY_READ;
    if (client->exchange && client->exchange->suspended)
        exchange_client_changed(client->exchange);
    else if (!client->exchange ||
             client->exchange->state != EXCHANGE_ANSWERED) /* MHD misses an end that came together with the
                                                              last bytes of an unfinished request */
        MHD_set_connection_option(client->connection, MHD_CONNECTION_OPTION_TIMEOUT, HALF_CLOSED_TIMEOUT_S);
}

static void ready(struct watch *watch, uint32_t events)
{
    struct client *client = CONTAINER_OF(watch, struct client, watch);

    if (events & EPOLLIN)
        client->active_ms = client->listener->daemon->loop.now_ms;
    if (events & EPOLLOUT && client->exchange)
        early_answer_write(client->exchange);
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        hung_up(client, events);
}

/* ---- the idle time ----
 *
 * libmicrohttpd 0.9.75 looks at its own timeout before it reads, up to 100 ms late, and closes the socket
 * with what has arrived meanwhile: the client gets a reset. Its timeout is longer, and ends what stands still
 * within a request. */

static bool has_unread(const struct client *client)
{
    char byte;

    return recv(client->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static void idle_expired(struct timer *timer)
{
    struct client *client = CONTAINER_OF(timer, struct client, idle);
    struct daemon *daemon = client->listener->daemon;
    int64_t idle_ms = daemon->config->listen.idle_timeout_s * 1000;
    int64_t left_ms = client->active_ms + idle_ms - daemon->loop.now_ms;

    if (client->closing) {
        shutdown(client->watch.fd, SHUT_RDWR);
        return;
    }
    if (client->exchange && client->exchange->method)
        return;
    if (left_ms <= 0 && has_unread(client)) { /* which is read in this turn */
        left_ms = idle_ms;
    } else if (left_ms <= 0) {
        client->closing = true;
        shutdown(client->watch.fd, SHUT_WR);
        left_ms = LINGER_MS;
    }
    loop_timer_start(&daemon->loop, timer, left_ms);
}

void client_answered(struct client *client)
{
    struct daemon *daemon = client->listener->daemon;

    client->active_ms = daemon->loop.now_ms;
    if (!client->closing)
        loop_timer_start(&daemon->loop, &client->idle, daemon->config->listen.idle_timeout_s * 1000);
}

void client_cut_off(struct client *client)
{
    client->closing = true;
    shutdown(client->watch.fd, SHUT_RDWR);
}

/* ---- */

static int64_t user_of(const struct listener *listener, int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    return listener->socket.port == 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0
               ? (int64_t)peer.uid
               : -1;
}

/* MHD does not look at a connection whose request waits for the server, so its end is watched here;
 * edge-triggered, which costs nothing while there is no news. */
struct client *client_new(struct listener *listener, struct MHD_Connection *connection)
{
    struct daemon *daemon = listener->daemon;
    struct client *client = calloc(1, sizeof(*client));

    if (!client)
        return NULL;
    client->listener = listener;
    client->connection = connection;
    client->watch.fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    client->watch.ready = ready;
    client->idle.expired = idle_expired;
    client->user = user_of(listener, client->watch.fd);
    client->number = ++daemon->clients;
    daemon->open_clients++;
    loop_add(&daemon->loop, &client->watch, EPOLLIN | EPOLLRDHUP | EPOLLET);
    client_answered(client);
    return client;
}

void client_free(struct client *client)
{
    struct daemon *daemon;

    if (!client)
        return;
    daemon = client->listener->daemon;
    loop_timer_stop(&daemon->loop, &client->idle);
    loop_remove(&daemon->loop, &client->watch);
    daemon->open_clients--;
    free(client);
}

/* A user id has 32 bits; a connection's number is marked by the bit above. */
#define FLOW_CONNECTION (UINT64_C(1) << 32)
#define FLOW_DEVICE_API (UINT64_C(1) << 63)

uint64_t client_flow(const struct client *client, bool device_api)
{
    uint64_t flow = !client            ? FLOW_CONNECTION
                    : client->user < 0 ? client->number << 33 | FLOW_CONNECTION
                                       : (uint64_t)client->user;

    return device_api ? flow | FLOW_DEVICE_API : flow;
}

void client_flow_name(uint64_t flow, char *ret, size_t size)
{
    if (flow & FLOW_CONNECTION)
        snprintf(ret, size, "tcp:%" PRIu64, (flow & ~FLOW_DEVICE_API) >> 33);
    else
        snprintf(ret, size, "uid:%" PRIu64, flow & UINT32_MAX);
}
