/* SPDX-License-Identifier: Apache-2.0 */
/* What alarm_controller.c and alarm_listing.c share. */
#ifndef TB_SIM_ALARM_CONTROLLER_H
#define TB_SIM_ALARM_CONTROLLER_H

#include "sim/entity/entity_access.h"

render_entity alarm_render_info;

#endif
