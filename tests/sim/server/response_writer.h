/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a reply. */
#ifndef TB_SIM_RESPONSE_WRITER_H
#define TB_SIM_RESPONSE_WRITER_H

#include <microhttpd.h>
#include <stdbool.h>

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

/* Queues the reply and takes its body over. LAST: of the connection. MHD_NO: libmicrohttpd closes the
 * connection. */
enum MHD_Result write_response(struct sim *sim, const struct request *rq, struct reply *rp, bool last);

#endif
