/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/transport_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

void transport_perform(struct transport *transport, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(transport->multi, fd, events, &running);
}

static void socket_ready(struct watch *watch, uint32_t events)
{
    struct socket_watch *sock = CONTAINER_OF(watch, struct socket_watch, watch);
    int flags = 0;

    if (sock->wanted == 0) { /* an idle connection: libcurl checks it before it uses it again */
        loop_remove(sock->transport->loop, watch);
        sock->registered = 0;
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        flags |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        flags |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        flags |= CURL_CSELECT_ERR;
    transport_perform(sock->transport, watch->fd, flags);
}

static struct socket_watch *socket_of(struct transport *transport, curl_socket_t fd)
{
    size_t index = (size_t)fd;

    if (index >= transport->socket_count) {
        size_t count = index + 64;
        struct socket_watch **sockets =
            reallocarray(transport->sockets, count, sizeof(struct socket_watch *));

        if (!sockets)
            return NULL;
        memset(sockets + transport->socket_count, 0,
               (count - transport->socket_count) * sizeof(struct socket_watch *));
        transport->sockets = sockets;
        transport->socket_count = count;
    }
    if (!transport->sockets[index]) {
        struct socket_watch *sock = calloc(1, sizeof(*sock));

        if (!sock)
            return NULL;
        sock->watch = (struct watch){.fd = fd, .ready = socket_ready};
        sock->transport = transport;
        transport->sockets[index] = sock;
    }
    return transport->sockets[index];
}

/* A connection that failed is also closed without notice, before the interest in it ends. */
static int forget_interest(struct socket_watch *sock)
{
    if (sock->registered)
        loop_remove(sock->transport->loop, &sock->watch);
    sock->registered = 0;
    return 0;
}

int transport_socket_changed(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct transport *transport = arg;
    struct socket_watch *sock = socket_of(transport, fd);
    uint32_t wanted =
        (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    int r;

    (void)easy;
    (void)unused;
    if (!sock)
        return -1;
    if (what == CURL_POLL_REMOVE)
        wanted = 0;
    sock->wanted = wanted;
    if (wanted == 0 && !sock->is_connection)
        return forget_interest(sock);
    if (wanted == 0) /* lazily: an idle connection stays registered for reading */
        wanted = EPOLLIN;
    if (wanted == sock->registered)
        return 0;
    r = sock->registered ? loop_change(transport->loop, &sock->watch, wanted)
                         : loop_add(transport->loop, &sock->watch, wanted);
    if (r < 0 && sock->wanted == 0)
        return forget_interest(sock);
    sock->registered = r == 0 ? wanted : 0;
    return r == 0 ? 0 : -1;
}

static int local_port_of(curl_socket_t fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return address.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&address)->sin_port) : 0;
}

/* Whether neither side has ended the connection. */
static bool is_alive(curl_socket_t fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_ESTABLISHED;
}

bool transfer_connection_was_alive(const struct transfer *transfer)
{
    const struct transport *transport = transfer->transport;
    size_t i;

    for (i = 0; i < transport->socket_count; i++)
        if (transport->sockets[i] && transport->sockets[i]->is_connection &&
            local_port_of(transport->sockets[i]->watch.fd) == transfer->local_port)
            return is_alive(transport->sockets[i]->watch.fd);
    return transfer->closed_alive;
}

/* Before we close the connection FD. */
static void note_closing(struct transport *transport, curl_socket_t fd)
{
    int port = local_port_of(fd);
    struct transfer *transfer;

    list_for_each(transfer, &transport->transfers, link)
        if (transfer->local_port == port)
            transfer->closed_alive = is_alive(fd);
}

curl_socket_t transport_socket_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = arg;
    struct transport *transport = transfer->transport;
    struct socket_watch *sock;
    curl_socket_t fd;

    (void)purpose;
    transfer->has_socket = true;
    transfer->wants_connection = transport->has_prior_knowledge && !transfer->opens;
    if (transfer->wants_connection)
        return CURL_SOCKET_BAD; /* started anew, see opens_connection() */
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    sock = socket_of(transport, fd);
    if (!sock) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    sock->is_connection = true;
    transport->connections++;
    return fd;
}

int transport_socket_close(void *arg, curl_socket_t fd)
{
    struct transport *transport = arg;
    size_t index = (size_t)fd;

    transport->connections--;
    note_closing(transport, fd);
    if (index < transport->socket_count && transport->sockets[index]) {
        if (transport->sockets[index]->registered)
            loop_remove(transport->loop, &transport->sockets[index]->watch);
        free(transport->sockets[index]);
        transport->sockets[index] = NULL;
    }
    return close(fd);
}

int transfer_take_socket(struct transport *transport, struct transfer *transfer)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct socket_watch *sock;

    if (!transfer->easy || curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD)
        return -ENOTCONN;
    sock = socket_of(transport, fd);
    if (sock && sock->registered) {
        loop_remove(transport->loop, &sock->watch);
        sock->registered = 0;
    }
    return (int)fd;
}
