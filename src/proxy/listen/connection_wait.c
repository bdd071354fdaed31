/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/connection_wait.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/exchange/raw_error.h"

#define REFUSED_READ_BYTES 16384

struct connection_wait {
    struct list link; /* in listeners->waits */
    struct timer timer;
    struct listener *listener;
    struct accepted accepted;
};

/* What has come is read first: otherwise the client would get a reset instead. */
void connection_refuse(const struct listener *listener, struct accepted *accepted)
{
    char unread[REFUSED_READ_BYTES], bound[POLICY_BOUND_NAME_MAX] = "an admin listener has 32 for all users";
    char reason[POLICY_BOUND_NAME_MAX + 64];

    metrics_refused(listener->services->metrics, METRICS_REFUSED_CONNECTIONS);
    if (accepted->newcomer.kind == LISTENER_API &&
        !allowance_lacks(accepted->newcomer.allowance, POLICY_MAX_CONNECTIONS, bound))
        snprintf(bound, sizeof(bound), "listen.max_connections");
    snprintf(reason, sizeof(reason), "too many connections with requests (%s)", bound);
    raw_error_send(accepted->fd, 503, reason);
    shutdown(accepted->fd, SHUT_WR);
    (void)!recv(accepted->fd, unread, sizeof(unread), MSG_DONTWAIT);
    close(accepted->fd);
    principal_release(TAKE_PTR(accepted->newcomer.principal));
}

/* It waits no longer. */
static void end_wait(struct connection_wait *wait)
{
    struct listener *listener = wait->listener;

    loop_timer_stop(&listener->services->loop, &wait->timer);
    list_remove(&wait->link);
    listener->listeners->wait_count--;
    free(wait);
}

static void refuse(struct connection_wait *wait)
{
    connection_refuse(wait->listener, &wait->accepted);
    end_wait(wait);
}

static void connection_wait_expired(struct timer *timer)
{
    refuse(CONTAINER_OF(timer, struct connection_wait, timer));
}

/* The client has closed it, or sends no more. */
static bool has_hung_up(const struct connection_wait *wait)
{
    struct pollfd poll_fd = {.fd = wait->accepted.fd, .events = POLLRDHUP};

    return poll(&poll_fd, 1, 0) > 0;
}

static void drop_hung_up(struct listeners *listeners)
{
    struct connection_wait *wait;

    list_for_each_safe(wait, &listeners->waits, link)
        if (has_hung_up(wait))
            refuse(wait);
}

static bool too_many_wait(const struct listeners *listeners, const struct principal *principal)
{
    const struct connection_wait *wait;
    size_t of_one = 0;

    list_for_each(wait, &listeners->waits, link)
        of_one += wait->accepted.newcomer.principal == principal;
    return listeners->wait_count >= CONNECTION_WAITS_MAX || of_one >= CONNECTION_WAITS_OF_ONE;
}

bool connection_wait(struct listener *listener, const struct accepted *accepted)
{
    struct connection_wait *wait;

    if (accepted->newcomer.kind != LISTENER_API)
        return false;
    if (too_many_wait(listener->listeners, accepted->newcomer.principal))
        drop_hung_up(listener->listeners);
    if (too_many_wait(listener->listeners, accepted->newcomer.principal))
        return false;
    wait = calloc(1, sizeof(*wait));
    if (!wait)
        return false;
    wait->listener = listener;
    wait->accepted = *accepted;
    wait->timer.expired = connection_wait_expired;
    loop_timer_start(&listener->services->loop, &wait->timer, CONNECTION_WAIT_MAX_MS);
    list_append(&listener->listeners->waits, &wait->link);
    listener->listeners->wait_count++;
    return true;
}

void connection_waits_try(struct listeners *listeners,
                          bool (*try)(struct listener *listener, struct accepted *accepted))
{
    struct connection_wait *wait;

    list_for_each_safe(wait, &listeners->waits, link)
        if (try(wait->listener, &wait->accepted))
            end_wait(wait);
}

void connection_waits_end(struct listeners *listeners)
{
    struct connection_wait *wait;

    list_for_each_safe(wait, &listeners->waits, link)
        refuse(wait);
}
