/* SPDX-License-Identifier: Apache-2.0 */
/* Everything between the request and its handler: token, limit, path, method, permission, body. */
#pragma once

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

/* /api/auth/login and /api/auth/token: their filter runs before all others. */
bool gate_is_login_path(const struct request *rq);
/* Finds the route and the user; false: the refusal is filled in. */
bool gate_pass(struct sim *sim, struct request *rq, struct reply *rp);
/* One token of the user's limits; false: 429 is filled in. */
bool gate_charge(struct sim *sim, const struct request *rq, struct reply *rp);
