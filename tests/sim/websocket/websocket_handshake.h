/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TB_SIM_WEBSOCKET_HANDSHAKE_H
#define TB_SIM_WEBSOCKET_HANDSHAKE_H

#include <microhttpd.h>

#include "sim/http/servlet_request.h"
#include "sim/state/sim.h"

/* The 101 to a handshake; NULL if there is no memory. */
struct MHD_Response *websocket_handshake_response(struct sim *sim, const struct request *rq);

#endif
