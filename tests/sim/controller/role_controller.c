/* SPDX-License-Identifier: Apache-2.0 */
/* Roles, of PE and PaaS. */
#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

static json_t *build_role(struct sim *sim, struct request *rq, struct reply *rp, const struct entity *e,
                          const char *name)
{
    const char *type = json_str(rq->json, "type");

    (void)e;
    if (!streq(type, "GENERIC") && !streq(type, "GROUP")) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Role type should be specified!");
        return NULL;
    }
    return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "customerId",
                     json_entity_id("CUSTOMER", entity_id_field(rq->json, "customerId", NULL_UUID)), "name",
                     name, "type", type, "permissions", entity_any_field(rq, "permissions"),
                     "excludedPermissions", entity_any_field(rq, "excludedPermissions"), "additionalInfo",
                     entity_any_field(rq, "additionalInfo"), "ownerId",
                     json_entity_id("TENANT", sim->store.tenant->id));
}

static const struct entity_kind role_kind = {ENTITY_ROLE, "Role", "name", build_role};

void save_role(struct sim *sim, struct request *rq, struct reply *rp)
{
    bool created;
    const struct entity *e = entity_save(sim, rq, rp, &role_kind, &created);

    if (e)
        reply_json(rp, json_incref(e->doc));
}

void get_role_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_ROLE, entity_render_doc);
}

void delete_role(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_ROLE, 0);

    if (!e)
        return;
    entity_delete(sim, e);
    reply_empty(rp, 200);
}

void get_roles(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_list(sim, rq, rp, ENTITY_ROLE, NULL, entity_render_doc);
}
