/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user of a connection, as policies know one: with groups.
 */
#ifndef TB_PROXY_LISTEN_POLICY_USER_H
#define TB_PROXY_LISTEN_POLICY_USER_H

#include "proxy/exchange/peer.h"
#include "proxy/policy/policies.h"

#define POLICY_USER_GROUPS_MAX 1024 /* and the primary one */

struct policy_user {
    struct policy_principal principal;
    uint32_t groups[POLICY_USER_GROUPS_MAX + 1];
};

/* Sets RET to the user USER (a uid, or PRINCIPAL_UNKNOWN) of the connection FD. Only policies for groups need
 * the groups. */
void policy_user_find(const struct policies *policies, int fd, bool is_tcp, int64_t user,
                      struct policy_user *ret);

/* Sets RET to the allowance of PRINCIPAL for the connection FD; NULL: its policy has no bounds. -ENOMEM. */
int policy_user_allowance(const struct services *services, struct principal *principal, int fd, bool is_tcp,
                          struct allowance **ret);

/* A reload may have given the user of PEER another policy. */
void policy_user_refresh(struct peer *peer);

#endif
