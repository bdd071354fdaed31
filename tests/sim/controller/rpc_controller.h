/* SPDX-License-Identifier: Apache-2.0 */
/* What devices are told while they wait for it over HTTP. */
#pragma once

#include "sim/entity/entity_access.h"

/* The device of /api/v1/{token}/...; NULL: 401 with an empty body is filled in (recorded). */
struct entity *device_of_token(struct sim *sim, struct request *rq, struct reply *rp);
/* Shared attributes were saved: VALUES, an object, is copied. */
void rpc_attributes_changed(struct sim *sim, const struct entity *device, const json_t *values);
