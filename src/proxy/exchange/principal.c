/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/principal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void principal_free(struct principal *principal)
{
    struct allowance *allowance;

    list_for_each_safe(allowance, &principal->allowances, link)
        free(allowance);
    list_remove(&principal->link);
    free(principal);
}

/* It stays while it would have to wait, or it could forget that by closing everything. */
static bool is_unused(const struct principal *principal, int64_t now_ms)
{
    const struct allowance *allowance;

    if (principal->users > 0 || !bucket_is_full(&principal->handshakes, now_ms))
        return false;
    list_for_each(allowance, &principal->allowances, link)
        if (!allowance_is_unused(allowance, now_ms))
            return false;
    return true;
}

void principals_open(struct principals *principals)
{
    int r = socket_owner_open(&principals->owner);

    list_init(&principals->list);
    principals->shares.lookups.max = PRINCIPAL_LOOKUPS;
    principals->shares.admin.max = quota_part(ADMIN_CONNECTIONS_MAX);
    principals->shares.admin_tcp.max = quota_part(ADMIN_CONNECTIONS_MAX);
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
        if (principal->users == 0)
            principal_free(principal);
}

void principals_reload(struct principals *principals, const struct policies *policies)
{
    const struct principal *principal;
    struct allowance *allowance;

    principals->reloads++;
    list_for_each(principal, &principals->list, link)
        list_for_each(allowance, &principal->allowances, link)
            allowance->bounds = policies_find_bounds(policies, allowance->name);
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
                                        .admin.whole = &all->admin,
                                        .admin_tcp.whole = &all->admin_tcp,
                                        .bodies.whole = &all->bodies,
                                        .streams.whole = &all->streams,
                                        .lookups.whole = &all->lookups,
                                        .storing.whole = &all->storing};
    list_init(&principal->idle);
    list_init(&principal->tasks);
    list_init(&principal->tasks_link);
    list_init(&principal->allowances);
    list_append(&principals->list, &principal->link);
    return principal;
}

struct principal *principal_get(struct principals *principals, int64_t user, int64_t now_ms)
{
    struct principal *principal, *found = NULL;

    list_for_each_safe(principal, &principals->list, link)
        if (principal->user == user)
            found = principal;
        else if (is_unused(principal, now_ms))
            principal_free(principal);
    if (!found)
        found = principal_new(principals, user);
    return found ? principal_keep(found) : NULL;
}

struct principal *principal_keep(struct principal *principal)
{
    principal->users++;
    return principal;
}

/* Without the time, it stays if it has ever had to do with a bucket, until another comes. */
void principal_release(struct principal *principal)
{
    if (principal && --principal->users == 0 && is_unused(principal, 0))
        principal_free(principal);
}

int64_t principal_next_handshake_ms(struct principal *principal, int64_t now_ms, int64_t max_ms)
{
    int64_t delay_ms = bucket_ready_ms(&principal->handshakes, now_ms, PRINCIPAL_HANDSHAKES,
                                       PRINCIPAL_HANDSHAKES_PER_SECOND) -
                       now_ms;

    if (delay_ms > max_ms)
        return -EBUSY;
    bucket_take(&principal->handshakes, now_ms, PRINCIPAL_HANDSHAKES_PER_SECOND);
    return delay_ms;
}

void principal_name(int64_t user, char *ret, size_t size)
{
    if (user == PRINCIPAL_UNKNOWN)
        snprintf(ret, size, "unknown");
    else
        snprintf(ret, size, "uid:%" PRId64, user);
}
