/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what with a group, and whose an entity is; of PE and PaaS. */
#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

/* The entity whose id is in the member NAME of the body. NULL: the reply is a refusal. */
static struct entity *member(struct sim *sim, const struct request *rq, struct reply *rp, const char *name,
                             enum entity_type type)
{
    char id[UUID_LEN + 1];
    struct entity *e;

    if (!entity_parse_id(rp, entity_id_field(rq->json, name, ""), id))
        return NULL;
    e = store_find(&sim->store, type, id);
    if (!e)
        reply_not_found(rp, entity_label(type), id);
    return e;
}

void save_group_permission(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *users = member(sim, rq, rp, "userGroupId", ENTITY_GROUP);
    const struct entity *role = users ? member(sim, rq, rp, "roleId", ENTITY_ROLE) : NULL;
    const struct entity *group = role ? member(sim, rq, rp, "entityGroupId", ENTITY_GROUP) : NULL;
    struct entity *e;

    if (!group)
        return;
    e = store_add(&sim->store, ENTITY_GROUP_PERMISSION, rq->now);
    if (!e) {
        reply_full(rp);
        return;
    }
    e->doc = json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:O, s:b}", "id",
                       json_entity_id("GROUP_PERMISSION", e->id), "createdTime", (json_int_t)rq->now,
                       "tenantId", json_entity_id("TENANT", sim->store.tenant->id), "userGroupId",
                       json_entity_id("ENTITY_GROUP", users->id), "roleId", json_entity_id("ROLE", role->id),
                       "entityGroupId", json_entity_id("ENTITY_GROUP", group->id), "entityGroupType",
                       json_object_get(group->doc, "type"), "public", 0);
    reply_json(rp, json_incref(e->doc));
}

void delete_group_permission(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_GROUP_PERMISSION, 0);

    if (!e)
        return;
    store_remove(&sim->store, e);
    reply_empty(rp, 200);
}

/* The entity whose id is in the member ID of a permission; null if it was deleted. */
static json_t *named(const struct sim *sim, const json_t *permission, const char *id, enum entity_type type)
{
    const struct entity *e = store_find(&sim->store, type, entity_id_field(permission, id, ""));

    return e ? e->doc : json_null();
}

/* The permissions on a group, as GroupPermissionInfo. */
void get_entity_group_permissions(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity_list *l = &sim->store.lists[ENTITY_GROUP_PERMISSION];
    const struct entity *group = entity_var(sim, rq, rp, ENTITY_GROUP, 0);
    json_t *found;

    if (!group)
        return;
    found = json_array();
    for (size_t i = 0; i < l->n; i++) {
        json_t *info, *users;

        if (!streq(entity_id_field(l->items[i]->doc, "entityGroupId", NULL), group->id))
            continue;
        info = json_deep_copy(l->items[i]->doc);
        json_put(info, "role", json_incref(named(sim, info, "roleId", ENTITY_ROLE)));
        users = named(sim, info, "userGroupId", ENTITY_GROUP);
        json_put(info, "userGroupName", json_incref(json_object_get(users, "name")));
        json_put(info, "entityGroupName", json_incref(json_object_get(group->doc, "name")));
        json_array_append_new(found, info);
    }
    reply_json(rp, found);
}

static void change_owner(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type owner_type)
{
    enum entity_type type;
    struct entity *e;

    if (entity_type_parse(rq->vars[1], &type) < 0) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Unsupported entity type");
        return;
    }
    e = entity_var(sim, rq, rp, owner_type, 0) ? entity_var(sim, rq, rp, type, 2) : NULL;
    if (!e)
        return;
    entity_change(e, "ownerId", json_entity_id(entity_type_name(owner_type), rq->vars[0]));
    reply_empty(rp, 200);
}

void change_owner_to_tenant(struct sim *sim, struct request *rq, struct reply *rp)
{
    change_owner(sim, rq, rp, ENTITY_TENANT);
}

void change_owner_to_customer(struct sim *sim, struct request *rq, struct reply *rp)
{
    change_owner(sim, rq, rp, ENTITY_CUSTOMER);
}
