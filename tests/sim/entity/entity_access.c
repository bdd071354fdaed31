/* SPDX-License-Identifier: Apache-2.0 */
/* Lookup, permission and listing. Saving is in entity_saving.c. */
#include "sim/entity/entity_access.h"

#include <ctype.h>
#include <string.h>

const char *entity_label(enum entity_type type)
{
    static const char *const labels[N_ENTITY_TYPES] = {
        [ENTITY_TENANT] = "Tenant",
        [ENTITY_CUSTOMER] = "Customer",
        [ENTITY_USER] = "User",
        [ENTITY_DEVICE] = "Device",
        [ENTITY_ASSET] = "Asset",
        [ENTITY_ALARM] = "Alarm",
        [ENTITY_API_KEY] = "API key",
        [ENTITY_DASHBOARD] = "Dashboard",
        [ENTITY_GROUP] = "Entity group",
        [ENTITY_ROLE] = "Role",
        [ENTITY_GROUP_PERMISSION] = "Group permission",
        [ENTITY_RESOURCE] = "Resource",
        [ENTITY_OTA_PACKAGE] = "OTA package",
    };

    return labels[type];
}

bool entity_parse_id(struct reply *rp, const char *text, char ret[UUID_LEN + 1])
{
    if (!uuid_is_valid(text)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Invalid UUID string: %s", text);
        return false;
    }
    for (size_t i = 0; i <= UUID_LEN; i++)
        ret[i] = (char)tolower((unsigned char)text[i]);
    return true;
}

bool entity_may_see(const struct request *rq, const struct entity *e)
{
    if (rq->user->authority == SYS_ADMIN)
        return e->type == ENTITY_TENANT || e->type == ENTITY_USER;
    if (rq->user->authority == TENANT_ADMIN)
        return e->type != ENTITY_USER || !streq(json_str(e->doc, "authority"), "SYS_ADMIN");
    if (e->type == ENTITY_CUSTOMER)
        return streq(e->id, rq->user->customer_id);
    if (e->type == ENTITY_USER)
        return streq(e->user->customer_id, rq->user->customer_id);
    return streq(entity_id_field(e->doc, "customerId", NULL), rq->user->customer_id);
}

struct entity *entity_var(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                          size_t var)
{
    char id[UUID_LEN + 1];

    if (!entity_parse_id(rp, rq->vars[var], id))
        return NULL;
    struct entity *e = store_find(&sim->store, type, id);
    if (!e) {
        reply_not_found(rp, entity_label(type), id);
        return NULL;
    }
    if (!entity_may_see(rq, e)) {
        reply_no_permission(rp);
        return NULL;
    }
    return e;
}

json_t *entity_any_field(const struct request *rq, const char *name)
{
    json_t *v = json_object_get(rq->json, name);

    return v ? json_deep_copy(v) : json_null();
}

const char *entity_id_field(const json_t *object, const char *name, const char *otherwise)
{
    const char *id = json_str(json_object_get(object, name), "id");

    return id && uuid_is_valid(id) ? id : otherwise;
}

json_t *entity_render_doc(const struct store *store, const struct entity *e)
{
    (void)store;
    return json_incref(e->doc);
}

void entity_add_customer_info(const struct store *store, json_t *info)
{
    const char *customer_id = entity_id_field(info, "customerId", NULL_UUID);
    const struct entity *customer = store_find(store, ENTITY_CUSTOMER, customer_id);

    json_put(info, "customerTitle", customer ? json_incref(json_object_get(customer->doc, "title")) : NULL);
    json_put(info, "customerIsPublic", json_false());
}

void entity_get(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                render_entity *render)
{
    const struct entity *e = entity_var(sim, rq, rp, type, 0);

    if (e)
        reply_json(rp, render(&sim->store, e));
}

void entity_list(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                 const char *customer_id, render_entity *render)
{
    static const char *const properties[] = {
        "createdTime",      "name",  "title",     "type",     "label",   "customerTitle", "deviceProfileName",
        "assetProfileName", "email", "firstName", "lastName", "country", "city",          NULL};
    static const char *const searched[] = {"name", "title", "type", "label", NULL};
    const char *of_type = request_param(rq, "type");
    struct page_link link;
    CLEANUP(selection_free) struct selection s = {};

    if (!page_link_parse(rq, rp, properties, &link))
        return;
    const struct entity_list *l = &sim->store.lists[type];
    for (size_t i = 0; i < l->n; i++) {
        struct entity *e = l->items[i];

        if (of_type && *of_type && !streq(json_str(e->doc, "type"), of_type))
            continue;
        if (customer_id && !streq(entity_id_field(e->doc, "customerId", NULL), customer_id))
            continue;
        if (page_text_matches(&link, e->doc, searched))
            selection_add(&s, e);
    }
    page_reply(rp, &sim->store, &link, &s, render);
}

void entity_list_ids(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                     const char *param)
{
    json_auto_t *ids = request_list(rq, param);
    json_auto_t *found = json_array();
    char id[UUID_LEN + 1];

    for (size_t i = 0; i < json_array_size(ids); i++) {
        if (!entity_parse_id(rp, json_string_value(json_array_get(ids, i)), id))
            return;
        const struct entity *e = store_find(&sim->store, type, id);
        if (e && entity_may_see(rq, e))
            json_array_append(found, e->doc);
    }
    reply_json(rp, TAKE_PTR(found));
}

void entity_list_types(struct sim *sim, struct reply *rp, enum entity_type type)
{
    const struct entity_list *l = &sim->store.lists[type];
    json_auto_t *seen = json_object();
    json_t *types = json_array();

    for (size_t i = 0; i < l->n; i++) {
        const char *name = json_str(l->items[i]->doc, "type");

        if (!name || json_object_get(seen, name))
            continue;
        json_put(seen, name, json_true());
        json_array_append_new(types, json_pack("{s:o, s:s, s:s}", "tenantId",
                                               json_entity_id("TENANT", sim->store.tenant->id), "entityType",
                                               entity_type_name(type), "type", name));
    }
    reply_json(rp, types);
}

void entity_by_name(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                    const char *param)
{
    const char *name = request_param(rq, param);

    if (!name) {
        reply_error(rp, 500, ERROR_GENERAL,
                    "Required request parameter '%s' for method parameter type String is not present", param);
        return;
    }
    const struct entity *e = store_find_name(&sim->store, type, name);
    if (!e)
        reply_item_not_found(rp);
    else
        reply_json(rp, json_incref(e->doc));
}

void entity_assign(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type)
{
    struct entity *customer = entity_var(sim, rq, rp, ENTITY_CUSTOMER, 0);
    struct entity *e = customer ? entity_var(sim, rq, rp, type, 1) : NULL;

    if (!e)
        return;
    entity_change(e, "customerId", json_entity_id("CUSTOMER", customer->id));
    reply_json(rp, json_incref(e->doc));
}

void entity_unassign(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type)
{
    struct entity *e = entity_var(sim, rq, rp, type, 0);

    if (!e)
        return;
    if (streq(entity_id_field(e->doc, "customerId", NULL_UUID), NULL_UUID)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "%s isn't assigned to any customer!",
                    entity_label(type));
        return;
    }
    entity_change(e, "customerId", json_entity_id("CUSTOMER", NULL_UUID));
    reply_json(rp, json_incref(e->doc));
}
