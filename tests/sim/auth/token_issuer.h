/* SPDX-License-Identifier: Apache-2.0 */
/* Real JSON web tokens (HS512), as ThingsBoard issues them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/state/sim.h"

enum jwt_verdict {
    JWT_OK,
    JWT_GARBAGE, /* not a token at all */
    JWT_EXPIRED, /* too old or wrongly signed: the server tells both alike */
};

struct jwt_claims {
    struct user *user;
    bool refresh; /* scope REFRESH_TOKEN */
    uint64_t serial;
};

/* {"token":..., "refreshToken":...}: one session, one serial. */
json_t *jwt_issue_pair(struct sim *sim, const struct user *user);
enum jwt_verdict jwt_verify(struct sim *sim, const char *token, struct jwt_claims *ret);
