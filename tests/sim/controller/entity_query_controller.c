/* SPDX-License-Identifier: Apache-2.0 */
/* Entity queries: count, find, available keys. */
#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_query.h"

void count_entities_by_query(struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(selection_free) struct selection s = {};

    if (query_select(sim, rq, rp, &s))
        reply_json(rp, json_integer((json_int_t)s.n));
}

void find_entity_data_by_query(struct sim *sim, struct request *rq, struct reply *rp)
{
    json_t *page = query_page(sim, rq, rp);

    if (page)
        reply_json(rp, page);
}

/* Sets of keys, as objects whose members are the keys. */
struct key_sets {
    json_t *types;
    json_t *series;
    json_t *attributes[N_SCOPES];
};

static void collect_keys(const struct selection *s, struct key_sets *ret)
{
    *ret = (struct key_sets){json_object(), json_object(), {json_object(), json_object(), json_object()}};
    for (size_t i = 0; i < s->n; i++) {
        const struct telemetry *t = &s->items[i]->telemetry;

        json_put(ret->types, entity_type_name(s->items[i]->type), json_true());
        for (size_t k = 0; k < t->n_series; k++)
            json_put(ret->series, t->series[k].key, json_true());
        for (size_t scope = 0; scope < N_SCOPES; scope++)
            for (size_t k = 0; k < t->attributes[scope].n; k++)
                json_put(ret->attributes[scope], t->attributes[scope].list[k].key, json_true());
    }
}

static void key_sets_free(struct key_sets *sets)
{
    json_decref(sets->types);
    json_decref(sets->series);
    for (size_t i = 0; i < N_SCOPES; i++)
        json_decref(sets->attributes[i]);
}

/* The members' names, as strings or as {"key":..}. */
static json_t *names_of(const json_t *set, bool objects)
{
    json_t *list = json_array();
    const char *name;
    json_t *unused;

    json_object_foreach((json_t *)(uintptr_t)set, name, unused)
        json_array_append_new(list, objects ? json_pack("{s:s}", "key", name) : json_string(name));
    return list;
}

void find_available_keys(struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(selection_free) struct selection s = {};
    CLEANUP(key_sets_free) struct key_sets sets = {};
    json_auto_t *all = json_object();

    if (!query_select(sim, rq, rp, &s))
        return;
    collect_keys(&s, &sets);
    for (size_t i = 0; i < N_SCOPES; i++)
        json_object_update(all, sets.attributes[i]);
    reply_json(rp,
               json_pack("{s:o, s:o, s:o}", "timeseries",
                         request_flag(rq, "timeseries") ? names_of(sets.series, false) : json_array(),
                         "attribute", request_flag(rq, "attributes") ? names_of(all, false) : json_array(),
                         "entityTypes", names_of(sets.types, false)));
}

void find_available_keys_v2(struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(selection_free) struct selection s = {};
    CLEANUP(key_sets_free) struct key_sets sets = {};

    if (!query_select(sim, rq, rp, &s))
        return;
    collect_keys(&s, &sets);
    json_t *attributes = json_object();
    for (size_t i = 0; i < N_SCOPES; i++)
        json_put(attributes, scope_name((enum scope)i), names_of(sets.attributes[i], true));
    reply_json(rp, json_pack("{s:I, s:o, s:o, s:o}", "totalEntities", (json_int_t)s.n, "entityTypes",
                             names_of(sets.types, false), "timeseries", names_of(sets.series, true),
                             "attributes", attributes));
}
