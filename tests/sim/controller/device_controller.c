/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and their credentials. */
#include <stdlib.h>

#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

/* The profile: by deviceProfileId, else by type, else "default". NULL: the reply is a refusal. */
static const char *choose_profile(struct sim *sim, struct request *rq, struct reply *rp, const char *type,
                                  const char **ret_type)
{
    const char *id = entity_id_field(rq->json, "deviceProfileId", NULL);

    if (!id) {
        *ret_type = type && *type ? type : "default";
        return store_profile(&sim->store, ENTITY_DEVICE, *ret_type);
    }
    *ret_type = store_profile_name(&sim->store, ENTITY_DEVICE, id);
    if (!*ret_type)
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Device is referencing to non-existent device profile!");
    return *ret_type ? id : NULL;
}

static json_t *default_device_data(void)
{
    return json_pack("{s:{s:s}, s:{s:s}}", "configuration", "type", "DEFAULT", "transportConfiguration",
                     "type", "DEFAULT");
}

static json_t *build_device(struct sim *sim, struct request *rq, struct reply *rp, const struct entity *e,
                            const char *name)
{
    CLEANUP(free_pointer) char *type = NULL;
    CLEANUP(free_pointer) char *label = NULL;
    const char *profile_type = NULL;

    (void)e;
    if (!entity_text_field(rq, rp, "type", &type) || !entity_text_field(rq, rp, "label", &label))
        return NULL;
    const char *profile = choose_profile(sim, rq, rp, type, &profile_type);
    if (!profile)
        return NULL;
    const char *customer = entity_id_field(rq->json, "customerId", NULL_UUID);
    const json_t *data = json_object_get(rq->json, "deviceData");
    return json_pack("{s:o, s:s, s:s, s:s?, s:o, s:o, s:o, s:o, s:n, s:o, s:o}", "customerId",
                     json_entity_id("CUSTOMER", customer), "name", name, "type", profile_type, "label", label,
                     "deviceProfileId", json_entity_id("DEVICE_PROFILE", profile), "firmwareId",
                     entity_any_field(rq, "firmwareId"), "softwareId", entity_any_field(rq, "softwareId"),
                     "externalId", entity_any_field(rq, "externalId"), "version", "additionalInfo",
                     entity_any_field(rq, "additionalInfo"), "deviceData",
                     json_is_object(data) ? json_deep_copy(data) : default_device_data());
}

static const struct entity_kind device_kind = {ENTITY_DEVICE, "Device", "name", build_device};

/* A new device gets credentials and the server attribute "active". */
static void set_up_device(struct sim *sim, struct request *rq, struct entity *e, const char *token)
{
    char random[21];

    random_text(random, sizeof(random) - 1);
    store_set_token(&sim->store, e, token && *token ? token : random);
    uuid_time(e->credentials_id);
    json_t *inactive = json_false();
    if (attribute_put(&e->telemetry, SERVER_SCOPE, "active", inactive, rq->now))
        sim->store.n_attributes++;
}

void save_device(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *token = request_param(rq, "accessToken");
    bool created = false;

    if (token && *token && map_get(&sim->store.by_token, token)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Device credentials are already assigned to another device!");
        return;
    }
    struct entity *e = entity_save(sim, rq, rp, &device_kind, &created);
    if (!e)
        return;
    if (created)
        set_up_device(sim, rq, e, token);
    else if (token && *token)
        store_set_token(&sim->store, e, token);
    reply_json(rp, json_incref(e->doc));
}

void get_device_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_DEVICE, entity_render_doc);
}

static json_t *device_render_info(const struct store *store, const struct entity *e)
{
    json_t *info = json_copy(e->doc);
    const struct attribute *active = attribute_find(&e->telemetry, SERVER_SCOPE, "active");

    entity_add_customer_info(store, info);
    json_put(info, "deviceProfileName", json_incref(json_object_get(e->doc, "type")));
    json_put(info, "active", json_boolean(active && json_is_true(active->value)));
    return info;
}

void get_device_info_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_DEVICE, device_render_info);
}

void delete_device(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_DEVICE, 0);

    if (!e)
        return;
    entity_delete(sim, e);
    reply_empty(rp, 200);
}

/* One path, two operations: deviceName= asks for a single device. */
void get_tenant_devices(struct sim *sim, struct request *rq, struct reply *rp)
{
    if (request_param(rq, "deviceName"))
        entity_by_name(sim, rq, rp, ENTITY_DEVICE, "deviceName");
    else
        entity_list(sim, rq, rp, ENTITY_DEVICE, NULL, entity_render_doc);
}

void get_tenant_device_infos(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_list(sim, rq, rp, ENTITY_DEVICE, NULL, device_render_info);
}

void get_customer_devices(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *customer = entity_var(sim, rq, rp, ENTITY_CUSTOMER, 0);

    if (customer)
        entity_list(sim, rq, rp, ENTITY_DEVICE, customer->id, entity_render_doc);
}

void get_customer_device_infos(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *customer = entity_var(sim, rq, rp, ENTITY_CUSTOMER, 0);

    if (customer)
        entity_list(sim, rq, rp, ENTITY_DEVICE, customer->id, device_render_info);
}

void get_device_types(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)rq;
    entity_list_types(sim, rp, ENTITY_DEVICE);
}

void get_tenant_device(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_by_name(sim, rq, rp, ENTITY_DEVICE, "deviceName");
}

void get_devices_by_ids(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_list_ids(sim, rq, rp, ENTITY_DEVICE, "deviceIds");
}

void assign_device_to_customer(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_assign(sim, rq, rp, ENTITY_DEVICE);
}

void unassign_device_from_customer(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_unassign(sim, rq, rp, ENTITY_DEVICE);
}

static json_t *credentials_json(const struct entity *e)
{
    return json_pack("{s:{s:s}, s:I, s:o, s:s, s:s, s:n, s:i}", "id", "id", e->credentials_id, "createdTime",
                     (json_int_t)e->created, "deviceId", json_entity_id("DEVICE", e->id), "credentialsType",
                     "ACCESS_TOKEN", "credentialsId", e->token, "credentialsValue", "version", 1);
}

void get_device_credentials(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = entity_var(sim, rq, rp, ENTITY_DEVICE, 0);

    if (e)
        reply_json(rp, credentials_json(e));
}

void update_device_credentials(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *id = entity_id_field(rq->json, "deviceId", NULL_UUID);
    const char *token = json_str(rq->json, "credentialsId");
    struct entity *e = store_find(&sim->store, ENTITY_DEVICE, id);

    if (!e) {
        reply_not_found(rp, "Device", id);
    } else if (!token || !*token) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Device credentials id should be specified!");
    } else if (map_get(&sim->store.by_token, token) && !streq(token, e->token)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Device credentials are already assigned to another device!");
    } else {
        store_set_token(&sim->store, e, token);
        reply_json(rp, credentials_json(e));
    }
}
