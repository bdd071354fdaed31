/* SPDX-License-Identifier: Apache-2.0 */
/* The checks between a request and its controller: token, rate limit, path, method, permission, body. */
#ifndef TB_SIM_FILTER_CHAIN_H
#define TB_SIM_FILTER_CHAIN_H

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

/* Sets the mapping and the user of the request. False: the reply is a refusal. */
bool filter_chain_pass(struct sim *sim, struct request *rq, struct reply *rp);
/* Takes one token of the user's rate limits. False: the reply is 429. */
bool filter_chain_charge(struct sim *sim, const struct request *rq, struct reply *rp);

#endif
