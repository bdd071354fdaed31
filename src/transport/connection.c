/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/connection_private.h"

#include <errno.h>
#include <linux/tcp.h> /* the C library's tcp_info is an older one */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "http/proxy_status.h"

/* Edge-triggered, so each event is a change; the flags remember those that nobody has acted on. */
static void connection_ready(struct watch *watch, uint32_t events)
{
    struct connection_private *own = CONTAINER_OF(watch, struct connection_private, watch);

    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        own->is_ending = true;
    if (events & EPOLLIN || own->is_ending)
        own->is_readable = true;
    if (events & EPOLLOUT || own->is_ending)
        own->is_writable = true;
    own->is_drained = false;
    /* OpenSSL may have read more than its handshake, and each of the two may have waited for the other. */
    if (own->ssl)
        own->is_readable = own->is_writable = true;
    own->connection.events->ready(&own->connection);
}

void connection_failed(struct connection_private *own, struct transfer_error error)
{
    own->connection.error = error;
    own->connection.events->failed(&own->connection);
}

void connection_opened(struct connection_private *own)
{
    int r;

    own->is_writable = true;
    own->watch.ready = connection_ready;
    r = loop_add(own->connector->loop, &own->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    if (r < 0) {
        snprintf(own->connection.detail, sizeof(own->connection.detail), "%s", strerror(-r));
        connection_failed(own, (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR});
        return;
    }
    own->connection.is_open = true;
    own->connection.events->opened(&own->connection);
}

static int lost(struct connection_private *own, int error, int r)
{
    snprintf(own->connection.detail, sizeof(own->connection.detail), "%s", strerror(error));
    return r;
}

static int send_plain(struct connection_private *own, const struct iovec *parts, int count, size_t *ret)
{
    struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
    size_t length = 0;
    ssize_t sent;
    int i;

    for (i = 0; i < count; i++)
        length += parts[i].iov_len;
    do
        sent = sendmsg(own->watch.fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN)
        return lost(own, errno, -EPIPE);
    if (sent < (ssize_t)length)
        own->is_writable = false;
    if (sent < 0)
        return -EAGAIN;
    *ret = (size_t)sent;
    return 0;
}

int connection_send(struct connection *connection, const struct iovec *parts, int count, size_t *ret)
{
    struct connection_private *own = connection->own;
    int r;

    if (!own->is_writable)
        return -EAGAIN;
    r = own->ssl ? connection_send_tls(own, parts, count, ret) : send_plain(own, parts, count, ret);
    if (r == 0)
        own->connector->bytes.sent += *ret;
    return r;
}

static int recv_plain(struct connection_private *own, void *data, size_t size, size_t *ret)
{
    ssize_t length;

    do
        length = recv(own->watch.fd, data, size, 0);
    while (length < 0 && errno == EINTR);
    if (length < 0 && errno != EAGAIN)
        return lost(own, errno, -ECONNRESET);
    if (length < 0 || (length > 0 && (size_t)length < size && !own->is_ending))
        own->is_readable = false;
    if (length < 0)
        return -EAGAIN;
    *ret = (size_t)length;
    return 0;
}

int connection_recv(struct connection *connection, void *data, size_t size, size_t *ret)
{
    struct connection_private *own = connection->own;
    int r;

    if (!fifo_is_empty(&own->unread)) {
        *ret = fifo_read(&own->unread, data, size);
        return 0;
    }
    if (!own->is_readable)
        return -EAGAIN;
    r = own->ssl ? connection_recv_tls(own, data, size, ret) : recv_plain(own, data, size, ret);
    if (r == 0)
        own->connector->bytes.received += *ret;
    return r;
}

int connection_unread(struct connection *connection, const void *data, size_t length)
{
    struct fifo *unread = &connection->own->unread, all = FIFO_INIT(CONNECTION_UNREAD_BYTES);
    int r = fifo_append(&all, data, length);

    if (r == 0)
        r = fifo_append(&all, fifo_data(unread), fifo_length(unread));
    if (r < 0) {
        fifo_free(&all);
        return r;
    }
    fifo_free(unread);
    *unread = all;
    return 0;
}

bool connection_has_input(struct connection *connection)
{
    struct connection_private *own = connection->own;
    char byte;
    ssize_t length;

    if (own->is_readable || !fifo_is_empty(&own->unread))
        return true;
    length = recv(own->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    own->is_readable = true;
    own->is_drained = false;
    return true;
}

uint64_t connection_acknowledged(const struct connection *connection)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);

    if (getsockopt(connection->own->watch.fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
        return 0;
    return info.tcpi_bytes_acked;
}

void connection_close(struct connection *connection)
{
    struct connection_private *own = connection ? connection->own : NULL;

    if (!own)
        return;
    if (own->watch.fd >= 0)
        loop_remove(own->connector->loop, &own->watch);
    if (own->watch.fd >= 0 && !own->ssl)
        close(own->watch.fd);
    connection_free_libcurl(own); /* with TLS, it closes the socket */
    fifo_free(&own->unread);
    free(own);
}
