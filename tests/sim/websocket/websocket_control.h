/* SPDX-License-Identifier: Apache-2.0 */
/* What tests see of the WebSockets, and what they order. Called with the lock of struct sim, but for the last
 * one. */
#ifndef TB_SIM_WEBSOCKET_CONTROL_H
#define TB_SIM_WEBSOCKET_CONTROL_H

#include "sim/state/sim.h"

/* The open ones, and those that have ended since websockets_forget(), in the order of opening (README.md). */
json_t *websockets_json(const struct sim *sim);
/* Carries out an order (README.md). -EINVAL if there is no such order or no such WebSocket. */
int websockets_order(struct sim *sim, const json_t *order);
/* Removes those that have ended. */
void websockets_forget(struct sim *sim);
/* Ends all WebSockets, when the program stops. */
void websockets_stop(struct sim *sim);

#endif
