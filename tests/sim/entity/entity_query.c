/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/entity/entity_query.h"

#include <stdlib.h>
#include <string.h>

#include "sim/entity/json_converter.h"

struct order {
    const json_t *key;
    int64_t now;
    bool descending;
};

struct sort_item {
    struct entity *entity;
    json_t *value;
};

static int compare_json(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) {
        double x = json_number_value(a);
        double y = json_number_value(b);

        return (x > y) - (x < y);
    }
    json_auto_t *x = a ? convert_to_string(a) : json_string("");
    json_auto_t *y = b ? convert_to_string(b) : json_string("");
    return strcmp(json_string_value(x), json_string_value(y));
}

static int query_compare_items(const void *pa, const void *pb, void *cls)
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
    struct sort_item *items = xcalloc(s->n, sizeof(*items));
    int64_t ts;

    for (size_t i = 0; i < s->n; i++) {
        items[i].entity = s->items[i];
        items[i].value = order->key ? query_value(s->items[i], order->key, order->now, &ts) : NULL;
    }
    if (s->n > 0)
        qsort_r(items, s->n, sizeof(*items), query_compare_items, (void *)(uintptr_t)order);
    for (size_t i = 0; i < s->n; i++) {
        s->items[i] = items[i].entity;
        json_decref(items[i].value);
    }
    free(items);
}

/* textSearch is for the entity fields that the query names. */
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

/* Adds latest[TYPE][key] = {ts, value} for each key; a value that does not exist is "" at 0. */
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
                           value && !json_is_null(value) ? convert_to_string(value) : json_string("")));
    }
}

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
    CLEANUP(selection_free) struct selection s = {};

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
    return page_json(data, s.n, size, page);
}
