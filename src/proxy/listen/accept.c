/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/accept.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "proxy/listen/listener.h"

#define ACCEPT_MAX 16 /* connections accepted at once, so that open ones do not have to wait */

#define SHORTAGE_RETRY_MS 100   /* while the process is out of descriptors */
#define SHORTAGE_LOG_MS   60000 /* between two messages about it */

static void set_accepting(struct listener *listener, bool accepting)
{
    struct loop *loop = &listener->services->loop;

    if (listener->is_accepting == accepting || listener->socket.fd < 0)
        return;
    if (!accepting) {
        loop_remove(loop, &listener->accept_watch);
    } else if (loop_add(loop, &listener->accept_watch, EPOLLIN) < 0) {
        loop_timer_start(loop, &listener->accept_timer, SHORTAGE_RETRY_MS);
        return;
    }
    listener->is_accepting = accepting;
}

static void accept_timer_expired(struct timer *timer)
{
    set_accepting(CONTAINER_OF(timer, struct listener, accept_timer), true);
}

/* The socket is not watched meanwhile: it would be ready all the time. */
static void wait_for_descriptors(struct listener *listener, int error)
{
    struct services *services = listener->services;

    if (loop_timer_start(&services->loop, &listener->accept_timer, SHORTAGE_RETRY_MS) == 0)
        set_accepting(listener, false);
    if (services->loop.now_ms < listener->listeners->shortage_log_ms)
        return;
    listener->listeners->shortage_log_ms = services->loop.now_ms + SHORTAGE_LOG_MS;
    log_warning("cannot accept connections: %s; will retry", strerror(error));
}

static void add_connection(struct listener *listener, int fd, const struct sockaddr *address,
                           socklen_t length)
{
    struct principals *principals = &listener->services->principals;
    struct newcomer *newcomer = &listener->newcomer;
    int64_t user = socket_owner_find(&principals->owner, fd, &newcomer->port);

    newcomer->principal = principal_get(principals, user);
    if (newcomer->principal)
        MHD_add_connection(listener->mhd, fd, address, length); /* closes FD if it fails */
    else
        close(fd);
    principal_release(TAKE_PTR(newcomer->principal));
    listener->work.pending = true;
}

/* libmicrohttpd 0.9.75 does not accept by itself: it forgets its socket if connections end while it is out of
 * descriptors. */
static void accept_ready(struct watch *watch, uint32_t events)
{
    struct listener *listener = CONTAINER_OF(watch, struct listener, accept_watch);
    unsigned max = listener->listeners->max_connections, i;

    (void)events;
    for (i = 0; i < ACCEPT_MAX && listener->connections < max; i++) {
        struct sockaddr_storage address;
        socklen_t length = sizeof(address);
        int fd = accept4(watch->fd, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
            return;
        if (fd < 0) {
            wait_for_descriptors(listener, errno);
            return;
        }
        add_connection(listener, fd, (struct sockaddr *)&address, length);
    }
    if (listener->connections >= max)
        set_accepting(listener, false);
}

void accept_begin(struct listener *listener)
{
    listener->accept_timer.expired = accept_timer_expired;
    listener->accept_watch = (struct watch){.fd = listener->socket.fd, .ready = accept_ready};
    set_accepting(listener, true);
}

void accept_opened(struct listener *listener)
{
    listener->connections++;
    listener->listeners->accepted_ms = listener->services->loop.now_ms;
}

void accept_closed(struct listener *listener)
{
    listener->connections--;
    set_accepting(listener, true);
}

void accept_end(struct listener *listener)
{
    loop_timer_stop(&listener->services->loop, &listener->accept_timer);
    set_accepting(listener, false);
}
