/* SPDX-License-Identifier: Apache-2.0 */
/* The control endpoint /sim/..., with which tests look at the server and change it (README.md). */
#ifndef TB_SIM_CONTROL_ENDPOINT_H
#define TB_SIM_CONTROL_ENDPOINT_H

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

void control_endpoint(struct sim *sim, struct request *rq, struct reply *rp);

#endif
