/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sockets are listened on: those that the service manager passed, or else those of the configuration.
 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>

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
            log_info("listening on %s", listener->socket.name);
        listening_socket_close(&sockets[i]); /* unless it was taken over */
    }
    return r;
}

static int use_passed(struct listeners *listeners, struct tb_error *err)
{
    struct listening_socket sockets[LISTENERS_MAX];
    size_t count = passed_sockets_take(sockets, LISTENERS_MAX);

    if (count == 0)
        return tb_error_set(err, -EINVAL, "the socket unit has no socket that can be served");
    passed_sockets_compare(sockets, count, listeners->services->config);
    return add_listeners(listeners, sockets, count, err);
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
    return loop_timer_start(&listeners->services->loop, &listeners->port_timer, PORT_RETRY_MS);
}

static int open_unix(struct listeners *listeners, struct tb_error *err)
{
    const struct config *config = listeners->services->config;
    struct listening_socket socket;
    gid_t group;
    int r;

    if (!*config->listen.unix_path)
        return 0;
    r = config_unix_group(config, &group, err);
    if (r == 0)
        r = listening_socket_open_unix(config->listen.unix_path, config_unix_mode(config), group, &socket,
                                       err);
    return r < 0 ? r : add_listeners(listeners, &socket, 1, err);
}

static int open_own(struct listeners *listeners, struct tb_error *err)
{
    int r = open_tcp_or_wait(listeners, err);

    return r < 0 ? r : open_unix(listeners, err);
}

int listeners_open(struct listeners *listeners, struct services *services, struct tb_error *err)
{
    listeners->services = services;
    list_init(&listeners->waits);
    listeners->trim_timer.expired = listeners_trim_expired;
    listeners->port_timer.expired = listeners_port_expired;
    set_max_connections(services);
    return passed_sockets_exist() ? use_passed(listeners, err) : open_own(listeners, err);
}
