/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: the token filters in front of every controller. */
#pragma once

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

/* Whether a path needs no token at all. */
bool auth_is_open(const struct request *rq);
/* Sets rq->user, or fills the refusal in and returns false. */
bool auth_check(struct sim *sim, struct request *rq, struct reply *rp);
