/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real JSON web tokens (HS512), issued and verified as ThingsBoard does. Shares no code with
 * src/upstream/jwt.h, which is tested against it.
 */
#ifndef TB_SIM_TOKEN_ISSUER_H
#define TB_SIM_TOKEN_ISSUER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/state/sim.h"

enum jwt_verdict {
    JWT_OK,
    JWT_GARBAGE, /* not a token */
    JWT_EXPIRED, /* expired, or with a wrong signature: the server answers both alike */
};

struct jwt_claims {
    struct user *user;
    bool refresh; /* scope REFRESH_TOKEN */
    uint64_t serial;
};

/* {"token":..., "refreshToken":...} of one session, with one serial: a new reference. */
json_t *jwt_issue_pair(struct sim *sim, const struct user *user);
/* RET is set if the token is good. */
enum jwt_verdict jwt_verify(struct sim *sim, const char *token, struct jwt_claims *ret);
/* Whether a good access token ended with outdateTokens or a change of the password. */
bool token_is_outdated(const struct sim *sim, const struct jwt_claims *claims);

#endif
