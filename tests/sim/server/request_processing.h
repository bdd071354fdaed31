/* SPDX-License-Identifier: Apache-2.0 */
/* From a whole request to its reply: faults, filters, limits, handler, second charge, record. */
#pragma once

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

/* Fills the reply in; takes and releases the lock, may sleep. */
void dispatch(struct sim *sim, struct request *rq, struct reply *rp);
/* Counts a finished request and keeps it for GET /sim/requests. */
void dispatch_record(struct sim *sim, const struct request *rq, const struct reply *rp, uint64_t connection);
/* Whether the request is refused before its body is read. */
bool dispatch_refuses_early(struct sim *sim, struct request *rq, int64_t content_length);
