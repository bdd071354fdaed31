/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/subscription/entity_data_subscription.h"

#include <stdlib.h>
#include <string.h>

#include "sim/entity/entity_query.h"

enum {
    QUERIES_MAX = 1000, /* of one WebSocket */
    INTERNAL_ERROR = 1, /* SubscriptionErrorCode */
    ALLOWED_ENTITIES = 10000,
};

struct data_query {
    int64_t id;
    json_t *entities; /* an object whose members are the ids */
    json_t *keys;     /* [{"type","key"},...] that are subscribed to */
};

void output_send(const struct output *out, json_t *message)
{
    size_t length;
    CLEANUP(free_pointer) char *text = java_json_text(message, &length);

    out->send(out->arg, text, length);
    json_decref(message);
}

static void remove_query(struct data_queries *queries, int64_t id)
{
    for (size_t i = 0; i < queries->n; i++) {
        if (queries->list[i].id != id)
            continue;
        json_decref(queries->list[i].entities);
        json_decref(queries->list[i].keys);
        queries->list[i] = queries->list[--queries->n];
        return;
    }
}

static void add_query(struct data_queries *queries, int64_t id, const json_t *page, json_t *keys)
{
    const json_t *data = json_object_get(page, "data");

    remove_query(queries, id);
    if (!json_is_array(keys) || queries->n == QUERIES_MAX)
        return;
    queries->list = xrealloc(queries->list, queries->n + 1, sizeof(*queries->list));
    struct data_query *q = &queries->list[queries->n++];
    *q = (struct data_query){id, json_object(), json_incref(keys)};
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *entity = json_object_get(json_array_get(data, i), "entityId");

        json_put(q->entities, json_str(entity, "id"), json_true());
    }
}

/* {"cmdId":..,"data":PAGE,"update":LIST,...}; one of the two is null. Takes both over. */
static void send_page(const struct output *out, int64_t id, json_t *page, json_t *update)
{
    output_send(out, json_pack("{s:I, s:o, s:o, s:i, s:n, s:i, s:s}", "cmdId", (json_int_t)id, "data", page,
                               "update", update, "errorCode", 0, "errorMsg", "allowedEntities",
                               (int)ALLOWED_ENTITIES, "cmdUpdateType", "ENTITY_DATA"));
}

static void send_error(const struct output *out, int64_t id, const char *update_type)
{
    output_send(out,
                json_pack("{s:I, s:i, s:s, s:s}", "cmdId", (json_int_t)id, "errorCode", (int)INTERNAL_ERROR,
                          "errorMsg", "Failed to fetch data!", "cmdUpdateType", update_type));
}

/* The same query as a request of the REST API. */
static struct request request_of(const struct sim *sim, const struct user *user, const json_t *cmd)
{
    return (struct request){
        .user = (struct user *)(uintptr_t)user,
        .json = json_object_get(cmd, "query"),
        .now = sim_now_ms(sim),
    };
}

static void ask_data(struct sim *sim, const struct user *user, struct data_queries *queries,
                     const json_t *cmd, int64_t id, const struct output *out)
{
    struct request rq = request_of(sim, user, cmd);
    CLEANUP(reply_free) struct reply refusal = {};
    json_t *page = query_page(sim, &rq, &refusal);

    if (!page) {
        send_error(out, id, "ENTITY_DATA");
        return;
    }
    add_query(queries, id, page, json_object_get(json_object_get(cmd, "latestCmd"), "keys"));
    send_page(out, id, page, json_null());
}

static void ask_count(struct sim *sim, const struct user *user, const json_t *cmd, int64_t id,
                      const struct output *out)
{
    struct request rq = request_of(sim, user, cmd);
    CLEANUP(reply_free) struct reply refusal = {};
    CLEANUP(selection_free) struct selection s = {};

    if (query_select(sim, &rq, &refusal, &s))
        output_send(out,
                    json_pack("{s:I, s:I, s:i, s:n, s:s}", "cmdId", (json_int_t)id, "count", (json_int_t)s.n,
                              "errorCode", 0, "errorMsg", "cmdUpdateType", "COUNT_DATA"));
    else
        send_error(out, id, "COUNT_DATA");
}

static void send_notifications(int64_t id, const struct output *out)
{
    output_send(out, json_pack("{s:I, s:i, s:n, s:[], s:n, s:i, s:i, s:s}", "cmdId", (json_int_t)id,
                               "errorCode", 0, "errorMsg", "notifications", "update", "totalUnreadCount", 0,
                               "sequenceNumber", 1, "cmdUpdateType", "NOTIFICATIONS"));
}

bool data_queries_command(struct sim *sim, const struct user *user, struct data_queries *queries,
                          const json_t *cmd, const char *type, const struct output *out)
{
    int64_t id = json_int(cmd, "cmdId", 0);

    if (streq(type, "ENTITY_DATA"))
        ask_data(sim, user, queries, cmd, id, out);
    else if (streq(type, "ENTITY_DATA_UNSUBSCRIBE"))
        remove_query(queries, id);
    else if (streq(type, "ENTITY_COUNT"))
        ask_count(sim, user, cmd, id, out);
    else if (streq(type, "NOTIFICATIONS"))
        send_notifications(id, out);
    else
        return false;
    return true;
}

static bool is_of_scope(const char *type, enum scope scope)
{
    static const char *const types[] = {"CLIENT_ATTRIBUTE", "SERVER_ATTRIBUTE", "SHARED_ATTRIBUTE"};

    if (scope == N_SCOPES)
        return streq(type, "TIME_SERIES");
    return streq(type, "ATTRIBUTE") || streq(type, types[scope]);
}

/* {"TIME_SERIES":{"key":{"ts":..,"value":".."}}} for the keys of the query; the last of several values. */
static json_t *latest_of(const struct data_query *q, enum scope scope, const json_t *changes)
{
    json_t *latest = json_object();

    for (size_t i = 0; i < json_array_size(q->keys); i++) {
        const char *type = json_str(json_array_get(q->keys, i), "type");
        const char *key = json_str(json_array_get(q->keys, i), "key");
        const json_t *points = key ? json_object_get(changes, key) : NULL;
        const json_t *last = json_array_get(points, json_array_size(points) - 1);

        if (!last || !is_of_scope(type, scope))
            continue;
        if (!json_object_get(latest, type))
            json_put(latest, type, json_object());
        json_put(json_object_get(latest, type), key,
                 json_pack("{s:O, s:O}", "ts", json_array_get(last, 0), "value", json_array_get(last, 1)));
    }
    return latest;
}

void data_queries_notify(const struct data_queries *queries, const struct entity *e, enum scope scope,
                         const json_t *changes, const struct output *out)
{
    for (size_t i = 0; i < queries->n; i++) {
        const struct data_query *q = &queries->list[i];
        json_t *latest = json_object_get(q->entities, e->id) ? latest_of(q, scope, changes) : NULL;

        if (json_object_size(latest) > 0)
            send_page(out, q->id, json_null(),
                      json_pack("[{s:o, s:O, s:n, s:n}]", "entityId",
                                json_entity_id(entity_type_name(e->type), e->id), "latest", latest,
                                "timeseries", "aggLatest"));
        json_decref(latest);
    }
}

void data_queries_free(struct data_queries *queries)
{
    while (queries->n > 0)
        remove_query(queries, queries->list[0].id);
    free(queries->list);
    *queries = (struct data_queries){};
}
