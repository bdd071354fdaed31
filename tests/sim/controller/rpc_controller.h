/* SPDX-License-Identifier: Apache-2.0 */
/* What device_api_controller.c and rpc_controller.c share. */
#ifndef TB_SIM_RPC_CONTROLLER_H
#define TB_SIM_RPC_CONTROLLER_H

#include "sim/entity/entity_access.h"

/* The device of /api/v1/{token}/... NULL: the reply is 401 with an empty body. */
struct entity *device_of_token(struct sim *sim, struct request *rq, struct reply *rp);
/* Shared attributes were saved: wakes the devices that poll for them. VALUES is copied. */
void rpc_attributes_changed(struct sim *sim, const struct entity *device, const json_t *values);

#endif
