/* SPDX-License-Identifier: Apache-2.0 */
/* The operations whose effect is simulated, one row each. */
#ifndef TB_SIM_CONTROLLER_TABLE_H
#define TB_SIM_CONTROLLER_TABLE_H

#include <stddef.h>

#include "sim/controller/controller_mapping.h"

extern const struct mapping mappings[];
extern const size_t n_mappings;

#endif
