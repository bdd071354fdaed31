/* SPDX-License-Identifier: Apache-2.0 */
/* Time series: saving, latest values, keys, deleting. */
#include "sim/controller/telemetry_controller.h"

#include <string.h>

#include "sim/controller/controller_mapping.h"
#include "sim/entity/json_converter.h"
#include "sim/subscription/telemetry_subscription.h"

struct entity *telemetry_entity(struct sim *sim, struct request *rq, struct reply *rp, size_t type_var,
                                size_t id_var)
{
    const char *name = type_var == SIZE_MAX ? "DEVICE" : rq->vars[type_var];
    enum entity_type type = N_ENTITY_TYPES;
    char id[UUID_LEN + 1];

    rp->sync = true; /* a request that is refused here never became asynchronous */
    if (!entity_type_exists(name)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "No enum constant org.thingsboard.server.common.data.EntityType.%s", name);
        return NULL;
    }
    if (!entity_parse_id(rp, rq->vars[id_var], id))
        return NULL;
    rp->sync = false;
    struct entity *e = entity_type_parse(name, &type) == 0 ? store_find(&sim->store, type, id) : NULL;
    if (!e) {
        const char *label = type < N_ENTITY_TYPES ? entity_label(type) : "Entity";

        reply_text(rp, 404, "%s with requested id wasn't found!", label);
        return NULL;
    }
    if (!entity_may_see(rq, e)) {
        reply_text(rp, 403, "You don't have permission to perform 'WRITE_TELEMETRY' operation with %s '%s'!",
                   name, id);
        return NULL;
    }
    return e;
}

/* Stores {"key":value,...} at one time. False: the store is full. */
static bool put_values(struct sim *sim, struct entity *e, int64_t ts, const json_t *values, json_t *changes)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)values, key, value)
    {
        if (sim->store.n_points + sim->store.n_attributes >= POINTS_MAX ||
            (e->telemetry.n_series >= KEYS_MAX && !series_find(&e->telemetry, key)))
            return false;
        if (series_put(&e->telemetry, key, ts, value))
            sim->store.n_points++;
        sim->log.counters.values++;
        value_history_add(&sim->history, e->id, "TIMESERIES", key, ts, value);
        if (changes)
            changes_add(changes, key, ts, value);
    }
    return true;
}

bool telemetry_save(struct sim *sim, struct reply *rp, struct entity *e, const json_t *entries)
{
    json_auto_t *changes = subscribers_exist(sim) ? json_object() : NULL;
    bool room = true;

    for (size_t i = 0; room && i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);

        room = put_values(sim, e, json_int(entry, "ts", 0), json_object_get(entry, "values"), changes);
    }
    subscribers_notify(sim, e, TIMESERIES_SCOPE, changes);
    if (!room)
        reply_full(rp);
    return room;
}

void save_entity_telemetry(struct sim *sim, struct request *rq, struct reply *rp)
{
    json_auto_t *entries = convert_telemetry(rq, rp, false);
    struct entity *e = entries ? telemetry_entity(sim, rq, rp, 0, 1) : NULL;
    int64_t ttl = 0;

    if (!e)
        return;
    if (rq->vars[3] && parse_int64(rq->vars[3], &ttl) < 0) {
        reply_text(rp, 400, "Invalid TTL: %s", rq->vars[3]);
        return;
    }
    if (telemetry_save(sim, rp, e, entries))
        reply_empty(rp, 200);
}

json_t *telemetry_keys(const struct request *rq)
{
    json_t *keys = request_list(rq, "keys");

    for (size_t i = 0; i < rq->n_params; i++) {
        if (streq(rq->params[i].name, "key") && rq->params[i].value[0] != '\0')
            json_array_append_new(keys, json_text(rq->params[i].value));
    }
    return keys;
}

/* A named key without a value is null, now. */
static void add_latest(json_t *answer, const char *key, const struct point *p, bool strict, int64_t now)
{
    json_t *value = !p ? json_null() : strict ? convert_to_jackson(p->value) : convert_to_string(p->value);

    json_put(answer, key, json_pack("[{s:I, s:o}]", "ts", (json_int_t)(p ? p->ts : now), "value", value));
}

static void get_latest(struct request *rq, struct reply *rp, const struct entity *e)
{
    json_auto_t *keys = telemetry_keys(rq);
    bool strict = request_flag(rq, "useStrictDataTypes");
    json_t *answer = json_object();

    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = json_string_value(json_array_get(keys, i));

        add_latest(answer, key, series_latest(&e->telemetry, key), strict, rq->now);
    }
    for (size_t i = 0; json_array_size(keys) == 0 && i < e->telemetry.n_series; i++) {
        const char *key = e->telemetry.series[i].key;

        add_latest(answer, key, series_latest(&e->telemetry, key), strict, rq->now);
    }
    reply_json(rp, answer);
}

/* The history is asked for with startTs and endTs, or by the path. */
void get_timeseries(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = telemetry_entity(sim, rq, rp, 0, 1);

    if (!e)
        return;
    if (ends_with(rq->path, "/history") || (request_param(rq, "startTs") && request_param(rq, "endTs")))
        telemetry_history(rq, rp, e);
    else
        get_latest(rq, rp, e);
}

void get_timeseries_keys(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = telemetry_entity(sim, rq, rp, 0, 1);
    json_t *keys;

    if (!e)
        return;
    keys = json_array();
    for (size_t i = 0; i < e->telemetry.n_series; i++)
        json_array_append_new(keys, json_string(e->telemetry.series[i].key));
    reply_json(rp, keys);
}

void delete_entity_timeseries(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = telemetry_entity(sim, rq, rp, 0, 1);
    json_auto_t *keys = telemetry_keys(rq);
    int64_t from = INT64_MIN;
    int64_t to = INT64_MAX;

    if (!e)
        return;
    if (json_array_size(keys) == 0) {
        reply_text(rp, 400, "Empty keys: %s", request_param(rq, "keys") ? request_param(rq, "keys") : "");
        return;
    }
    if (!request_flag(rq, "deleteAllDataForKeys") && (parse_int64(request_param(rq, "startTs"), &from) < 0 ||
                                                      parse_int64(request_param(rq, "endTs"), &to) < 0)) {
        reply_text(rp, 400,
                   "When deleteAllDataForKeys is false, start and end timestamp values shouldn't be empty");
        return;
    }
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = json_string_value(json_array_get(keys, i));

        sim->store.n_points -= series_remove(&e->telemetry, key, from, to);
        value_history_add(&sim->history, e->id, "TIMESERIES", key, rq->now, NULL);
    }
    reply_empty(rp, 200);
}
