/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/accept.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/log.h"
#include "proxy/listen/connection_wait.h"
#include "proxy/listen/listener.h"
#include "proxy/listen/policy_user.h"

#define ACCEPT_MAX 16 /* connections accepted at once, so that open ones do not have to wait */

#define IDLE_TRIES 8 /* connections that are looked at when one has to give way */

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

    loop_timer_start(&services->loop, &listener->accept_timer, SHORTAGE_RETRY_MS);
    set_accepting(listener, false);
    if (services->loop.now_ms < listener->listeners->shortage_log_ms)
        return;
    listener->listeners->shortage_log_ms = services->loop.now_ms + SHORTAGE_LOG_MS;
    log_warning("cannot accept connections: %s; will retry", strerror(error));
}

/* ---- places ---- */

/* Who has most connections, of those that have an idle one. */
static struct principal *largest_of(const struct principals *principals)
{
    struct principal *principal, *largest = NULL;

    list_for_each(principal, &principals->list, link)
        if (!list_is_empty(&principal->idle) &&
            (!largest || principal->shares.connections.used > largest->shares.connections.used))
            largest = principal;
    return largest;
}

/* The one in IDLE that has been idle longest and to which no request has come, of those that count in
 * ALLOWANCE; NULL: of all. */
static struct peer *idle_longest(const struct list *idle, const struct allowance *allowance)
{
    struct peer *peer;
    unsigned tries = 0;

    list_for_each(peer, idle, idle)
        if (allowance && peer->connected_under != allowance)
            continue;
        else if (!peer_has_unread(peer))
            return peer;
        else if (++tries == IDLE_TRIES)
            break;
    return NULL;
}

/* The connection that gives way to one of PRINCIPAL: the one that has been idle longest of the principal that
 * has most, or of PRINCIPAL itself. NULL: there is none. */
static struct peer *who_gives_way(const struct principals *principals, struct principal *principal)
{
    struct principal *from = largest_of(principals);

    if (!from || from->shares.connections.used <= principal->shares.connections.used)
        from = principal;
    return idle_longest(&from->idle, NULL);
}

/* Within the bound of the policy. */
static bool make_room(const struct newcomer *newcomer)
{
    struct peer *peer;

    if (allowance_has(newcomer->allowance, POLICY_MAX_CONNECTIONS))
        return true;
    peer = idle_longest(newcomer->share.idle, newcomer->allowance);
    if (peer)
        peer_give_way(peer);
    return allowance_has(newcomer->allowance, POLICY_MAX_CONNECTIONS);
}

static bool take_share(const struct principals *principals, struct principal *principal)
{
    struct peer *peer;

    if (quota_take(&principal->shares.connections, 1))
        return true;
    peer = who_gives_way(principals, principal);
    if (!peer)
        return false;
    peer_give_way(peer);
    quota_add(&principal->shares.connections, 1);
    return true;
}

/* The connection of an admin listener that gives way: one of the same user, or of one who has more. */
static struct peer *who_gives_way_to(const struct newcomer *newcomer)
{
    const struct connection_share *share = &newcomer->share;
    struct peer *peer;

    list_for_each(peer, share->idle, idle)
        if (peer->share.places->used >= share->places->used && !peer_has_unread(peer))
            return peer;
    return NULL;
}

static bool take_admin_place(const struct newcomer *newcomer)
{
    struct peer *peer;

    if (quota_take(newcomer->share.places, 1))
        return true;
    peer = who_gives_way_to(newcomer);
    if (!peer)
        return false;
    peer_give_way(peer);
    quota_add(newcomer->share.places, 1);
    return true;
}

static bool take_place(const struct principals *principals, const struct newcomer *newcomer)
{
    if (newcomer->kind != LISTENER_API)
        return take_admin_place(newcomer);
    if (!make_room(newcomer) || !take_share(principals, newcomer->principal))
        return false;
    allowance_take(newcomer->allowance, POLICY_MAX_CONNECTIONS);
    return true;
}

static void give_place_back(const struct newcomer *newcomer)
{
    quota_give_back(newcomer->share.places, 1);
    if (newcomer->kind == LISTENER_API)
        allowance_give_back(newcomer->allowance, POLICY_MAX_CONNECTIONS);
}

/* ---- accepting ---- */

/* False: it has no place yet. libmicrohttpd closes the descriptor if it does not take it. */
static bool accept_serve(struct listener *listener, struct accepted *accepted)
{
    struct newcomer *newcomer = &listener->newcomer;

    if (!take_place(&listener->services->principals, &accepted->newcomer))
        return false;
    listener->listeners->accepted_ms = listener->services->loop.now_ms;
    *newcomer = accepted->newcomer;
    newcomer->has_place = true;
    MHD_add_connection(listener->mhd, accepted->fd, (struct sockaddr *)&accepted->address, accepted->length);
    if (newcomer->has_place)
        give_place_back(newcomer);
    principal_release(TAKE_PTR(newcomer->principal));
    listener->work.pending = true;
    return true;
}

static struct connection_share share_of(struct listener *listener, struct principal *principal)
{
    switch (listener->socket.kind) {
    case LISTENER_ADMIN:
        return (struct connection_share){&principal->shares.admin, &listener->idle};
    case LISTENER_ADMIN_TCP:
        return (struct connection_share){&principal->shares.admin_tcp, &listener->idle};
    default:
        return (struct connection_share){&principal->shares.connections, &principal->idle};
    }
}

static void add_connection(struct listener *listener, struct accepted *accepted)
{
    struct principals *principals = &listener->services->principals;
    struct newcomer *newcomer = &accepted->newcomer;
    int64_t user = socket_owner_find(&principals->owner, accepted->fd, &newcomer->port);

    newcomer->kind = listener->socket.kind;
    newcomer->principal = principal_get(principals, user, listener->services->loop.now_ms);
    if (newcomer->principal)
        newcomer->share = share_of(listener, newcomer->principal);
    if (!newcomer->principal ||
        policy_user_allowance(listener->services, newcomer->principal, accepted->fd,
                              listener->socket.port != 0, &newcomer->allowance) < 0 ||
        (!accept_serve(listener, accepted) && !connection_wait(listener, accepted)))
        connection_refuse(listener, accepted);
}

void accept_waiting(struct listeners *listeners)
{
    connection_waits_try(listeners, accept_serve);
}

/* libmicrohttpd 0.9.75 does not accept by itself: it forgets its socket if connections end while it is out of
 * descriptors. */
static void accept_ready(struct watch *watch, uint32_t events)
{
    struct listener *listener = CONTAINER_OF(watch, struct listener, accept_watch);
    unsigned i;

    (void)events;
    for (i = 0; i < ACCEPT_MAX; i++) {
        struct accepted accepted = {.length = sizeof(accepted.address)};

        accepted.fd = accept4(watch->fd, (struct sockaddr *)&accepted.address, &accepted.length,
                              SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (accepted.fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
            return;
        if (accepted.fd < 0) {
            wait_for_descriptors(listener, errno);
            return;
        }
        add_connection(listener, &accepted);
    }
}

void accept_begin(struct listener *listener)
{
    listener->accept_timer.expired = accept_timer_expired;
    listener->accept_watch = (struct watch){.fd = listener->socket.fd, .ready = accept_ready};
    set_accepting(listener, true);
}

void accept_closed(struct listener *listener)
{
    set_accepting(listener, true);
}

void accept_end(struct listener *listener)
{
    loop_timer_stop(&listener->services->loop, &listener->accept_timer);
    set_accepting(listener, false);
}
