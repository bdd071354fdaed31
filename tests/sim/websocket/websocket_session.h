/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSockets: /api/ws and /api/ws/plugins/telemetry. Each is served by the thread of its connection; what
 * others send on it goes through its queue. permessage-deflate is not offered.
 */
#pragma once

#include <microhttpd.h>

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

enum {
    MAX_MESSAGE = 32768, /* of a real server; beyond: close 1009 */
};

/* The answer to a good handshake. */
struct MHD_Response *websocket_response(struct sim *sim, const struct request *rq);

/* Tells those that have subscribed: {"key":[[ts,"value"],...]} (subscription.h). */
void websockets_notify(struct sim *sim, const struct entity *e, enum scope scope, const json_t *changes);
/* Whether there is anybody to tell. */
bool websockets_any(const struct sim *sim);

/* All since the last websockets_forget(), in the order of their opening:
 * {"number","target","open","user","subscriptions","received","sent","pongs","closed"}; closed: the code that
 * came from the client, null without one. */
json_t *websockets_json(const struct sim *sim);
/* {"number": N, absent for all that are open; and any of "ping": true, "send": TEXT, "close": CODE with
 * "reason": TEXT, "reset": true}; false: nothing of this. */
bool websockets_order(struct sim *sim, const json_t *order);
void websockets_forget(struct sim *sim);
/* At the end of the program: every thread ends. */
void websockets_stop(struct sim *sim);
