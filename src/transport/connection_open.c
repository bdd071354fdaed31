/* SPDX-License-Identifier: Apache-2.0 */
#define CURL_DISABLE_DEPRECATION /* of curl_multi_socket_all(), see below */

#include "transport/connection_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

#include "http/proxy_status.h"

/* A server or proxy that has vanished (its address moved, a NAT forgot the connection) is noticed after 20 s
 * with bytes that are not acknowledged, or 25 s of silence; by default after 15 minutes, or never. */
#define UNACKNOWLEDGED_MS    20000
#define KEEPALIVE_IDLE_S     10
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_PROBES     3

_Static_assert(TRANSFER_DETAIL_BYTES >= CURL_ERROR_SIZE, "detail is libcurl's error buffer");

/* A descriptor that libcurl waits for while it connects. */
struct socket_watch {
    struct watch watch;
    struct connection_private *own;
    struct list link;
};

/* RFC 9209, section 2.3, for what libcurl reports. */
static const struct {
    CURLcode code;
    struct transfer_error error;
} errors[] = {
    {CURLE_COULDNT_RESOLVE_HOST, {502, "dns_error"}},
    {CURLE_COULDNT_RESOLVE_PROXY, {502, "dns_error"}},
    {CURLE_PROXY, {502, "connection_refused"}},
    {CURLE_COULDNT_CONNECT, {502, "connection_refused"}},
    {CURLE_SEND_ERROR, {502, PROXY_STATUS_CONNECTION_TERMINATED}},
    {CURLE_RECV_ERROR, {502, PROXY_STATUS_CONNECTION_TERMINATED}},
    {CURLE_GOT_NOTHING, {502, PROXY_STATUS_CONNECTION_TERMINATED}},
    {CURLE_WEIRD_SERVER_REPLY, {502, "http_protocol_error"}},
    {CURLE_UNSUPPORTED_PROTOCOL, {502, "http_protocol_error"}},
    {CURLE_PEER_FAILED_VERIFICATION, {502, "tls_certificate_error"}},
    {CURLE_SSL_CACERT_BADFILE, {502, "tls_certificate_error"}},
    {CURLE_SSL_CERTPROBLEM, {502, "tls_certificate_error"}},
    {CURLE_SSL_CLIENTCERT, {502, "tls_certificate_error"}},
    {CURLE_SSL_CONNECT_ERROR, {502, "tls_protocol_error"}},
    {CURLE_OPERATION_TIMEDOUT, {504, "connection_timeout"}},
};

static struct transfer_error error_of(CURLcode code)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(errors); i++)
        if (errors[i].code == code)
            return errors[i].error;
    return (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR};
}

/* All local ports are in use, or this host has no address of that family. */
static bool lacks_address(const struct connection_private *own)
{
    long code = 0;

    return curl_easy_getinfo(own->easy, CURLINFO_OS_ERRNO, &code) == CURLE_OK && code == EADDRNOTAVAIL;
}

/* libcurl says "Failed to connect to localhost port 1 after 0 ms: Couldn't connect to server", of a Unix
 * socket, too; the system says why. */
static void add_system_error(struct connection_private *own)
{
    char *detail = own->connection.detail, *after = strstr(detail, " after ");
    const char *path = own->connector->unix_socket;
    size_t size = sizeof(own->connection.detail), kept = after ? (size_t)(after - detail) : 0;
    long code = 0;

    if (!after || curl_easy_getinfo(own->easy, CURLINFO_OS_ERRNO, &code) != CURLE_OK || code <= 0)
        return;
    if (path)
        snprintf(detail, size, "%s: %s", path, strerror((int)code));
    else
        snprintf(detail + kept, size - kept, ": %s", strerror((int)code));
}

static void fail(struct connection_private *own, CURLcode code)
{
    char *detail = own->connection.detail;

    if (code == CURLE_COULDNT_CONNECT && own->socket_error) {
        code = CURLE_FAILED_INIT; /* it is not the server's fault */
        snprintf(detail, sizeof(own->connection.detail), "%s", strerror(own->socket_error));
    }
    if (code == CURLE_COULDNT_CONNECT)
        add_system_error(own);
    if (code == CURLE_COULDNT_CONNECT && lacks_address(own))
        code = CURLE_FAILED_INIT; /* the same */
    if (!detail[0])
        snprintf(detail, sizeof(own->connection.detail), "%s", curl_easy_strerror(code));
    make_printable(detail);           /* it may quote a certificate */
    connector_forget(own->connector); /* the name may have moved, or the server dislike the session */
    connection_failed(own, error_of(code));
}

static void drop_socket(struct socket_watch *sock)
{
    loop_remove(sock->own->connector->loop, &sock->watch);
    list_remove(&sock->link);
    free(sock);
}

/* libcurl is not to wait for anything any more. */
static void stop_waiting(struct connection_private *own)
{
    struct socket_watch *sock;

    curl_multi_setopt(own->multi, CURLMOPT_SOCKETFUNCTION, NULL);
    curl_multi_setopt(own->multi, CURLMOPT_TIMERFUNCTION, NULL);
    loop_timer_stop(own->connector->loop, &own->timer);
    list_for_each_safe(sock, &own->sockets, link)
        drop_socket(sock);
}

void connection_free_libcurl(struct connection_private *own)
{
    if (own->multi) {
        stop_waiting(own);
        if (own->easy)
            curl_multi_remove_handle(own->multi, own->easy);
    }
    curl_easy_cleanup(TAKE_PTR(own->easy));
    curl_multi_cleanup(TAKE_PTR(own->multi));
    connector_release_caches(TAKE_PTR(own->caches));
}

/* CURLOPT_CLOSESOCKETFUNCTION. */
static int connection_close_socket(void *arg, curl_socket_t fd)
{
    const struct connection_private *own = arg;

    return fd == own->watch.fd && !own->ssl ? 0 : close(fd); /* ours: libcurl is done with it */
}

static void open_connection(struct connection_private *own)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    own->connection.detail[0] = '\0'; /* of an address that was tried in vain */
    if (curl_easy_getinfo(own->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD) {
        fail(own, CURLE_RECV_ERROR);
        return;
    }
    own->watch.fd = fd;
    if (own->ssl)
        stop_waiting(own);
    else
        connection_free_libcurl(own);
    connection_opened(own);
}

/* After libcurl did something, with the result R. Afterwards the connection may be closed. */
static void look(struct connection_private *own, CURLMcode r)
{
    CURLMsg *message = curl_multi_info_read(own->multi, &(int){0});

    if (message && message->data.result == CURLE_OK) {
        open_connection(own);
    } else if (message || r != CURLM_OK) {
        stop_waiting(own);
        fail(own, message ? message->data.result : CURLE_OUT_OF_MEMORY);
    }
}

/* In one call libcurl (before 8.4) finds that an address does not answer, and in the next one it tries
 * another address. But it says neither when it wants that call nor for which socket. */
static void connection_timer_expired(struct timer *timer)
{
    struct connection_private *own = CONTAINER_OF(timer, struct connection_private, timer);

    curl_multi_socket_action(own->multi, CURL_SOCKET_TIMEOUT, 0, &(int){0});
    look(own, curl_multi_socket_all(own->multi, &(int){0}));
}

/* CURLMOPT_TIMERFUNCTION. */
static int connection_timer_changed(CURLM *multi, long timeout_ms, void *arg)
{
    struct connection_private *own = arg;

    (void)multi;
    if (timeout_ms >= 0)
        loop_timer_start(own->connector->loop, &own->timer, timeout_ms);
    else
        loop_timer_stop(own->connector->loop, &own->timer);
    return 0;
}

static void connection_socket_ready(struct watch *watch, uint32_t events)
{
    struct connection_private *own = CONTAINER_OF(watch, struct socket_watch, watch)->own;
    int flags = 0;

    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        flags |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        flags |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        flags |= CURL_CSELECT_ERR;
    look(own, curl_multi_socket_action(own->multi, watch->fd, flags, &(int){0}));
}

static int add_socket(struct connection_private *own, curl_socket_t fd, uint32_t events)
{
    struct socket_watch *sock = calloc(1, sizeof(*sock));

    if (!sock)
        return -ENOMEM;
    sock->own = own;
    sock->watch = (struct watch){.fd = fd, .ready = connection_socket_ready};
    list_append(&own->sockets, &sock->link);
    if (loop_add(own->connector->loop, &sock->watch, events) < 0 ||
        curl_multi_assign(own->multi, fd, sock) != CURLM_OK) {
        drop_socket(sock);
        return -ENOMEM;
    }
    return 0;
}

/* CURLMOPT_SOCKETFUNCTION. */
static int connection_socket_changed(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct connection_private *own = arg;
    struct socket_watch *sock = socket_arg;
    uint32_t events =
        (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (sock)
            drop_socket(sock);
        return 0;
    }
    if (sock)
        return loop_change(own->connector->loop, &sock->watch, events) < 0 ? -1 : 0;
    return add_socket(own, fd, events) < 0 ? -1 : 0;
}

static void set_option(int fd, int level, int name, int value)
{
    setsockopt(fd, level, name, &value, sizeof(value));
}

/* CURLOPT_OPENSOCKETFUNCTION. */
static curl_socket_t connection_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct connection_private *own = arg;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    own->socket_error = fd < 0 && errno != EAFNOSUPPORT ? errno : 0; /* a host need not have IPv6 */
    if (fd < 0)
        return CURL_SOCKET_BAD;
    if (address->family == AF_INET || address->family == AF_INET6) {
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
        set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
        set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
        set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
    }
    return fd;
}

static int begin(struct connection_private *own)
{
    own->multi = curl_multi_init();
    if (!own->multi || connector_new_handle(own->connector, &own->easy, &own->caches) < 0)
        return -ENOMEM;
    curl_multi_setopt(own->multi, CURLMOPT_SOCKETFUNCTION, connection_socket_changed);
    curl_multi_setopt(own->multi, CURLMOPT_SOCKETDATA, own);
    curl_multi_setopt(own->multi, CURLMOPT_TIMERFUNCTION, connection_timer_changed);
    curl_multi_setopt(own->multi, CURLMOPT_TIMERDATA, own);
    curl_easy_setopt(own->easy, CURLOPT_ERRORBUFFER, own->connection.detail);
    curl_easy_setopt(own->easy, CURLOPT_OPENSOCKETFUNCTION, connection_open_socket);
    curl_easy_setopt(own->easy, CURLOPT_OPENSOCKETDATA, own);
    curl_easy_setopt(own->easy, CURLOPT_CLOSESOCKETFUNCTION, connection_close_socket);
    curl_easy_setopt(own->easy, CURLOPT_CLOSESOCKETDATA, own);
    connection_prepare_tls(own);
    loop_timer_start(own->connector->loop, &own->timer, 0); /* libcurl starts it again */
    return curl_multi_add_handle(own->multi, own->easy) == CURLM_OK ? 0 : -ENOMEM;
}

int connection_open(struct connector *connector, bool offers_http2, const struct connection_events *events,
                    void *owner, struct connection **ret)
{
    struct connection_private *own = calloc(1, sizeof(*own));

    if (!own)
        return -ENOMEM;
    own->connection = (struct connection){.events = events, .owner = owner, .own = own};
    own->connector = connector;
    own->offers_http2 = offers_http2;
    own->timer.expired = connection_timer_expired;
    own->watch.fd = -1;
    own->unread.max = CONNECTION_UNREAD_BYTES;
    list_init(&own->sockets);
    if (begin(own) < 0) {
        connection_close(&own->connection);
        return -ENOMEM;
    }
    *ret = &own->connection;
    return 0;
}
