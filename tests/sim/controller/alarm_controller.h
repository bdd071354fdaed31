/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files on alarms share. */
#pragma once

#include "sim/entity/entity_access.h"

render_entity alarm_render_info;
