/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to its reply: injected faults, filters, the controller, the second token of asynchronous
 * operations. */
#ifndef TB_SIM_REQUEST_PROCESSING_H
#define TB_SIM_REQUEST_PROCESSING_H

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

/* Sets the reply. Takes the lock, and may sleep. */
void process_request(struct sim *sim, struct request *rq, struct reply *rp);
/* Counts the request and keeps it for GET /sim/requests. */
void log_request(struct sim *sim, const struct request *rq, const struct reply *rp, uint64_t connection);
/* Whether the request is refused before its body is read. */
bool refuses_early(struct sim *sim, struct request *rq, int64_t content_length);

#endif
