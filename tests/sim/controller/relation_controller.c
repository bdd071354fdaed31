/* SPDX-License-Identifier: Apache-2.0 */
/* Saving, reading and deleting relations. Searching over levels is in relation_search.c. */
#include "sim/controller/relation_controller.h"

#include "sim/controller/controller_mapping.h"

/* The JSON of one end of a relation. NULL: the reply is a refusal. */
static json_t *check_end(struct sim *sim, const struct request *rq, struct reply *rp, const char *type_name,
                         const char *text)
{
    enum entity_type type;
    char id[UUID_LEN + 1];

    if (!type_name || !text) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Relation should have entities on both ends!");
        return NULL;
    }
    if (!entity_type_exists(type_name)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "No enum constant org.thingsboard.server.common.data.EntityType.%s", type_name);
        return NULL;
    }
    if (!entity_parse_id(rp, text, id))
        return NULL;
    const struct entity *e =
        entity_type_parse(type_name, &type) == 0 ? store_find(&sim->store, type, id) : NULL;
    if (!e)
        reply_not_found(rp, type_name, id);
    else if (!entity_may_see(rq, e))
        reply_no_permission(rp);
    else
        return json_entity_id(type_name, id);
    return NULL;
}

/* The relation of the body; NULL: the reply is a refusal. */
static json_t *build(struct sim *sim, struct request *rq, struct reply *rp)
{
    const json_t *from = json_object_get(rq->json, "from");
    const json_t *to = json_object_get(rq->json, "to");
    const char *type = json_str(rq->json, "type");
    const char *group = json_str(rq->json, "typeGroup");

    if (!type || !*type) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Relation type should be specified!");
        return NULL;
    }
    json_auto_t *from_id = check_end(sim, rq, rp, json_str(from, "entityType"), json_str(from, "id"));
    json_auto_t *to_id =
        from_id ? check_end(sim, rq, rp, json_str(to, "entityType"), json_str(to, "id")) : NULL;
    if (!to_id)
        return NULL;
    json_t *doc = json_pack("{s:O, s:O, s:s, s:s, s:i, s:o}", "from", from_id, "to", to_id, "type", type,
                            "typeGroup", group ? group : "COMMON", "version", 1, "additionalInfo",
                            entity_any_field(rq, "additionalInfo"));
    size_t at = store_find_relation(&sim->store, doc);
    if (at != SIZE_MAX)
        json_put(doc, "version", json_integer(json_int(sim->store.relations[at].doc, "version", 0) + 1));
    return doc;
}

void save_relation(struct sim *sim, struct request *rq, struct reply *rp)
{
    json_t *doc = build(sim, rq, rp);

    if (!doc)
        return;
    reply_json(rp, json_incref(doc));
    if (store_add_relation(&sim->store, doc) < 0)
        reply_full(rp);
}

void save_relation_v1(struct sim *sim, struct request *rq, struct reply *rp)
{
    save_relation(sim, rq, rp);
    if (rp->status == 200)
        reply_empty(rp, 200);
}

/* The relation that the query parameters name; SIZE_MAX: the reply is a refusal. */
static size_t find_by_params(struct sim *sim, struct request *rq, struct reply *rp)
{
    static const char *const required[] = {"fromId", "fromType", "relationType", "toId", "toType"};
    const char *group = request_param(rq, "relationTypeGroup");

    for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
        if (!request_param(rq, required[i])) {
            reply_error(rp, 500, ERROR_GENERAL,
                        "Required request parameter '%s' for method parameter type String is not present",
                        required[i]);
            return SIZE_MAX;
        }
    }
    json_t *from = check_end(sim, rq, rp, request_param(rq, "fromType"), request_param(rq, "fromId"));
    json_t *to = from ? check_end(sim, rq, rp, request_param(rq, "toType"), request_param(rq, "toId")) : NULL;
    json_auto_t *key = json_object();
    json_put(key, "from", from);
    json_put(key, "to", to);
    json_put(key, "type", json_text(request_param(rq, "relationType")));
    json_put(key, "typeGroup", json_text(group && *group ? group : "COMMON"));
    if (!to)
        return SIZE_MAX;
    size_t at = store_find_relation(&sim->store, key);
    if (at == SIZE_MAX)
        reply_item_not_found(rp);
    return at;
}

void get_relation(struct sim *sim, struct request *rq, struct reply *rp)
{
    size_t at = find_by_params(sim, rq, rp);

    if (at != SIZE_MAX)
        reply_json(rp, json_incref(sim->store.relations[at].doc));
}

void delete_relation(struct sim *sim, struct request *rq, struct reply *rp)
{
    size_t at = find_by_params(sim, rq, rp);

    if (at == SIZE_MAX)
        return;
    reply_json(rp, json_incref(sim->store.relations[at].doc));
    store_remove_relation(&sim->store, at);
}

void delete_relation_v1(struct sim *sim, struct request *rq, struct reply *rp)
{
    delete_relation(sim, rq, rp);
    if (rp->status == 200)
        reply_empty(rp, 200);
}

void delete_relations(struct sim *sim, struct request *rq, struct reply *rp)
{
    json_auto_t *end = check_end(sim, rq, rp, request_param(rq, "entityType"), request_param(rq, "entityId"));

    if (!end)
        return;
    store_remove_relations_of(&sim->store, json_str(end, "id"));
    reply_empty(rp, 200);
}

static const char *name_of(const struct store *store, const json_t *id)
{
    const char *text = json_str(id, "id");
    const struct entity *e = text ? map_get(&store->by_id, text) : NULL;

    return e ? json_str(e->doc, "name") : NULL;
}

json_t *relation_render(const struct store *store, const json_t *doc, bool info, bool from)
{
    if (!info)
        return json_incref((json_t *)(uintptr_t)doc);
    json_t *copy = json_copy((json_t *)(uintptr_t)doc);
    const char *name = name_of(store, json_object_get(doc, from ? "to" : "from"));
    json_put(copy, "fromName", !from && name ? json_string(name) : NULL);
    json_put(copy, "toName", from && name ? json_string(name) : NULL);
    return copy;
}

/* GET /api/relations[/info]/{from|to}/{type}/{id}[/{relationType}] */
static void find(struct sim *sim, struct request *rq, struct reply *rp, bool from, bool info)
{
    const char *group = request_param(rq, "relationTypeGroup");
    json_auto_t *end = check_end(sim, rq, rp, rq->vars[0], rq->vars[1]);
    json_t *list;

    if (!end)
        return;
    list = json_array();
    for (size_t i = 0; i < sim->store.n_relations; i++) {
        const json_t *doc = sim->store.relations[i].doc;

        if (!streq(entity_id_field(doc, from ? "from" : "to", NULL), json_str(end, "id")) ||
            !streq(json_str(doc, "typeGroup"), group && *group ? group : "COMMON") ||
            (rq->vars[2] && !streq(json_str(doc, "type"), rq->vars[2])))
            continue;
        json_array_append_new(list, relation_render(&sim->store, doc, info, from));
    }
    reply_json(rp, list);
}

void find_relations_from(struct sim *sim, struct request *rq, struct reply *rp)
{
    find(sim, rq, rp, true, false);
}

void find_relations_to(struct sim *sim, struct request *rq, struct reply *rp)
{
    find(sim, rq, rp, false, false);
}

void find_relation_infos_from(struct sim *sim, struct request *rq, struct reply *rp)
{
    find(sim, rq, rp, true, true);
}

void find_relation_infos_to(struct sim *sim, struct request *rq, struct reply *rp)
{
    find(sim, rq, rp, false, true);
}
