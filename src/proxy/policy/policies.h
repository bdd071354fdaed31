/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All policies of a configuration, and who has which: each listener has one, and users and groups on it can
 * have others.
 */
#ifndef TB_PROXY_POLICY_POLICIES_H
#define TB_PROXY_POLICY_POLICIES_H

#include <libconfig.h>
#include <stdint.h>

#include "base/error.h"
#include "proxy/policy/policy.h"

#define POLICIES_MAX     64
#define POLICY_RULES_MAX 256 /* of one listener */

struct policy_rule {
    bool is_group;
    uint32_t id; /* uid or gid */
    const struct policy *policy;
};

struct policy_listener {
    const struct policy *policy;
    struct policy_rule rules[POLICY_RULES_MAX];
    size_t count;
    bool has_groups;
    struct policy_bounds strictest; /* of all these policies */
};

struct policies {
    struct policy list[POLICIES_MAX];
    size_t count;
    bool has_bounds; /* one of them */
    struct policy_listener tcp, unix_socket;
};

/* Who asks. */
struct policy_principal {
    bool is_tcp;
    int64_t user;           /* uid; -1: not known */
    const uint32_t *groups; /* gids; only on the Unix socket */
    size_t group_count;
};

/* Every listener has policy_default. NULL: there is no memory. */
struct policies *policies_new(void);
void policies_free(struct policies *policies);

/* Adds a policy, a group in the section "policies", which was read from FILE. -EINVAL with a message that
 * names the line; -ENOMEM. */
int policies_add(struct policies *policies, const char *file, const config_setting_t *group,
                 struct tb_error *err);

/* Parses the options policy.tcp and policy.unix_socket: "dashboards, uid 1000 = telemetry, gid 33 = default".
 * May be called again. -EINVAL with a message. */
int policies_assign(struct policies *policies, const char *tcp, const char *unix_socket,
                    struct tb_error *err);

/* The policy called NAME, of LENGTH bytes; NULL: there is none. */
const struct policy *policies_find(const struct policies *policies, const char *name, size_t length);

/* The bounds of PRINCIPAL: those of its policy. A user who is not known has the strictest of all policies of
 * the listener. NULL: there are none. */
const struct policy_bounds *policies_bounds(const struct policies *policies,
                                            const struct policy_principal *principal);

/* Those that were called NAME before a reload. NULL: there are none any more. */
const struct policy_bounds *policies_find_bounds(const struct policies *policies, const char *name);

/* Whether PRINCIPAL may. The rule of the user goes before those of the groups, of which the first counts. A
 * user who is not known may do what every policy of the listener allows. POLICIES may be NULL: all have
 * policy_default. */
struct policy_verdict policies_judge(const struct policies *policies,
                                     const struct policy_principal *principal,
                                     const struct policy_subject *subject);

#endif
