/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sockets are listened on: of each kind those that the service manager passed, or else those of the
 * configuration.
 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>

#include "base/log.h"
#include "proxy/config/values.h"
#include "proxy/listen/descriptors.h"
#include "proxy/listen/listener.h"
#include "proxy/listen/passed_sockets.h"

#define PORT_RETRY_MS 5000 /* while another program has the port */

static void listeners_trim_expired(struct timer *timer)
{
    CONTAINER_OF(timer, struct listeners, trim_timer)->closed = 0;
    malloc_trim(0);
}

static void set_max_connections(struct services *services)
{
    unsigned wanted = (unsigned)services->config->listen.max_connections;
    uint64_t limit = descriptors_raise_limit();
    unsigned fit = descriptors_fit(limit, wanted,
                                   (unsigned)quota_total((size_t)services->config->upstream.max_connections),
                                   services->upstream.servers.count);

    services->principals.shares.connections.max = fit;
    if (fit < wanted)
        log_warning("listen.max_connections is lowered from %u to %u: only %" PRIu64
                    " files may be open (raise LimitNOFILE= of the unit, or ulimit -n)",
                    wanted, fit, limit);
}

static void say_where(const struct listener *listener)
{
    const struct listening_socket *socket = &listener->socket;

    log_info("%s %s", socket->kind == LISTENER_API ? "listening on" : "admin requests on", socket->name);
    if (socket->kind == LISTENER_ADMIN)
        listener->services->admin_path = socket->name;
}

/* Takes over the SOCKETS, even after an error. */
static int add_listeners(struct listeners *listeners, struct listening_socket *sockets, size_t count,
                         struct tb_error *err)
{
    size_t i;
    int r = 0;

    for (i = 0; i < count; i++) {
        struct listener *listener = &listeners->list[listeners->count];

        if (r == 0) {
            listeners->count++;
            r = listener_open(listener, listeners, &sockets[i], err);
        }
        if (r == 0)
            say_where(listener);
        listening_socket_close(&sockets[i]); /* unless it was taken over */
    }
    return r;
}

/* ---- sockets of its own ---- */

static int open_tcp(struct listeners *listeners, struct tb_error *err)
{
    const struct config *config = listeners->services->config;
    struct listening_socket sockets[LISTEN_ADDRESSES_MAX];
    const char *addresses[LISTEN_ADDRESSES_MAX];
    size_t count = (size_t)config_listen_addresses(config, addresses);
    int r = listening_sockets_open_tcp(addresses, &count, (unsigned)config->listen.port, sockets, err);

    return r < 0 ? r : add_listeners(listeners, sockets, count, err);
}

static void listeners_port_expired(struct timer *timer)
{
    struct listeners *listeners = CONTAINER_OF(timer, struct listeners, port_timer);
    struct tb_error err = TB_ERROR_INIT;
    int r = open_tcp(listeners, &err);

    if (r == 0)
        return;
    if (r == -EADDRINUSE)
        loop_timer_start(&listeners->services->loop, timer, PORT_RETRY_MS);
    log_write(r == -EADDRINUSE ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, "%s", err.message);
}

static int open_tcp_or_wait(struct listeners *listeners, struct tb_error *err)
{
    int r = open_tcp(listeners, err);

    if (r != -EADDRINUSE)
        return r;
    log_error("%s; will try again every %d s", err->message, PORT_RETRY_MS / 1000);
    *err = (struct tb_error)TB_ERROR_INIT;
    loop_timer_start(&listeners->services->loop, &listeners->port_timer, PORT_RETRY_MS);
    return 0;
}

static int open_unix(struct listeners *listeners, enum listener_kind kind,
                     struct unix_socket_options *options, const char *group, struct tb_error *err)
{
    struct listening_socket socket;
    char option[40];
    int r;

    if (!*options->path)
        return 0;
    snprintf(option, sizeof(option), "%s.unix_group", options->section);
    r = config_group(option, group, &options->group, err);
    if (r == 0)
        r = listening_socket_open_unix(options, &socket, err);
    if (r < 0)
        return r;
    socket.kind = kind;
    return add_listeners(listeners, &socket, 1, err);
}

static int open_api(struct listeners *listeners, struct tb_error *err)
{
    const struct config *config = listeners->services->config;
    struct unix_socket_options options = {
        .section = "listen", .path = config->listen.unix_path, .mode = config_unix_mode(config)};
    int r = open_tcp_or_wait(listeners, err);

    return r < 0 ? r : open_unix(listeners, LISTENER_API, &options, config->listen.unix_group, err);
}

/* ---- admin ---- */

static int open_admin_tcp(struct listeners *listeners, struct tb_error *err)
{
    const struct config *config = listeners->services->config;
    struct listening_socket socket;
    const char *address;
    unsigned port;
    size_t count = 1;
    int r = config_admin_address(config, &address, &port);

    if (r == 0)
        r = listening_sockets_open_tcp(&address, &count, port, &socket, err);
    if (r < 0)
        return r;
    socket.kind = LISTENER_ADMIN_TCP;
    return add_listeners(listeners, &socket, 1, err);
}

/* Programs are served even if nobody can look after tbproxyd. */
static void open_admin(struct listeners *listeners, unsigned passed)
{
    const struct config *config = listeners->services->config;
    struct unix_socket_options options = {.section = "admin", .path = config->admin.unix_path, .mode = 0660};
    struct tb_error err = TB_ERROR_INIT;

    if (!(passed & LISTENER_ADMIN) &&
        open_unix(listeners, LISTENER_ADMIN, &options, config->admin.unix_group, &err) < 0)
        log_warning("%s; there is no admin socket", err.message);
    err = (struct tb_error)TB_ERROR_INIT;
    if (!(passed & LISTENER_ADMIN_TCP) && *config->admin.address && open_admin_tcp(listeners, &err) < 0)
        log_warning("%s; admin.address is not served", err.message);
}

/* ---- all ---- */

/* Sets *PASSED to the kinds of the sockets that the service manager passed. */
static int use_passed(struct listeners *listeners, unsigned *passed, struct tb_error *err)
{
    struct listening_socket sockets[PASSED_SOCKETS_MAX];
    size_t count = passed_sockets_take(sockets), i;

    if (count == 0)
        return tb_error_set(err, -EINVAL, "the socket unit has no socket that can be served");
    for (i = 0; i < count; i++)
        *passed |= sockets[i].kind;
    if (*passed & LISTENER_API)
        passed_sockets_compare(sockets, count, listeners->services->config);
    return add_listeners(listeners, sockets, count, err);
}

int listeners_open(struct listeners *listeners, struct services *services, struct tb_error *err)
{
    unsigned passed = 0;
    int r = 0;

    listeners->services = services;
    list_init(&listeners->waits);
    listeners->trim_timer.expired = listeners_trim_expired;
    listeners->port_timer.expired = listeners_port_expired;
    set_max_connections(services);
    if (passed_sockets_exist())
        r = use_passed(listeners, &passed, err);
    if (r == 0 && !(passed & LISTENER_API))
        r = open_api(listeners, err);
    if (r == 0)
        open_admin(listeners, passed);
    return r;
}
