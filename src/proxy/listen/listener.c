/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/listener.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>

#include "base/log.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/header_room.h"
#include "proxy/exchange/raw_error.h"
#include "proxy/exchange/services.h"
#include "proxy/listen/accept.h"
#include "proxy/listen/connection_wait.h"
#include "proxy/listen/descriptors.h"
#include "proxy/listen/receive.h"

/* libmicrohttpd's own timeout is longer than that of peer.c by this, so peer.c closes an idle connection. */
#define TIMEOUT_SLACK_S 2U

#define READ_DELAY_MS 5 /* after a response, if nothing comes */

/* Once so many connections have closed, freed memory goes back to the system after this time. */
#define TRIM_CONNECTIONS 64
#define TRIM_DELAY_MS    5000

static void count_closed(struct listeners *listeners, struct loop *loop)
{
    if (++listeners->closed == TRIM_CONNECTIONS)
        loop_timer_start(loop, &listeners->trim_timer, TRIM_DELAY_MS);
}

/* ---- libmicrohttpd's callbacks ---- */

static void listener_connection_changed(void *arg, struct MHD_Connection *connection, void **context,
                                        enum MHD_ConnectionNotificationCode code)
{
    struct listener *listener = arg;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = peer_new(listener->services, connection, listener->socket.port, &listener->work,
                            &listener->newcomer);
    } else {
        accept_closed(listener);
        count_closed(listener->listeners, &listener->services->loop);
        peer_free(TAKE_PTR(*context));
    }
}

/* Called with the request line, before libmicrohttpd changes the text. It then stores each parameter of the
 * query in the connection's memory, and forgets the connection if one does not fit. So its parser gets an
 * empty query; it writes into the same text itself. */
static void *listener_request_line(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct exchange *exchange = exchange_new(connection, target);
    char *query = strchr((char *)(uintptr_t)target, '?');

    (void)arg;
    if (query)
        query[1] = '\0';
    return exchange;
}

/* libmicrohttpd has no memory left for the header of a response. Its earlier responses have been sent. */
static enum MHD_Result refuse_without_memory(struct MHD_Connection *connection)
{
    raw_error_send(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, 431,
                   "tbproxyd refused the request: the header is too large");
    return MHD_NO;
}

static enum MHD_Result receive(struct exchange *exchange, struct MHD_Connection *connection,
                               const char *method, const char *version, const char *data, size_t *length)
{
    if (!exchange || exchange->outbound.state >= OUTBOUND_QUEUED) /* no memory for it, or for its response */
        return MHD_NO;
    if (exchange->peer->closing) /* nobody would read a response */
        return MHD_NO;
    if (*length > 0)
        return receive_body(exchange, data, length) ? MHD_YES : MHD_NO;
    if (exchange->outbound.state != OUTBOUND_EARLY && header_room(connection) < HEADER_ROOM_MIN_BYTES)
        return refuse_without_memory(connection);
    if (!exchange->head.method) {
        exchange->peer->memory = method;
        peer_request_began(exchange->peer);
        receive_header(exchange, method, version);
        return MHD_YES;
    }
    if (exchange->inbound.at_header) /* called again after the connection waited there */
        return inbound_continue(exchange) ? MHD_YES : MHD_NO;
    return receive_end(exchange) ? MHD_YES : MHD_NO;
}

/* Called with the header, then with each part of the body, then once more when the request is complete. There
 * may be no further call if the response was lost: the client waits for it, and sends no more. */
static enum MHD_Result listener_request(void *arg, struct MHD_Connection *connection, const char *url,
                                        const char *method, const char *version, const char *data,
                                        size_t *length, void **context)
{
    struct exchange *exchange = *context;
    enum MHD_Result result = receive(exchange, connection, method, version, data, length);

    (void)arg;
    (void)url;
    return exchange && exchange->outbound.lost && !exchange->suspended ? MHD_NO : result;
}

static void listener_completed(void *arg, struct MHD_Connection *connection, void **context,
                               enum MHD_RequestTerminationCode code)
{
    struct listener *listener = arg;
    struct exchange *exchange = *context;

    (void)connection;
    (void)code;
    /* If a content reader has ended the connection, libmicrohttpd closes it in its next run. */
    if (exchange && exchange->outbound.state == OUTBOUND_STREAMING)
        listener->work.pending = true;
    if (exchange) {
        peer_request_ended(exchange->peer);
        exchange_retire(exchange);
    }
    *context = NULL;
}

/* target.h reads the target from the request line as it came. */
static size_t listener_unescape(void *arg, struct MHD_Connection *connection, char *text)
{
    (void)arg;
    (void)connection;
    return strlen(text);
}

static void __attribute__((format(printf, 2, 0))) listener_log(void *arg, const char *format, va_list args)
{
    char text[512];

    (void)arg;
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    if (strncmp(text, "Setting TCP_", strlen("Setting TCP_")) == 0)
        return; /* a Unix socket has no such options */
    log_debug("libmicrohttpd: %s", text);
}

static void listener_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    CONTAINER_OF(watch, struct listener, watch)->work.pending = true;
}

static void listener_read_expired(struct timer *timer)
{
    CONTAINER_OF(timer, struct listener, read_timer)->work.pending = true;
}

/* ---- */

int listener_open(struct listener *listener, struct listeners *listeners, struct listening_socket *socket,
                  struct tb_error *err)
{
    struct services *services = listeners->services;
    const struct config *config = services->config;
    const union MHD_DaemonInfo *info;
    int r;

    listener->services = services;
    listener->listeners = listeners;
    listener->read_timer.expired = listener_read_expired;
    list_init(&listener->idle);
    listener->socket = *socket;
    *socket = (struct listening_socket){.fd = -1, .lock_fd = -1};
    listener->work.timeout_s = (unsigned)config->listen.idle_timeout_s + TIMEOUT_SLACK_S;
    listener->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
            MHD_USE_ERROR_LOG | MHD_USE_TURBO,
        0, NULL, NULL, listener_request, listener, MHD_OPTION_EXTERNAL_LOGGER, listener_log, NULL,
        MHD_OPTION_CONNECTION_LIMIT, UINT_MAX, MHD_OPTION_CONNECTION_TIMEOUT, listener->work.timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_URI_LOG_CALLBACK,
        listener_request_line, listener, MHD_OPTION_UNESCAPE_CALLBACK, listener_unescape, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, listener_completed, listener, MHD_OPTION_NOTIFY_CONNECTION,
        listener_connection_changed, listener, MHD_OPTION_END);
    if (!listener->mhd)
        return tb_error_set(err, -EIO, "%s: libmicrohttpd could not be started", listener->socket.name);
    info = MHD_get_daemon_info(listener->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    listener->watch = (struct watch){.fd = info->epoll_fd, .ready = listener_ready};
    r = loop_add(&services->loop, &listener->watch, EPOLLIN);
    if (r == 0)
        accept_begin(listener);
    return r < 0 ? tb_error_set(err, r, "%s: %s", listener->socket.name, strerror(-r)) : 0;
}

void listeners_run(struct listeners *listeners)
{
    size_t i;

    for (i = 0; i < listeners->count; i++) {
        struct listener *listener = &listeners->list[i];

        if (!listener->work.pending)
            continue;
        listener->work.pending = false;
        if (listener->mhd)
            MHD_run(listener->mhd);
    }
    accept_waiting(listeners);
}

/* After a response, libmicrohttpd wants to run at once, to read the next request. It would do so in vain
 * (see peer_hasten()): peer.c notices when a request comes. The timer is for what its buffer had no room for.
 */
static bool read_later(struct listener *listener)
{
    if (listener->work.served > 0)
        return false;
    if (!timer_is_started(&listener->read_timer))
        loop_timer_start(&listener->services->loop, &listener->read_timer, READ_DELAY_MS);
    return true;
}

static int64_t wait_ms_of(struct listener *listener)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    if (listener->work.pending)
        return 0;
    if (!listener->mhd || MHD_get_timeout(listener->mhd, &wait_ms) != MHD_YES)
        return -1;
    if (wait_ms == 0 && read_later(listener))
        return -1;
    listener->work.pending = wait_ms == 0;
    return wait_ms > INT32_MAX ? INT32_MAX : (int64_t)wait_ms;
}

int64_t listeners_wait_ms(struct listeners *listeners)
{
    int64_t wait_ms = -1;
    size_t i;

    for (i = 0; i < listeners->count; i++) {
        int64_t listener_ms = wait_ms_of(&listeners->list[i]);

        if (listener_ms >= 0 && (wait_ms < 0 || listener_ms < wait_ms))
            wait_ms = listener_ms;
    }
    return wait_ms;
}

static void quiesce(struct listener *listener)
{
    accept_end(listener);
    listening_socket_close(&listener->socket);
}

void listeners_quiesce(struct listeners *listeners)
{
    size_t i;

    listeners->services->admin_path = NULL; /* it is removed */
    for (i = 0; i < listeners->count; i++)
        quiesce(&listeners->list[i]);
}

void listeners_close(struct listeners *listeners)
{
    size_t i;

    if (listeners->services)
        connection_waits_end(listeners);
    for (i = 0; i < listeners->count; i++) {
        struct listener *listener = &listeners->list[i];

        quiesce(listener); /* it may have been opened in vain, at a start that fails */
        loop_timer_stop(&listener->services->loop, &listener->read_timer);
        if (!listener->mhd)
            continue;
        loop_remove(&listener->services->loop, &listener->watch);
        MHD_stop_daemon(listener->mhd);
        listener->mhd = NULL;
    }
}
