/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TB_SIM_API_KEY_CONTROLLER_H
#define TB_SIM_API_KEY_CONTROLLER_H

#include "sim/state/sim.h"

/* A new, enabled API key with that value, without an end; NULL if the store is full or VALUE is empty. */
struct entity *api_key_add(struct sim *sim, struct user *user, const char *value);

#endif
