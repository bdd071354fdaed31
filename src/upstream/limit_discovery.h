/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the server for the rate limit that it applies to the session's user: rate.limits = "auto". ThingsBoard
 * Cloud (PaaS) reports it, by getMergedTenantProfileConfiguration; CE and PE report it only to system
 * administrators, who have no limit.
 *
 * Not thread-safe: it belongs to the upstream's loop.
 */
#ifndef TB_UPSTREAM_LIMIT_DISCOVERY_H
#define TB_UPSTREAM_LIMIT_DISCOVERY_H

#include <jansson.h>
#include <stdbool.h>

#include "upstream/rate_limit.h"
#include "upstream/request.h"
#include "upstream/server_version.h"

struct limit_discovery {
    struct upstream *upstream;
    const struct request_options *options;
    void (*found)(struct limit_discovery *discovery); /* LIMIT is there; the question itself took a token */
    struct request request;
    struct headers headers;
    struct timer again;
    bool asked;
    struct rate_limit limit; /* the last answer; no limit before it */
};

/* DISCOVERY must be zeroed; UPSTREAM and OPTIONS must live as long. */
void limit_discovery_init(struct limit_discovery *discovery, struct upstream *upstream,
                          const struct request_options *options,
                          void (*found)(struct limit_discovery *discovery));

/* Asks, unless that was done since limit_discovery_reset() or servers of EDITION do not report their limit.
 * Without an answer it becomes due again after 1 min: call this in each turn of the loop. */
void limit_discovery_run(struct limit_discovery *discovery, enum edition edition);

/* Forgets the answer and cancels a request that is under way. Harmless before limit_discovery_init(). */
void limit_discovery_reset(struct limit_discovery *discovery);

/* The limit in PROFILE (DefaultTenantProfileConfiguration) for USER, as session_user() returns it: the
 * tenant's and, for a customer user, also the customers', because the server takes a token from both. A
 * profile without a limit gives none. Returns 0, or -EINVAL with a message. */
int limit_discovery_read(const json_t *profile, const json_t *user, struct rate_limit *ret,
                         struct tb_error *err);

#endif
