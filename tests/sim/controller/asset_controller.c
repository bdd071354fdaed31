/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

static json_t *build_asset(struct sim *sim, struct request *rq, struct reply *rp, const struct entity *e,
                           const char *name)
{
    CLEANUP(free_pointer) char *type = NULL;
    CLEANUP(free_pointer) char *label = NULL;
    const char *profile = entity_id_field(rq->json, "assetProfileId", NULL);

    (void)e;
    if (!entity_text_field(rq, rp, "type", &type) || !entity_text_field(rq, rp, "label", &label))
        return NULL;
    const char *asset_type = profile ? store_profile_name(&sim->store, ENTITY_ASSET, profile) : NULL;
    if (profile && !asset_type) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Asset is referencing to non-existent asset profile!");
        return NULL;
    }
    if (!asset_type)
        asset_type = type && *type ? type : "default";
    const char *customer = entity_id_field(rq->json, "customerId", NULL_UUID);
    return json_pack("{s:o, s:s, s:s, s:s?, s:o, s:o, s:n, s:o}", "customerId",
                     json_entity_id("CUSTOMER", customer), "name", name, "type", asset_type, "label", label,
                     "assetProfileId",
                     json_entity_id("ASSET_PROFILE", store_profile(&sim->store, ENTITY_ASSET, asset_type)),
                     "externalId", entity_any_field(rq, "externalId"), "version", "additionalInfo",
                     entity_any_field(rq, "additionalInfo"));
}

static const struct entity_kind asset_kind = {ENTITY_ASSET, "Asset", "name", build_asset};

void save_asset(struct sim *sim, struct request *rq, struct reply *rp)
{
    bool created;
    const struct entity *e = entity_save(sim, rq, rp, &asset_kind, &created);

    if (e)
        reply_json(rp, json_incref(e->doc));
}

void get_asset_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_ASSET, entity_render_doc);
}

static json_t *asset_render_info(const struct store *store, const struct entity *e)
{
    json_t *info = json_copy(e->doc);

    entity_add_customer_info(store, info);
    json_put(info, "assetProfileName", json_incref(json_object_get(e->doc, "type")));
    return info;
}

void get_asset_info_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_ASSET, asset_render_info);
}

void delete_asset(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_ASSET, 0);

    if (!e)
        return;
    entity_delete(sim, e);
    reply_empty(rp, 200);
}

/* One path, two operations: assetName= asks for a single asset. */
void get_tenant_assets(struct sim *sim, struct request *rq, struct reply *rp)
{
    if (request_param(rq, "assetName"))
        entity_by_name(sim, rq, rp, ENTITY_ASSET, "assetName");
    else
        entity_list(sim, rq, rp, ENTITY_ASSET, NULL, entity_render_doc);
}

void get_tenant_asset_infos(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_list(sim, rq, rp, ENTITY_ASSET, NULL, asset_render_info);
}

void get_customer_assets(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *customer = entity_var(sim, rq, rp, ENTITY_CUSTOMER, 0);

    if (customer)
        entity_list(sim, rq, rp, ENTITY_ASSET, customer->id, entity_render_doc);
}

void get_tenant_asset(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_by_name(sim, rq, rp, ENTITY_ASSET, "assetName");
}

void get_assets_by_ids(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_list_ids(sim, rq, rp, ENTITY_ASSET, "assetIds");
}

void get_asset_types(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)rq;
    entity_list_types(sim, rp, ENTITY_ASSET);
}

void assign_asset_to_customer(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_assign(sim, rq, rp, ENTITY_ASSET);
}

void unassign_asset_from_customer(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_unassign(sim, rq, rp, ENTITY_ASSET);
}
