/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

static json_t *build_dashboard(struct sim *sim, struct request *rq, struct reply *rp, const struct entity *e,
                               const char *name)
{
    static const char *const kept[] = {"image", "mobileHide", "mobileOrder", "configuration", "resources"};
    json_t *doc = json_pack("{s:s, s:s, s:[]}", "title", name, "name", name, "assignedCustomers");

    (void)sim;
    (void)rp;
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        json_put(doc, kept[i], entity_any_field(rq, kept[i]));
    if (!json_is_boolean(json_object_get(doc, "mobileHide")))
        json_put(doc, "mobileHide", json_false());
    if (e)
        json_put(doc, "assignedCustomers", json_incref(json_object_get(e->doc, "assignedCustomers")));
    return doc;
}

static const struct entity_kind dashboard_kind = {ENTITY_DASHBOARD, "Dashboard", "title", build_dashboard};

void save_dashboard(struct sim *sim, struct request *rq, struct reply *rp)
{
    bool created;
    const struct entity *e = entity_save(sim, rq, rp, &dashboard_kind, &created);

    if (e)
        reply_json(rp, json_incref(e->doc));
}

void get_dashboard_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_DASHBOARD, entity_render_doc);
}

/* Without the members that make a dashboard big. */
static json_t *dashboard_render_info(const struct store *store, const struct entity *e)
{
    json_t *info = json_copy(e->doc);

    (void)store;
    json_object_del(info, "configuration");
    json_object_del(info, "resources");
    return info;
}

void get_dashboard_info_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_DASHBOARD, dashboard_render_info);
}

void delete_dashboard(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_DASHBOARD, 0);

    if (!e)
        return;
    entity_delete(sim, e);
    reply_empty(rp, 200);
}

void get_tenant_dashboards(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_list(sim, rq, rp, ENTITY_DASHBOARD, NULL, dashboard_render_info);
}
