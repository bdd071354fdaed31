/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/principal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void principals_open(struct principals *principals)
{
    int r = socket_owner_open(&principals->owner);

    list_init(&principals->list);
    if (r < 0)
        log_warning("cannot find out which users connect over TCP (NETLINK_SOCK_DIAG: %s); all of them count "
                    "as one unknown user",
                    strerror(-r));
}

void principals_close(struct principals *principals)
{
    if (principals->list.next)
        socket_owner_close(&principals->owner);
}

struct principal *principal_get(struct principals *principals, int64_t user)
{
    struct principal *principal;

    list_for_each(principal, &principals->list, link)
        if (principal->user == user)
            return principal_keep(principal);
    principal = calloc(1, sizeof(*principal));
    if (!principal)
        return NULL;
    principal->principals = principals;
    principal->user = user;
    list_append(&principals->list, &principal->link);
    return principal_keep(principal);
}

struct principal *principal_keep(struct principal *principal)
{
    principal->users++;
    return principal;
}

void principal_release(struct principal *principal)
{
    if (!principal || --principal->users > 0)
        return;
    list_remove(&principal->link);
    free(principal);
}

void principal_name(int64_t user, char *ret, size_t size)
{
    if (user == PRINCIPAL_UNKNOWN)
        snprintf(ret, size, "unknown");
    else
        snprintf(ret, size, "uid:%" PRId64, user);
}
