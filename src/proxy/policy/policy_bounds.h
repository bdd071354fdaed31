/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds that a policy sets to each user who has it: numbers in its section of the configuration.
 */
#ifndef TB_PROXY_POLICY_POLICY_BOUNDS_H
#define TB_PROXY_POLICY_POLICY_BOUNDS_H

#include <libconfig.h>
#include <stdbool.h>

#include "base/error.h"

enum policy_bound_kind {
    POLICY_MAX_CONNECTIONS,     /* of the user to tbproxyd */
    POLICY_MAX_REQUESTS,        /* at the server at a time */
    POLICY_REQUESTS_PER_SECOND, /* to the server */
    POLICY_MAX_STREAMS,         /* of updates */
    POLICY_MAX_WEBSOCKETS,
    POLICY_BOUNDS
};

struct policy_bounds {
    const char *name; /* of the policy, or what stands for several */
    struct policy_bound {
        const char *policy; /* that sets it; NULL: none does */
        unsigned max;
    } list[POLICY_BOUNDS];
};

/* The option of a policy that sets KIND: "max_requests". */
const char *policy_bound_name(enum policy_bound_kind kind);

/* Sets that bound of BOUNDS, which has a name, if SETTING, from FILE, is one. 1: it is none; -EINVAL, with a
 * message that names the line. */
int policy_bound_read(struct policy_bounds *bounds, const char *file, const config_setting_t *setting,
                      struct tb_error *err);

/* Each bound of OTHER that is stricter replaces that of BOUNDS. */
void policy_bounds_tighten(struct policy_bounds *bounds, const struct policy_bounds *other);

bool policy_bounds_any(const struct policy_bounds *bounds);

#define POLICY_BOUND_NAME_MAX 128

/* Prints the name of the bound as messages have it: "policies.telemetry.max_requests". */
void policy_bound_print(const struct policy_bounds *bounds, enum policy_bound_kind kind,
                        char ret[POLICY_BOUND_NAME_MAX]);

#endif
