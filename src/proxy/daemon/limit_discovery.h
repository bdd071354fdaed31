/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the server for the rate limit that it applies to the session's user, where it tells: rate.limits =
 * "auto". ThingsBoard Cloud (PaaS) does, by getMergedTenantProfileConfiguration; CE and PE tell system
 * administrators only, who have no limit.
 */
#ifndef TB_PROXY_DAEMON_LIMIT_DISCOVERY_H
#define TB_PROXY_DAEMON_LIMIT_DISCOVERY_H

#include <jansson.h>
#include <stdbool.h>

#include "upstream/rate_limit.h"
#include "upstream/request.h"

struct daemon;

/* Memory of zeros before the first use. */
struct limit_discovery {
    struct daemon *daemon;
    struct request request;
    struct headers headers;
    bool asked;
    struct timer again;
    struct limit found; /* the last answer */
};

/* Asks once the server is known to be one that tells, and once more after each reload that switches "auto"
 * on: to be called in each turn of the loop. The budget is set when the answer is there. */
void limit_discovery_run(struct daemon *daemon);

/* Forgets the answer, and gives up what is under way. */
void limit_discovery_reset(struct daemon *daemon);

/* The limit in PROFILE (DefaultTenantProfileConfiguration) for USER, who is what session_user() gives: the
 * tenant's, and for customer users that of customers too, because the server takes a token of both. 0, or
 * -EINVAL with a message; a profile without a limit gives none. */
int limit_discovery_read(const json_t *profile, const json_t *user, struct limit *ret, struct tb_error *err);

#endif
