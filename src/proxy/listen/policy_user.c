/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/policy_user.h"

#include <errno.h>
#include <sys/socket.h>

#include "proxy/exchange/services.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/* The primary group is not one of the supplementary ones. Returns the number; -errno if there are more than
 * POLICY_USER_GROUPS_MAX. */
static int groups_of(int fd, uint32_t groups[POLICY_USER_GROUPS_MAX + 1])
{
    struct ucred credentials;
    socklen_t length = sizeof(credentials), size = POLICY_USER_GROUPS_MAX * sizeof(*groups);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &size) < 0)
        return -errno;
    groups[0] = credentials.gid;
    return 1 + (int)(size / sizeof(*groups));
}

/* Whose groups cannot be told is a user who is not known. */
void policy_user_find(const struct policies *policies, int fd, bool is_tcp, int64_t user,
                      struct policy_user *ret)
{
    int count;

    ret->principal = (struct policy_principal){.is_tcp = is_tcp, .user = user, .groups = ret->groups};
    if (!policies || is_tcp || !policies->unix_socket.has_groups)
        return;
    count = groups_of(fd, ret->groups);
    ret->principal.group_count = count < 0 ? 0 : (size_t)count;
    ret->principal.user = count < 0 ? -1 : user;
}

int policy_user_allowance(const struct services *services, struct principal *principal, int fd, bool is_tcp,
                          struct allowance **ret)
{
    const struct policies *policies = services->config->policies;
    const struct policy_bounds *bounds;
    struct policy_user user;

    *ret = NULL;
    if (!policies || !policies->has_bounds)
        return 0;
    policy_user_find(policies, fd, is_tcp, principal->user, &user);
    bounds = policies_bounds(policies, &user.principal);
    if (bounds)
        *ret = allowance_get(&principal->allowances, bounds);
    return bounds && !*ret ? -ENOMEM : 0;
}

/* Without memory, the old bounds stay until the next request. */
void policy_user_refresh(struct peer *peer)
{
    const struct services *services = peer->services;
    struct allowance *allowance;

    if (peer->reloads == services->principals.reloads ||
        policy_user_allowance(services, peer->principal, peer->watch.fd, peer->port != 0, &allowance) < 0)
        return;
    peer->allowance = allowance;
    peer->reloads = services->principals.reloads;
}
