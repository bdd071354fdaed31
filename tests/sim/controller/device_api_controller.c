/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP device API, but for RPC (rpc_controller.c). */
#include "sim/controller/controller_mapping.h"
#include "sim/controller/rpc_controller.h"
#include "sim/controller/telemetry_controller.h"
#include "sim/entity/json_converter.h"

struct entity *device_of_token(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = map_get(&sim->store.by_token, rq->vars[0]);

    if (e && e->type == ENTITY_DEVICE)
        return e;
    reply_empty(rp, 401);
    return NULL;
}

/* A device that sends something is active. */
static void set_active(struct sim *sim, struct request *rq, struct entity *e)
{
    if (attribute_put(&e->telemetry, SERVER_SCOPE, "active", json_true(), rq->now))
        sim->store.n_attributes++;
}

void device_api_telemetry(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = device_of_token(sim, rq, rp);
    json_auto_t *entries = e ? convert_telemetry(rq, rp, true) : NULL;

    if (!entries || !telemetry_save(sim, rp, e, entries))
        return;
    set_active(sim, rq, e);
    reply_empty(rp, 200);
}

void device_api_save_attributes(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = device_of_token(sim, rq, rp);
    json_auto_t *values = e ? convert_attributes(rq, rp, true) : NULL;

    if (!values || !attributes_save(sim, rq, rp, e, CLIENT_SCOPE, values))
        return;
    set_active(sim, rq, e);
    reply_empty(rp, 200);
}

static void add_values(const struct request *rq, const struct entity *e, const char *param, enum scope scope,
                       const char *member, json_t *answer)
{
    json_auto_t *keys = request_list(rq, param);
    json_t *values = json_object();

    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = json_string_value(json_array_get(keys, i));
        const struct attribute *a = attribute_find(&e->telemetry, scope, key);

        if (a)
            json_put(values, key, json_incref(a->value));
    }
    if (json_object_size(values) > 0)
        json_put(answer, member, values);
    else
        json_decref(values);
}

void device_api_get_attributes(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = device_of_token(sim, rq, rp);
    json_t *answer;

    if (!e)
        return;
    answer = json_object();
    add_values(rq, e, "clientKeys", CLIENT_SCOPE, "client", answer);
    add_values(rq, e, "sharedKeys", SHARED_SCOPE, "shared", answer);
    reply_json(rp, answer);
    rp->chunked = false; /* the device API sends Content-Length */
}
