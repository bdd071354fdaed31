/* SPDX-License-Identifier: Apache-2.0 */
/* The filters that authenticate a request, in front of every controller. */
#ifndef TB_SIM_TOKEN_FILTER_H
#define TB_SIM_TOKEN_FILTER_H

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

/* Whether the path needs no token. */
bool auth_is_open(const struct request *rq);
/* /api/auth/login and /api/auth/token, whose filter runs before all others. */
bool is_login_path(const struct request *rq);
/* Sets rq->user. False: the reply is a refusal. */
bool auth_check(struct sim *sim, struct request *rq, struct reply *rp);

#endif
