/* SPDX-License-Identifier: Apache-2.0 */
/* The control endpoint /sim/..., by which tests look in and make trouble. */
#pragma once

#include "reply.h"
#include "request.h"
#include "sim.h"

void control(struct sim *sim, struct request *rq, struct reply *rp);
