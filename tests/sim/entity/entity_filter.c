/* SPDX-License-Identifier: Apache-2.0 */
/* The entity filter and the key filters of a query. */
#include <string.h>

#include "sim/entity/entity_query.h"

struct entity_filter {
    const char *kind;        /* its discriminator */
    const char *entity_type; /* the name of the type */
    const char *name;        /* a prefix; NULL: any */
    json_t *ids;             /* an object whose members are the ids; NULL: any */
    json_t *types;           /* device or asset types, the same; NULL: any */
};

static json_t *value_of_field(const struct entity *e, const char *key)
{
    if (streq(key, "entityType"))
        return json_string(entity_type_name(e->type));
    if (streq(key, "id"))
        return json_string(e->id);
    return json_incref(json_object_get(e->doc, key));
}

static json_t *value_of_attribute(const struct entity *e, const char *type, const char *key, int64_t *ret_ts)
{
    static const enum scope order[] = {SERVER_SCOPE, SHARED_SCOPE, CLIENT_SCOPE};
    static const char *const names[] = {"SERVER_ATTRIBUTE", "SHARED_ATTRIBUTE", "CLIENT_ATTRIBUTE"};

    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        const struct attribute *a = attribute_find(&e->telemetry, order[i], key);

        if (!a || !(streq(type, "ATTRIBUTE") || streq(type, names[i])))
            continue;
        *ret_ts = a->ts;
        return json_incref(a->value);
    }
    return NULL;
}

json_t *query_value(const struct entity *e, const json_t *key, int64_t now, int64_t *ret_ts)
{
    const char *type = json_str(key, "type");
    const char *name = json_str(key, "key");

    *ret_ts = now;
    if (!type || !name)
        return NULL;
    if (streq(type, "ENTITY_FIELD"))
        return value_of_field(e, name);
    if (!streq(type, "TIME_SERIES"))
        return value_of_attribute(e, type, name, ret_ts);
    const struct point *p = series_latest(&e->telemetry, name);
    if (!p)
        return NULL;
    *ret_ts = p->ts;
    return json_incref(p->value);
}

static bool passes_key_filter(const struct entity *e, const json_t *filter, int64_t now)
{
    int64_t ts;
    json_auto_t *value = query_value(e, json_object_get(filter, "key"), now, &ts);

    return predicate_holds(json_object_get(filter, "predicate"), value);
}

static bool passes_key_filters(const struct entity *e, const json_t *query, int64_t now)
{
    const json_t *filters = json_object_get(query, "keyFilters");
    bool or = streq(json_str(query, "keyFiltersOperation"), "OR");

    for (size_t i = 0; i < json_array_size(filters); i++) {
        if (passes_key_filter(e, json_array_get(filters, i), now) == or)
            return or ;
    }
    return ! or || json_array_size(filters) == 0;
}

static json_t *as_set(const json_t *strings, const char *one)
{
    json_t *set = json_object();

    for (size_t i = 0; i < json_array_size(strings); i++) {
        const char *s = json_string_value(json_array_get(strings, i));

        if (s)
            json_put(set, s, json_true());
    }
    if (one)
        json_put(set, one, json_true());
    return set;
}

/* deviceType and assetType: {"deviceTypes":[..],"deviceType":..,"deviceNameFilter":..} */
static void parse_typed(const json_t *f, struct entity_filter *ret, bool device)
{
    const json_t *types = json_object_get(f, device ? "deviceTypes" : "assetTypes");
    const char *type = json_str(f, device ? "deviceType" : "assetType");

    ret->entity_type = device ? "DEVICE" : "ASSET";
    ret->name = json_str(f, device ? "deviceNameFilter" : "assetNameFilter");
    ret->types = as_set(types, type);
}

/* False: the reply is a refusal. */
static bool parse_filter(const json_t *f, struct reply *rp, struct entity_filter *ret)
{
    const json_t *single = json_object_get(f, "singleEntity");

    *ret = (struct entity_filter){.kind = json_str(f, "type"), .entity_type = json_str(f, "entityType")};
    if (streq(ret->kind, "entityType"))
        return true;
    if (streq(ret->kind, "singleEntity")) {
        ret->entity_type = json_str(single, "entityType");
        ret->ids = as_set(NULL, json_str(single, "id"));
    } else if (streq(ret->kind, "entityList")) {
        ret->ids = as_set(json_object_get(f, "entityList"), NULL);
    } else if (streq(ret->kind, "entityName")) {
        ret->name = json_str(f, "entityNameFilter");
    } else if (streq(ret->kind, "deviceType") || streq(ret->kind, "assetType")) {
        parse_typed(f, ret, streq(ret->kind, "deviceType"));
    } else {
        reply_error(rp, 500, ERROR_GENERAL,
                    "JSON parse error: Could not resolve type id '%s' as a subtype of "
                    "`org.thingsboard.server.common.data.query.EntityFilter`",
                    ret->kind ? ret->kind : "null");
        return false;
    }
    return true;
}

static bool passes_filter(const struct entity *e, const struct entity_filter *f)
{
    const char *name = json_str(e->doc, "name");
    const char *type = json_str(e->doc, "type");

    if (!streq(f->entity_type, entity_type_name(e->type)))
        return false;
    if (f->name && (!name || strncasecmp(name, f->name, strlen(f->name)) != 0))
        return false;
    if (f->ids && !json_object_get(f->ids, e->id))
        return false;
    return !f->types || (type && json_object_get(f->types, type));
}

static bool check_query(const json_t *query, struct reply *rp)
{
    const json_t *filters = json_object_get(query, "keyFilters");
    const char *why = "";

    for (size_t i = 0; i < json_array_size(filters); i++) {
        if (!predicate_is_valid(json_object_get(json_array_get(filters, i), "predicate"), 0, &why)) {
            reply_error(rp, 500, ERROR_GENERAL,
                        "JSON parse error: Could not resolve type id '%s' as a subtype of "
                        "`org.thingsboard.server.common.data.query.KeyFilterPredicate`",
                        why);
            return false;
        }
    }
    return true;
}

bool query_select(struct sim *sim, struct request *rq, struct reply *rp, struct selection *ret)
{
    static const enum entity_type types[] = {ENTITY_DEVICE, ENTITY_ASSET, ENTITY_CUSTOMER, ENTITY_USER,
                                             ENTITY_TENANT};
    struct entity_filter filter;

    if (!check_query(rq->json, rp) || !parse_filter(json_object_get(rq->json, "entityFilter"), rp, &filter))
        return false;
    for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
        const struct entity_list *l = &sim->store.lists[types[t]];

        for (size_t i = 0; i < l->n; i++) {
            struct entity *e = l->items[i];

            if (passes_filter(e, &filter) && entity_may_see(rq, e) &&
                passes_key_filters(e, rq->json, rq->now))
                selection_add(ret, e);
        }
    }
    json_decref(filter.ids);
    json_decref(filter.types);
    return true;
}
