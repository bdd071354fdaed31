/* SPDX-License-Identifier: Apache-2.0 */
/* What the controllers of telemetry, attributes and the device API share. */
#ifndef TB_SIM_TELEMETRY_CONTROLLER_H
#define TB_SIM_TELEMETRY_CONTROLLER_H

#include "sim/entity/entity_access.h"
#include "sim/store/time_series.h"

enum {
    KEYS_MAX = 5000, /* of one entity: they are searched one by one */
};

/* The entity of .../{entityType}/{entityId}/...; the arguments are the indexes of the path variables, and a
 * TYPE_VAR of SIZE_MAX means a device. NULL: the reply is a refusal. */
struct entity *telemetry_entity(struct sim *sim, struct request *rq, struct reply *rp, size_t type_var,
                                size_t id_var);
/* Stores what convert_telemetry() gave; false: the reply is a refusal. */
bool telemetry_save(struct sim *sim, struct reply *rp, struct entity *e, const json_t *entries);
/* Stores what convert_attributes() gave; false: the reply is a refusal. */
bool attributes_save(struct sim *sim, struct request *rq, struct reply *rp, struct entity *e,
                     enum scope scope, const json_t *values);
/* The parameters keys (comma-separated) and key (repeated): a new reference. */
json_t *telemetry_keys(const struct request *rq);
/* telemetry_history.c: GET .../values/timeseries with startTs and endTs. */
void telemetry_history(struct request *rq, struct reply *rp, const struct entity *e);

#endif
