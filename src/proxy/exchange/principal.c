/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/principal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void free_if_unused(struct principal *principal, int64_t now_ms)
{
    if (principal->users > 0 || principal->handshakes_due_ms > now_ms)
        return;
    list_remove(&principal->link);
    free(principal);
}

void principals_open(struct principals *principals)
{
    int r = socket_owner_open(&principals->owner);

    list_init(&principals->list);
    principals->shares.lookups.max = PRINCIPAL_LOOKUPS;
    if (r < 0)
        log_warning("cannot find out which users connect over TCP (NETLINK_SOCK_DIAG: %s); all of them count "
                    "as one unknown user",
                    strerror(-r));
}

void principals_close(struct principals *principals)
{
    struct principal *principal;

    if (!principals->list.next)
        return;
    socket_owner_close(&principals->owner);
    list_for_each_safe(principal, &principals->list, link)
        free_if_unused(principal, INT64_MAX);
}

static struct principal *principal_new(struct principals *principals, int64_t user)
{
    struct shares *all = &principals->shares;
    struct principal *principal = calloc(1, sizeof(*principal));

    if (!principal)
        return NULL;
    principal->principals = principals;
    principal->user = user;
    principal->shares = (struct shares){.connections.whole = &all->connections,
                                        .bodies.whole = &all->bodies,
                                        .streams.whole = &all->streams,
                                        .lookups.whole = &all->lookups};
    list_init(&principal->idle);
    list_init(&principal->tasks);
    list_init(&principal->tasks_link);
    list_append(&principals->list, &principal->link);
    return principal;
}

struct principal *principal_get(struct principals *principals, int64_t user, int64_t now_ms)
{
    struct principal *principal, *found = NULL;

    list_for_each_safe(principal, &principals->list, link)
        if (principal->user == user)
            found = principal;
        else
            free_if_unused(principal, now_ms);
    if (!found)
        found = principal_new(principals, user);
    return found ? principal_keep(found) : NULL;
}

struct principal *principal_keep(struct principal *principal)
{
    principal->users++;
    return principal;
}

/* It stays while it would have to wait for a WebSocket, or it could forget that by closing everything. */
void principal_release(struct principal *principal)
{
    if (principal && --principal->users == 0)
        free_if_unused(principal, 0);
}

/* The pace, as a virtual clock that each one moves forward (ITU-T I.371, the generic cell rate algorithm). */
int64_t principal_next_handshake_ms(struct principal *principal, int64_t now_ms, int64_t max_ms)
{
    const int64_t interval_ms = 1000 / PRINCIPAL_HANDSHAKES_PER_SECOND;
    int64_t due_ms = principal->handshakes_due_ms > now_ms ? principal->handshakes_due_ms : now_ms;
    int64_t delay_ms = due_ms - now_ms - (PRINCIPAL_HANDSHAKES - 1) * interval_ms;

    if (delay_ms > max_ms)
        return -EBUSY;
    principal->handshakes_due_ms = due_ms + interval_ms;
    return delay_ms > 0 ? delay_ms : 0;
}

void principal_name(int64_t user, char *ret, size_t size)
{
    if (user == PRINCIPAL_UNKNOWN)
        snprintf(ret, size, "unknown");
    else
        snprintf(ret, size, "uid:%" PRId64, user);
}
