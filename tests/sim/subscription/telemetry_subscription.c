/* SPDX-License-Identifier: Apache-2.0 */
/* First the values that exist are sent, then one message for every write. */
#include "sim/subscription/telemetry_subscription.h"

#include <stdlib.h>
#include <string.h>

#include "sim/entity/entity_access.h"
#include "sim/entity/json_converter.h"

enum {
    SUBSCRIPTIONS_MAX = 1000, /* of one WebSocket */
    HISTORY_LIMIT = 100,      /* values, if a command has no limit */
};

/* SubscriptionErrorCode */
enum {
    INTERNAL_ERROR = 1,
    BAD_REQUEST = 2,
};

struct subscription {
    int64_t id;
    enum entity_type type;
    char entity_id[UUID_LEN + 1];
    enum scope scope; /* N_SCOPES: all attributes; time series have none */
    bool attributes;
    json_t *keys; /* an array; NULL: all */
};

void changes_add(json_t *changes, const char *key, int64_t ts, const json_t *value)
{
    json_t *points = json_object_get(changes, key);

    if (!points) {
        points = json_array();
        json_object_set_new(changes, key, points);
    }
    json_array_append_new(
        points, json_pack("[I, o]", (json_int_t)ts, value ? convert_to_string(value) : json_null()));
}

/* latestValues has the time of the last point of each key in the message, which in a history, newest first,
 * is the oldest. */
static void send_data(const struct output *out, int64_t id, json_t *data)
{
    json_t *latest = json_object();
    const char *key;
    json_t *points;

    json_object_foreach(data, key, points)
    {
        const json_t *last = json_array_get(points, json_array_size(points) - 1);

        json_object_set(latest, key, json_array_get(last, 0));
    }
    output_send(out, json_pack("{s:I, s:i, s:n, s:o, s:o}", "subscriptionId", (json_int_t)id, "errorCode", 0,
                               "errorMsg", "data", data, "latestValues", latest));
}

static void send_error(const struct output *out, int64_t id, int code, const char *message)
{
    output_send(out, json_pack("{s:I, s:i, s:s, s:n, s:{}}", "subscriptionId", (json_int_t)id, "errorCode",
                               code, "errorMsg", message, "data", "latestValues"));
}

static json_t *split_keys(const char *text)
{
    json_t *keys = json_array();

    while (text && *text) {
        size_t n = strcspn(text, ",");

        json_array_append_new(keys, json_stringn(text, n));
        text += n + (text[n] == ',');
    }
    if (json_array_size(keys) > 0)
        return keys;
    json_decref(keys);
    return NULL;
}

static bool is_wanted(const struct subscription *s, const char *key)
{
    return !s->keys || json_array_has(s->keys, key);
}

/* A named key without a value is sent as null, now. */
static json_t *latest_telemetry(const struct subscription *s, const struct entity *e, int64_t now)
{
    json_t *data = json_object();

    for (size_t i = 0; i < json_array_size(s->keys); i++) {
        const char *key = json_string_value(json_array_get(s->keys, i));
        const struct point *p = series_latest(&e->telemetry, key);

        if (!json_object_get(data, key))
            changes_add(data, key, p ? p->ts : now, p ? p->value : NULL);
    }
    for (size_t i = 0; !s->keys && i < e->telemetry.n_series; i++) {
        const struct series *one = &e->telemetry.series[i];

        changes_add(data, one->key, one->points[one->n - 1].ts, one->points[one->n - 1].value);
    }
    return data;
}

static json_t *history(const struct subscription *s, const struct entity *e, int64_t from, int64_t to,
                       int64_t limit)
{
    json_t *data = json_object();

    for (size_t i = 0; i < json_array_size(s->keys); i++) {
        const char *key = json_string_value(json_array_get(s->keys, i));
        const struct series *one = series_find(&e->telemetry, key);
        size_t first = one ? series_lower_bound(one, from) : 0;
        size_t end = one ? series_lower_bound(one, to) : 0;

        for (int64_t n = 0; first < end && n < limit; n++) {
            end--;
            changes_add(data, key, one->points[end].ts, one->points[end].value);
        }
    }
    return data;
}

static json_t *current_attributes(const struct subscription *s, const struct entity *e)
{
    json_t *data = json_object();

    for (size_t scope = 0; scope < N_SCOPES; scope++) {
        const struct attributes *a = &e->telemetry.attributes[scope];

        for (size_t i = 0; (s->scope == N_SCOPES || s->scope == scope) && i < a->n; i++) {
            if (is_wanted(s, a->list[i].key))
                changes_add(data, a->list[i].key, a->list[i].ts, a->list[i].value);
        }
    }
    return data;
}

static struct subscription *find_subscription(const struct subscriptions *all, int64_t id)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->list[i].id == id)
            return &all->list[i];
    }
    return NULL;
}

static void remove_subscription(struct subscriptions *all, int64_t id)
{
    struct subscription *s = find_subscription(all, id);

    if (!s)
        return;
    json_decref(s->keys);
    *s = all->list[--all->n];
}

static void add_subscription(struct subscriptions *all, const struct subscription *s)
{
    remove_subscription(all, s->id);
    all->list = xrealloc(all->list, all->n + 1, sizeof(*all->list));
    all->list[all->n] = *s;
    all->list[all->n++].keys = json_incref(s->keys);
}

/* The entity of a command. NULL: an error is sent. */
static const struct entity *entity_of(struct sim *sim, const struct user *user, const json_t *cmd, int64_t id,
                                      const struct output *out)
{
    const struct request rq = {.user = (struct user *)(uintptr_t)user};
    const char *entity_id = json_str(cmd, "entityId");
    enum entity_type type;
    const struct entity *e = NULL;

    if (!entity_id || !*entity_id) {
        send_error(out, id, BAD_REQUEST, "Device id is empty!");
        return NULL;
    }
    if (entity_type_parse(json_str(cmd, "entityType"), &type) == 0)
        e = store_find(&sim->store, type, entity_id);
    if (!e || !entity_may_see(&rq, e)) {
        send_error(out, id, INTERNAL_ERROR, "Failed to fetch data!");
        return NULL;
    }
    return e;
}

static void run_telemetry(struct sim *sim, struct subscriptions *all, const json_t *cmd,
                          const struct subscription *s, const struct entity *e, const struct output *out,
                          bool only_history)
{
    int64_t from = json_int(cmd, "startTs", 0);
    int64_t window = json_int(cmd, "timeWindow", 0);
    int64_t limit = json_int(cmd, "limit", 0);

    if (limit <= 0)
        limit = HISTORY_LIMIT;
    if (only_history && !s->keys)
        send_error(out, s->id, BAD_REQUEST, "Keys are empty!");
    else if (only_history)
        send_data(out, s->id, history(s, e, from, json_int(cmd, "endTs", 0), limit));
    else if (window > 0 && s->keys)
        send_data(out, s->id, history(s, e, from, from + window, limit));
    else
        send_data(out, s->id, latest_telemetry(s, e, sim_now_ms(sim)));
    if (!only_history)
        add_subscription(all, s);
}

/* One command; false: its type is not known. */
static bool run(struct sim *sim, const struct user *user, struct subscriptions *all, const json_t *cmd,
                const char *type, const struct output *out)
{
    bool only_history = streq(type, "TIMESERIES_HISTORY");
    struct subscription s = {
        .id = json_int(cmd, "cmdId", 0), .scope = N_SCOPES, .attributes = streq(type, "ATTRIBUTES")};

    if (!s.attributes && !only_history && !streq(type, "TIMESERIES"))
        return data_queries_command(sim, user, &all->queries, cmd, type, out);
    if (json_is_true(json_object_get(cmd, "unsubscribe"))) {
        bool every = !json_str(cmd, "entityId"); /* as a real server reads it */

        while (every && all->n > 0)
            remove_subscription(all, all->list[0].id);
        remove_subscription(all, s.id);
        return true;
    }
    const struct entity *e = entity_of(sim, user, cmd, s.id, out);
    if (!e || all->n >= SUBSCRIPTIONS_MAX)
        return true;
    s.type = e->type;
    memcpy(s.entity_id, e->id, sizeof(s.entity_id));
    s.keys = split_keys(json_str(cmd, "keys"));
    if (s.attributes) {
        scope_parse(json_str(cmd, "scope"), &s.scope);
        send_data(out, s.id, current_attributes(&s, e));
        add_subscription(all, &s);
    } else {
        run_telemetry(sim, all, cmd, &s, e, out, only_history);
    }
    json_decref(s.keys);
    return true;
}

void subscriptions_command(struct sim *sim, const struct user *user, struct subscriptions *subscriptions,
                           const json_t *message)
{
    static const struct {
        const char *member;
        const char *type; /* NULL: each command has its own */
    } shapes[] = {{"attrSubCmds", "ATTRIBUTES"},
                  {"tsSubCmds", "TIMESERIES"},
                  {"historyCmds", "TIMESERIES_HISTORY"},
                  {"cmds", NULL}};
    bool ok = json_is_object(message);

    for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
        const json_t *list = json_object_get(message, shapes[i].member);

        for (size_t n = 0; n < json_array_size(list); n++) {
            const json_t *cmd = json_array_get(list, n);

            ok = ok && run(sim, user, subscriptions, cmd,
                           shapes[i].type ? shapes[i].type : json_str(cmd, "type"), &subscriptions->out);
        }
    }
    if (!ok) /* the id is 1, whatever the command's */
        send_error(&subscriptions->out, 1, BAD_REQUEST, "Failed to parse the payload");
}

static bool concerns(const struct subscription *s, const struct entity *e, enum scope scope)
{
    return s->type == e->type && streq(s->entity_id, e->id) && s->attributes == (scope != TIMESERIES_SCOPE) &&
           (s->scope == N_SCOPES || s->scope == scope);
}

static void notify(const struct subscriptions *subscriptions, const struct entity *e, enum scope scope,
                   const json_t *changes)
{
    for (size_t i = 0; i < subscriptions->n; i++) {
        const struct subscription *s = &subscriptions->list[i];
        json_auto_t *data = json_object();
        const char *key;
        json_t *points;

        if (!concerns(s, e, scope))
            continue;
        json_object_foreach((json_t *)(uintptr_t)changes, key, points)
        {
            if (is_wanted(s, key))
                json_object_set_new(data, key, json_deep_copy(points));
        }
        if (json_object_size(data) > 0)
            send_data(&subscriptions->out, s->id, json_incref(data));
    }
    data_queries_notify(&subscriptions->queries, e, scope, changes, &subscriptions->out);
}

void subscribers_notify(struct sim *sim, const struct entity *e, enum scope scope, const json_t *changes)
{
    const struct subscriptions *subscriptions;

    list_for_each(subscriptions, &sim->subscribers, link)
        notify(subscriptions, e, scope, changes);
}

json_t *subscriptions_json(const struct subscriptions *subscriptions)
{
    json_t *list = json_array();

    for (size_t i = 0; i < subscriptions->n; i++) {
        const struct subscription *s = &subscriptions->list[i];

        json_array_append_new(list,
                              json_pack("{s:I, s:s, s:s, s:s, s:s*, s:O?}", "cmdId", (json_int_t)s->id,
                                        "type", s->attributes ? "ATTRIBUTES" : "TIMESERIES", "entityType",
                                        entity_type_name(s->type), "entityId", s->entity_id, "scope",
                                        s->scope == N_SCOPES ? NULL : scope_name(s->scope), "keys", s->keys));
    }
    return list;
}

void subscriptions_open(struct sim *sim, struct subscriptions *subscriptions, const struct output *out)
{
    *subscriptions = (struct subscriptions){.out = *out};
    list_append(&sim->subscribers, &subscriptions->link);
}

void subscriptions_close(struct subscriptions *subscriptions)
{
    list_remove(&subscriptions->link);
}

void subscriptions_free(struct subscriptions *subscriptions)
{
    while (subscriptions->n > 0)
        remove_subscription(subscriptions, subscriptions->list[0].id);
    free(subscriptions->list);
    data_queries_free(&subscriptions->queries);
}
