/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operations. */
#pragma once

#include <stddef.h>

#include "sim/controller/controller_mapping.h"

extern const struct route routes[];
extern const size_t n_routes;
