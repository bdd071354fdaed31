/* SPDX-License-Identifier: Apache-2.0 */
/* Entity groups, of PE and PaaS. */
#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

/* Names are unique among the groups of one owner and one type. */
static struct entity *find_group(struct sim *sim, const char *owner, const char *type, const char *name)
{
    const struct entity_list *l = &sim->store.lists[ENTITY_GROUP];

    for (size_t i = 0; i < l->n; i++) {
        const json_t *doc = l->items[i]->doc;

        if (streq(entity_id_field(doc, "ownerId", NULL), owner) && streq(json_str(doc, "type"), type) &&
            streq(json_str(doc, "name"), name))
            return l->items[i];
    }
    return NULL;
}

/* A new group without members; NULL: the store is full. Takes OWNER over. */
static struct entity *add_group(struct sim *sim, int64_t now, json_t *owner, const char *type,
                                const char *name)
{
    struct entity *e = store_add(&sim->store, ENTITY_GROUP, now);

    if (!e) {
        json_decref(owner);
        return NULL;
    }
    e->members = json_object();
    e->doc = json_pack("{s:o, s:I, s:o, s:s, s:s, s:O, s:n, s:{}, s:i, s:[o], s:b, s:b}", "id",
                       json_entity_id("ENTITY_GROUP", e->id), "createdTime", (json_int_t)now, "tenantId",
                       json_entity_id("TENANT", sim->store.tenant->id), "type", type, "name", name, "ownerId",
                       owner, "additionalInfo", "configuration", "version", 1, "ownerIds", owner, "groupAll",
                       streq(name, "All"), "edgeGroupAll", 0);
    return e;
}

/* Sets the members that a client may change. */
static void update(const struct request *rq, struct entity *e, const char *name)
{
    static const char *const kept[] = {"additionalInfo", "configuration"};

    for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
        if (json_object_get(rq->json, kept[i]))
            json_put(e->doc, kept[i], entity_any_field(rq, kept[i]));
    }
    json_put(e->doc, "name", json_string(name));
}

static json_t *owner_of(const struct sim *sim, const struct request *rq)
{
    const json_t *owner = json_object_get(rq->json, "ownerId");

    return entity_id_field(rq->json, "ownerId", NULL) ? json_deep_copy(owner)
                                                      : json_entity_id("TENANT", sim->store.tenant->id);
}

/* The group that the body names by its id; NULL: the reply is a refusal. */
static struct entity *existing(struct sim *sim, struct request *rq, struct reply *rp, const char *id)
{
    struct entity *e = store_find(&sim->store, ENTITY_GROUP, id);
    const json_t *version = json_object_get(rq->json, "version");

    if (!e) {
        reply_not_found(rp, "Entity group", id);
        return NULL;
    }
    if (json_is_integer(version) && json_integer_value(version) != json_int(e->doc, "version", 0)) {
        reply_error(rp, 409, ERROR_VERSION_CONFLICT, "Entity group was already changed by someone else");
        return NULL;
    }
    json_put(e->doc, "version", json_integer(json_int(e->doc, "version", 0) + 1));
    return e;
}

void save_entity_group(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *id = entity_id_field(rq->json, "id", NULL);
    const char *name = json_str(rq->json, "name");
    const char *type = json_str(rq->json, "type");
    json_auto_t *owner = owner_of(sim, rq);

    if (!name || !*name || !type || !entity_type_exists(type)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Entity group name and type should be specified!");
        return;
    }
    const struct entity *other = find_group(sim, json_str(owner, "id"), type, name);
    if (other && !streq(other->id, id)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Entity group with such name already exists!");
        return;
    }
    struct entity *e =
        id ? existing(sim, rq, rp, id) : add_group(sim, rq->now, json_incref(owner), type, name);
    if (!e) {
        if (!id)
            reply_full(rp);
        return;
    }
    update(rq, e, name);
    reply_json(rp, json_incref(e->doc));
}

void get_entity_group_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_GROUP, entity_render_doc);
}

void delete_entity_group(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_GROUP, 0);

    if (!e)
        return;
    store_remove(&sim->store, e);
    reply_empty(rp, 200);
}

/* GET /api/entityGroup/all/{ownerType}/{ownerId}/{groupType}: every owner has a group "All" of each type. */
void get_entity_group_all(struct sim *sim, struct request *rq, struct reply *rp)
{
    enum entity_type type;
    char id[UUID_LEN + 1];

    if (!entity_type_exists(rq->vars[2])) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Unsupported entityGroup type '%s'!", rq->vars[2]);
        return;
    }
    if (!entity_parse_id(rp, rq->vars[1], id))
        return;
    if (entity_type_parse(rq->vars[0], &type) < 0 || !store_find(&sim->store, type, id)) {
        reply_not_found(rp, "Owner", id);
        return;
    }
    struct entity *e = find_group(sim, id, rq->vars[2], "All");
    if (!e)
        e = add_group(sim, rq->now, json_entity_id(rq->vars[0], id), rq->vars[2], "All");
    if (e)
        reply_json(rp, json_incref(e->doc));
    else
        reply_full(rp);
}

void get_entity_group_by_name(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e;
    char id[UUID_LEN + 1];

    if (!entity_parse_id(rp, rq->vars[1], id))
        return;
    e = find_group(sim, id, rq->vars[2], rq->vars[3]);
    if (e)
        reply_json(rp, json_incref(e->doc));
    else
        reply_not_found(rp, "Entity group", rq->vars[3]);
}

/* The ids of the body, all of entities of the group's type; false: the reply is a refusal. */
static bool check_members(struct sim *sim, const struct request *rq, struct reply *rp, const struct entity *e)
{
    enum entity_type type;
    char id[UUID_LEN + 1];
    bool is_kept = entity_type_parse(json_str(e->doc, "type"), &type) == 0;

    if (!json_is_array(rq->json)) {
        reply_error(rp, 500, ERROR_GENERAL, "JSON parse error: an array of ids was expected");
        return false;
    }
    for (size_t i = 0; i < json_array_size(rq->json); i++) {
        const char *text = json_string_value(json_array_get(rq->json, i));

        if (!entity_parse_id(rp, text ? text : "", id))
            return false;
        if (is_kept && !store_find(&sim->store, type, id)) {
            reply_not_found(rp, entity_label(type), id);
            return false;
        }
    }
    return true;
}

void add_entities_to_entity_group(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_GROUP, 0);

    if (!e || !check_members(sim, rq, rp, e))
        return;
    for (size_t i = 0; i < json_array_size(rq->json); i++)
        json_put(e->members, json_string_value(json_array_get(rq->json, i)), json_true());
    reply_empty(rp, 200);
}

void remove_entities_from_entity_group(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_GROUP, 0);

    if (!e || !check_members(sim, rq, rp, e))
        return;
    for (size_t i = 0; i < json_array_size(rq->json); i++)
        json_object_del(e->members, json_string_value(json_array_get(rq->json, i)));
    reply_empty(rp, 200);
}

/* A page of the members that still exist: .../devices, .../assets, ... */
void get_group_members(struct sim *sim, struct request *rq, struct reply *rp)
{
    static const char *const properties[] = {"createdTime", "name", "title", "type", "label", NULL};
    static const char *const searched[] = {"name", "title", NULL};
    const struct entity *e = entity_var(sim, rq, rp, ENTITY_GROUP, 0);
    struct page_link link;
    CLEANUP(selection_free) struct selection s = {};
    const char *id;
    json_t *unused;

    if (!e || !page_link_parse(rq, rp, properties, &link))
        return;
    json_object_foreach(e->members, id, unused)
    {
        struct entity *member = map_get(&sim->store.by_id, id);

        if (member && page_text_matches(&link, member->doc, searched))
            selection_add(&s, member);
    }
    page_reply(rp, &sim->store, &link, &s, entity_render_doc);
}

/* Gives a group of users a role on the group. */
void share_entity_group(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_GROUP, 0);
    const struct entity *users = e ? entity_var(sim, rq, rp, ENTITY_GROUP, 1) : NULL;
    const struct entity *role = users ? entity_var(sim, rq, rp, ENTITY_ROLE, 2) : NULL;

    if (!role)
        return;
    if (!streq(json_str(users->doc, "type"), "USER")) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Entity group '%s' is not a group of users!",
                    users->id);
        return;
    }
    reply_empty(rp, 200);
}

void get_entity_groups_by_type(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity_list *l = &sim->store.lists[ENTITY_GROUP];
    json_t *found = json_array();

    for (size_t i = 0; i < l->n; i++) {
        if (streq(json_str(l->items[i]->doc, "type"), rq->vars[0]))
            json_array_append(found, l->items[i]->doc);
    }
    reply_json(rp, found);
}
