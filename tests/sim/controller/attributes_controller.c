/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes: saving, reading, keys, deleting. */
#include "sim/controller/telemetry_controller.h"

#include "sim/controller/controller_mapping.h"
#include "sim/controller/rpc_controller.h"
#include "sim/entity/json_converter.h"
#include "sim/subscription/telemetry_subscription.h"

/* False: there is no such scope, and the reply is a refusal. */
static bool parse_scope(struct reply *rp, const char *text, enum scope *ret)
{
    if (scope_parse(text, ret) == 0)
        return true;
    rp->sync = true;
    reply_error(
        rp, 400, ERROR_BAD_REQUEST_PARAMS,
        "Method parameter 'scope': Failed to convert value of type 'java.lang.String' to required type "
        "'org.thingsboard.server.common.data.AttributeScope'; Failed to convert from type [java.lang.String] "
        "to type [@io.swagger.v3.oas.annotations.Parameter "
        "@org.springframework.web.bind.annotation.PathVariable "
        "org.thingsboard.server.common.data.AttributeScope] for value [%s]",
        text);
    return false;
}

bool attributes_save(struct sim *sim, struct request *rq, struct reply *rp, struct entity *e,
                     enum scope scope, const json_t *values)
{
    json_auto_t *changes = subscribers_exist(sim) ? json_object() : NULL;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)values, key, value)
    {
        if (sim->store.n_points + sim->store.n_attributes >= POINTS_MAX ||
            (e->telemetry.attributes[scope].n >= KEYS_MAX && !attribute_find(&e->telemetry, scope, key))) {
            reply_full(rp);
            return false;
        }
        if (attribute_put(&e->telemetry, scope, key, value, rq->now))
            sim->store.n_attributes++;
        value_history_add(&sim->history, e->id, scope_name(scope), key, rq->now, value);
        if (changes)
            changes_add(changes, key, rq->now, value);
    }
    subscribers_notify(sim, e, scope, changes);
    if (scope == SHARED_SCOPE)
        rpc_attributes_changed(sim, e, values);
    return true;
}

/* The arguments are the indexes of the path variables; TYPE_VAR is SIZE_MAX if there is none. */
static void save(struct sim *sim, struct request *rq, struct reply *rp, size_t type_var, size_t id_var,
                 size_t scope_var)
{
    enum scope scope;

    if (!parse_scope(rp, rq->vars[scope_var], &scope))
        return;
    if (scope == CLIENT_SCOPE) {
        reply_text(rp, 400, "Invalid scope: %s", rq->vars[scope_var]);
        return;
    }
    json_auto_t *values = convert_attributes(rq, rp, false);
    struct entity *e = values ? telemetry_entity(sim, rq, rp, type_var, id_var) : NULL;
    if (e && attributes_save(sim, rq, rp, e, scope, values))
        reply_empty(rp, 200);
}

void save_entity_attributes(struct sim *sim, struct request *rq, struct reply *rp)
{
    save(sim, rq, rp, 0, 1, 2);
}

void save_device_attributes(struct sim *sim, struct request *rq, struct reply *rp)
{
    save(sim, rq, rp, SIZE_MAX, 0, 1);
}

static bool is_wanted(const json_t *keys, const char *key)
{
    return json_array_size(keys) == 0 || json_array_has(keys, key);
}

static void add_scope(json_t *list, const struct entity *e, enum scope scope, const json_t *keys,
                      bool keys_only)
{
    const struct attributes *a = &e->telemetry.attributes[scope];

    for (size_t i = 0; i < a->n; i++) {
        const struct attribute *at = &a->list[i];

        if (!is_wanted(keys, at->key))
            continue;
        if (keys_only)
            json_array_append_new(list, json_string(at->key));
        else
            json_array_append_new(list, json_pack("{s:I, s:s, s:o}", "lastUpdateTs", (json_int_t)at->ts,
                                                  "key", at->key, "value", convert_to_jackson(at->value)));
    }
}

/* The attributes of one scope or, if the path has no scope, of all. */
static void list(struct sim *sim, struct request *rq, struct reply *rp, bool keys_only)
{
    const struct entity *e = telemetry_entity(sim, rq, rp, 0, 1);
    json_auto_t *keys = telemetry_keys(rq);
    enum scope scope = CLIENT_SCOPE;

    if (!e || (rq->vars[2] && !parse_scope(rp, rq->vars[2], &scope)))
        return;
    json_t *answer = json_array();
    for (size_t s = 0; s < N_SCOPES; s++) {
        if (!rq->vars[2] || s == scope)
            add_scope(answer, e, (enum scope)s, keys_only ? NULL : keys, keys_only);
    }
    reply_json(rp, answer);
}

void get_attributes(struct sim *sim, struct request *rq, struct reply *rp)
{
    list(sim, rq, rp, false);
}

void get_attributes_by_scope(struct sim *sim, struct request *rq, struct reply *rp)
{
    list(sim, rq, rp, false);
}

void get_attribute_keys(struct sim *sim, struct request *rq, struct reply *rp)
{
    list(sim, rq, rp, true);
}

static void delete_keys(struct sim *sim, struct request *rq, struct reply *rp, struct entity *e,
                        const char *text)
{
    json_auto_t *keys = telemetry_keys(rq);
    enum scope scope;

    if (!parse_scope(rp, text, &scope))
        return;
    if (json_array_size(keys) == 0) {
        reply_text(rp, 400, "Empty keys: %s", request_param(rq, "keys") ? request_param(rq, "keys") : "");
        return;
    }
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = json_string_value(json_array_get(keys, i));

        if (attribute_remove(&e->telemetry, scope, key))
            sim->store.n_attributes--;
        value_history_add(&sim->history, e->id, scope_name(scope), key, rq->now, NULL);
    }
    reply_empty(rp, 200);
}

void delete_entity_attributes(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = telemetry_entity(sim, rq, rp, 0, 1);

    if (e)
        delete_keys(sim, rq, rp, e, rq->vars[2]);
}

void delete_device_attributes(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = telemetry_entity(sim, rq, rp, SIZE_MAX, 0);

    if (e)
        delete_keys(sim, rq, rp, e, rq->vars[1]);
}
