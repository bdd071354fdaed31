/* SPDX-License-Identifier: Apache-2.0 */
/* API keys. */
#pragma once

#include "sim/state/sim.h"

/* A new enabled key with that value, which never expires; NULL: the store is full. */
struct entity *api_key_add(struct sim *sim, struct user *user, const char *value);
