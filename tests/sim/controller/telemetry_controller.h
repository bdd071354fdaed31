/* SPDX-License-Identifier: Apache-2.0 */
/* What the telemetry and the attribute handlers share, also with the device API. */
#pragma once

#include "sim/entity/entity_access.h"
#include "sim/store/time_series.h"

enum {
    MAX_KEYS = 5000, /* of one entity; keys are searched one by one */
};

/* The entity of .../{entityType}/{entityId}/...; NULL: the refusal is filled in. */
struct entity *telemetry_entity(struct sim *sim, struct request *rq, struct reply *rp, size_t type_var,
                                size_t id_var);
/* Stores what convert_telemetry() gave; false: the refusal is filled in. */
bool telemetry_save(struct sim *sim, struct reply *rp, struct entity *e, const json_t *entries);
/* Stores what convert_attributes() gave; false: the refusal is filled in. */
bool attributes_save(struct sim *sim, struct request *rq, struct reply *rp, struct entity *e,
                     enum scope scope, const json_t *values);
/* The value as a string, as time series are sent without useStrictDataTypes. */
json_t *telemetry_value_text(const json_t *value);
/* keys= (comma-separated) and key= (repeated). */
json_t *telemetry_keys(const struct request *rq);
/* GET .../values/timeseries with startTs and endTs. */
void telemetry_history(struct request *rq, struct reply *rp, const struct entity *e);
