/* SPDX-License-Identifier: Apache-2.0 */
/* The control endpoint /sim/..., by which tests look in and make trouble. */
#pragma once

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

void control(struct sim *sim, struct request *rq, struct reply *rp);
