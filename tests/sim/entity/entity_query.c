/* SPDX-License-Identifier: Apache-2.0 */
/* Entity queries: count, find, available keys. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* qsort_r, strcasestr */
#endif
#include "sim/entity/entity_query.h"

#include <stdlib.h>
#include <string.h>

#include "sim/controller/controller_mapping.h"
#include "sim/controller/telemetry_controller.h"

struct order {
    const json_t *key;
    int64_t now;
    bool descending;
};

struct sort_item {
    struct entity *entity;
    json_t *value;
};

void count_entities_by_query(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct selection s = {};

    if (query_select(sim, rq, rp, &s))
        reply_json(rp, json_integer((json_int_t)s.n));
    selection_free(&s);
}

static int compare_json(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) {
        double x = json_number_value(a);
        double y = json_number_value(b);

        return (x > y) - (x < y);
    }
    json_auto_t *x = a ? telemetry_value_text(a) : json_string("");
    json_auto_t *y = b ? telemetry_value_text(b) : json_string("");
    return strcmp(json_string_value(x), json_string_value(y));
}

static int compare_items(const void *pa, const void *pb, void *cls)
{
    const struct sort_item *a = pa;
    const struct sort_item *b = pb;
    const struct order *order = cls;
    int c = order->key ? compare_json(a->value, b->value) : 0;

    if (c == 0)
        return strcmp(a->entity->id, b->entity->id);
    return order->descending ? -c : c;
}

static void sort(struct selection *s, const struct order *order)
{
    struct sort_item *items = xcalloc(s->n, sizeof *items);
    int64_t ts;

    for (size_t i = 0; i < s->n; i++) {
        items[i].entity = s->items[i];
        items[i].value = order->key ? query_value(s->items[i], order->key, order->now, &ts) : NULL;
    }
    if (s->n > 0)
        qsort_r(items, s->n, sizeof *items, compare_items, (void *)(uintptr_t)order);
    for (size_t i = 0; i < s->n; i++) {
        s->items[i] = items[i].entity;
        json_decref(items[i].value);
    }
    free(items);
}

/* textSearch looks into the entity fields that were asked for. */
static bool has_text(const struct entity *e, const json_t *fields, const char *text, int64_t now)
{
    int64_t ts;

    for (size_t i = 0; i < json_array_size(fields); i++) {
        json_auto_t *value = query_value(e, json_array_get(fields, i), now, &ts);

        if (json_is_string(value) && strcasestr(json_string_value(value), text))
            return true;
    }
    return false;
}

static void search_text(struct request *rq, struct selection *s, const char *text)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (has_text(s->items[i], json_object_get(rq->json, "entityFields"), text, rq->now))
            s->items[kept++] = s->items[i];
    }
    s->n = kept;
}

/* Adds latest[TYPE][key] = {ts, value} for each key; a value that is not there is "" at 0. */
static void add_values(json_t *latest, const struct entity *e, const json_t *keys, int64_t now)
{
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const char *type = json_str(key, "type");
        const char *name = json_str(key, "key");
        int64_t ts;
        json_auto_t *value = query_value(e, key, now, &ts);

        if (!type || !name)
            continue;
        if (!json_object_get(latest, type))
            json_put(latest, type, json_object());
        json_put(json_object_get(latest, type), name,
                 json_pack("{s:I, s:o}", "ts", (json_int_t)(value ? ts : 0), "value",
                           value && !json_is_null(value) ? telemetry_value_text(value) : json_string("")));
    }
}

/* Recorded: "Entity query find". */
static json_t *render(const struct request *rq, const struct entity *e)
{
    json_t *latest = json_object();

    add_values(latest, e, json_object_get(rq->json, "entityFields"), rq->now);
    add_values(latest, e, json_object_get(rq->json, "latestValues"), rq->now);
    return json_pack("{s:o, s:o, s:{}, s:{}}", "entityId", json_entity_id(entity_type_name(e->type), e->id),
                     "latest", latest, "timeseries", "aggLatest");
}

json_t *query_page(struct sim *sim, struct request *rq, struct reply *rp)
{
    const json_t *link = json_object_get(rq->json, "pageLink");
    const json_t *sort_order = json_object_get(link, "sortOrder");
    const char *text = json_str(link, "textSearch");
    int64_t size = json_int(link, "pageSize", 0);
    int64_t page = json_int(link, "page", 0);
    struct order order = {
        .key = json_object_get(sort_order, "key"),
        .now = rq->now,
        .descending = streq(json_str(sort_order, "direction"), "DESC"),
    };
    struct selection s = {};

    if (size < 1 || size > INT32_MAX || page < 0 || page > INT32_MAX) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Incorrect page link page size '%lld'. Page size must be greater than zero.",
                    (long long)size);
        return NULL;
    }
    if (!query_select(sim, rq, rp, &s))
        return NULL;
    if (text && *text)
        search_text(rq, &s, text);
    sort(&s, &order);
    json_t *data = json_array();
    for (size_t i = (size_t)(page * size); i < s.n && json_array_size(data) < (size_t)size; i++)
        json_array_append_new(data, render(rq, s.items[i]));
    json_t *whole = page_json(data, s.n, size, page);
    selection_free(&s);
    return whole;
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

static void free_keys(struct key_sets *sets)
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
    struct selection s = {};
    struct key_sets sets;
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
    free_keys(&sets);
    selection_free(&s);
}

void find_available_keys_v2(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct selection s = {};
    struct key_sets sets;

    if (!query_select(sim, rq, rp, &s))
        return;
    collect_keys(&s, &sets);
    json_t *attributes = json_object();
    for (size_t i = 0; i < N_SCOPES; i++)
        json_put(attributes, scope_name((enum scope)i), names_of(sets.attributes[i], true));
    reply_json(rp, json_pack("{s:I, s:o, s:o, s:o}", "totalEntities", (json_int_t)s.n, "entityTypes",
                             names_of(sets.types, false), "timeseries", names_of(sets.series, true),
                             "attributes", attributes));
    free_keys(&sets);
    selection_free(&s);
}
