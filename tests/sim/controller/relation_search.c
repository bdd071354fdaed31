/* SPDX-License-Identifier: Apache-2.0 */
/* POST /api/relations: the relations around an entity, level by level. */
#include "sim/controller/relation_controller.h"

#include "sim/controller/controller_mapping.h"

enum {
    LEVEL_MAX = 10,
};

struct search {
    const struct store *store;
    const json_t *filters;
    const char *group;
    bool from;
    bool info;
    json_t *seen; /* an object whose members are the ids that were roots */
    json_t *found;
};

/* [{"relationType":T,"entityTypes":[...]}]: whether one of them fits; without any, all do. */
static bool passes(const struct search *s, const json_t *doc)
{
    const char *type = json_str(json_object_get(doc, s->from ? "to" : "from"), "entityType");

    for (size_t i = 0; i < json_array_size(s->filters); i++) {
        const json_t *f = json_array_get(s->filters, i);
        const char *relation = json_str(f, "relationType");
        const json_t *types = json_object_get(f, "entityTypes");

        if ((!relation || streq(relation, json_str(doc, "type"))) &&
            (json_array_size(types) == 0 || json_array_has(types, type)))
            return true;
    }
    return json_array_size(s->filters) == 0;
}

/* Adds the relations of one level. Returns an object whose members are the ids of the next level. */
static json_t *search_level(struct search *s, const json_t *roots)
{
    json_t *next = json_object();

    for (size_t i = 0; i < s->store->n_relations; i++) {
        const json_t *doc = s->store->relations[i].doc;
        const char *near = entity_id_field(doc, s->from ? "from" : "to", "");
        const char *far = entity_id_field(doc, s->from ? "to" : "from", "");

        if (!json_object_get(roots, near) || !streq(json_str(doc, "typeGroup"), s->group))
            continue;
        if (!json_object_get(s->seen, far))
            json_put(next, far, json_true());
        if (passes(s, doc))
            json_array_append_new(s->found, relation_render(s->store, doc, s->info, s->from));
    }
    json_object_update(s->seen, next);
    return next;
}

static void search(struct sim *sim, struct request *rq, struct reply *rp, bool info)
{
    const json_t *parameters = json_object_get(rq->json, "parameters");
    const char *root = json_str(parameters, "rootId");
    const char *group = json_str(parameters, "relationTypeGroup");
    int64_t levels = json_int(parameters, "maxLevel", 1);

    if (!root || !uuid_is_valid(root)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Invalid UUID string: %s", root ? root : "null");
        return;
    }
    if (levels < 1 || levels > LEVEL_MAX)
        levels = LEVEL_MAX;
    json_auto_t *seen = json_pack("{s:b}", root, 1);
    json_t *roots = json_pack("{s:b}", root, 1);
    struct search s = {
        .store = &sim->store,
        .filters = json_object_get(rq->json, "filters"),
        .group = group ? group : "COMMON",
        .from = !streq(json_str(parameters, "direction"), "TO"),
        .info = info,
        .seen = seen,
        .found = json_array(),
    };
    while (levels-- > 0 && json_object_size(roots) > 0) {
        json_t *next = search_level(&s, roots);

        json_decref(roots);
        roots = next;
    }
    json_decref(roots);
    reply_json(rp, s.found);
}

void find_relations_by_query(struct sim *sim, struct request *rq, struct reply *rp)
{
    search(sim, rq, rp, false);
}

void find_relation_infos_by_query(struct sim *sim, struct request *rq, struct reply *rp)
{
    search(sim, rq, rp, true);
}
