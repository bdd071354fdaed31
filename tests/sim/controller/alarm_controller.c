/* SPDX-License-Identifier: Apache-2.0 */
/* Saving alarms, and changing their state. Listing is in alarm_listing.c. */
#include "sim/controller/alarm_controller.h"

#include "sim/controller/controller_mapping.h"

static bool is_severity(const char *text)
{
    static const char *const names[] = {"CRITICAL", "MAJOR", "MINOR", "WARNING", "INDETERMINATE"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (streq(text, names[i]))
            return true;
    }
    return false;
}

/* The status follows from the two flags. */
static void set_status(json_t *doc)
{
    bool cleared = json_is_true(json_object_get(doc, "cleared"));
    bool acknowledged = json_is_true(json_object_get(doc, "acknowledged"));

    json_put(doc, "status",
             json_string(cleared ? (acknowledged ? "CLEARED_ACK" : "CLEARED_UNACK")
                                 : (acknowledged ? "ACTIVE_ACK" : "ACTIVE_UNACK")));
}

/* The originator of the body; NULL: the reply is a refusal. */
static const struct entity *originator(struct sim *sim, struct request *rq, struct reply *rp)
{
    const json_t *id = json_object_get(rq->json, "originator");
    const char *text = json_str(id, "id");
    enum entity_type type;

    if (!text) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Alarm originator should be specified!");
        return NULL;
    }
    const struct entity *e = entity_type_parse(json_str(id, "entityType"), &type) == 0
                                 ? store_find(&sim->store, type, text)
                                 : NULL;
    if (!e)
        reply_not_found(rp, json_str(id, "entityType") ? json_str(id, "entityType") : "Entity", text);
    else if (!entity_may_see(rq, e)) {
        reply_no_permission(rp);
        return NULL;
    }
    return e;
}

/* The alarm to update: by id, or the active one of that type and originator. */
static struct entity *existing(struct sim *sim, struct request *rq, const struct entity *from,
                               const char *type)
{
    const char *id = entity_id_field(rq->json, "id", NULL);
    const struct entity_list *l = &sim->store.lists[ENTITY_ALARM];

    if (id)
        return store_find(&sim->store, ENTITY_ALARM, id);
    for (size_t i = 0; i < l->n; i++) {
        struct entity *e = l->items[i];

        if (!json_is_true(json_object_get(e->doc, "cleared")) && streq(json_str(e->doc, "type"), type) &&
            streq(entity_id_field(e->doc, "originator", NULL), from->id))
            return e;
    }
    return NULL;
}

static json_t *build(struct request *rq, const struct entity *e, const struct entity *from)
{
    const char *customer = entity_id_field(from->doc, "customerId", NULL_UUID);
    int64_t start = json_int(rq->json, "startTs", 0);
    int64_t end = json_int(rq->json, "endTs", 0);
    bool acknowledged = json_is_true(json_object_get(rq->json, "acknowledged"));
    bool cleared = json_is_true(json_object_get(rq->json, "cleared"));

    start = start > 0 ? start : rq->now;
    end = end >= start ? end : start;
    json_t *doc =
        json_pack("{s:o, s:I, s:o, s:o, s:O, s:o, s:O, s:b, s:b, s:n, s:I, s:I, s:I, s:I, s:i, s:o, s:b, "
                  "s:b, s:b, s:[], s:O}",
                  "id", json_entity_id("ALARM", e->id), "createdTime", (json_int_t)e->created, "tenantId",
                  json_incref(json_object_get(rq->user->entity->doc, "tenantId")), "customerId",
                  json_entity_id("CUSTOMER", customer), "type", json_object_get(rq->json, "type"),
                  "originator", json_entity_id(entity_type_name(from->type), from->id), "severity",
                  json_object_get(rq->json, "severity"), "acknowledged", acknowledged, "cleared", cleared,
                  "assigneeId", "startTs", (json_int_t)start, "endTs", (json_int_t)end, "ackTs",
                  (json_int_t)(acknowledged ? rq->now : 0), "clearTs", (json_int_t)(cleared ? rq->now : 0),
                  "assignTs", 0, "details", entity_any_field(rq, "details"), "propagate",
                  json_is_true(json_object_get(rq->json, "propagate")), "propagateToOwner",
                  json_is_true(json_object_get(rq->json, "propagateToOwner")), "propagateToTenant",
                  json_is_true(json_object_get(rq->json, "propagateToTenant")), "propagateRelationTypes",
                  "name", json_object_get(rq->json, "type"));
    set_status(doc);
    return doc;
}

void save_alarm(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *type = json_str(rq->json, "type");
    const char *severity = json_str(rq->json, "severity");

    if (!type || !*type) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Alarm type should be specified!");
        return;
    }
    if (!severity || !is_severity(severity)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Alarm severity should be specified!");
        return;
    }
    const struct entity *from = originator(sim, rq, rp);
    if (!from)
        return;
    struct entity *e = existing(sim, rq, from, type);
    if (!e && entity_id_field(rq->json, "id", NULL)) {
        reply_not_found(rp, "Alarm", entity_id_field(rq->json, "id", NULL));
        return;
    }
    if (!e)
        e = store_add(&sim->store, ENTITY_ALARM, rq->now);
    if (!e) {
        reply_full(rp);
        return;
    }
    json_t *old = e->doc;
    e->doc = build(rq, e, from);
    json_decref(old);
    reply_json(rp, json_incref(e->doc));
}

json_t *alarm_render_info(const struct store *store, const struct entity *e)
{
    json_t *info = json_copy(e->doc);
    const char *from_id = entity_id_field(e->doc, "originator", NULL);
    const char *user_id = entity_id_field(e->doc, "assigneeId", NULL);
    const struct entity *from = from_id ? map_get(&store->by_id, from_id) : NULL;
    const struct entity *user = user_id ? store_find(store, ENTITY_USER, user_id) : NULL;
    const json_t *name = from ? json_object_get(from->doc, "name") : NULL;
    const json_t *label = from ? json_object_get(from->doc, "label") : NULL;

    json_put(info, "originatorName", json_incref((json_t *)(uintptr_t)name));
    json_put(info, "originatorLabel", json_incref((json_t *)(uintptr_t)label));
    json_put(info, "originatorDisplayName",
             json_incref((json_t *)(uintptr_t)(json_is_string(label) ? label : name)));
    json_put(info, "assignee",
             user ? json_pack("{s:o, s:s, s:n, s:n}", "id", json_entity_id("USER", user->id), "email",
                              json_str(user->doc, "email"), "firstName", "lastName")
                  : NULL);
    return info;
}

void get_alarm_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_ALARM, entity_render_doc);
}

void get_alarm_info_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_ALARM, alarm_render_info);
}

void delete_alarm(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_ALARM, 0);

    if (!e)
        return;
    store_remove(&sim->store, e);
    reply_json(rp, json_true());
}

static void set_flag(struct sim *sim, struct request *rq, struct reply *rp, const char *flag, const char *ts)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_ALARM, 0);

    if (!e)
        return;
    if (json_is_true(json_object_get(e->doc, flag))) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Alarm was already %s!", flag);
        return;
    }
    json_put(e->doc, flag, json_true());
    json_put(e->doc, ts, json_integer(rq->now));
    set_status(e->doc);
    reply_json(rp, alarm_render_info(&sim->store, e));
}

void ack_alarm(struct sim *sim, struct request *rq, struct reply *rp)
{
    set_flag(sim, rq, rp, "acknowledged", "ackTs");
}

void clear_alarm(struct sim *sim, struct request *rq, struct reply *rp)
{
    set_flag(sim, rq, rp, "cleared", "clearTs");
}

static void assign(struct sim *sim, struct request *rq, struct reply *rp, const struct entity *user)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_ALARM, 0);

    if (!e)
        return;
    json_put(e->doc, "assigneeId", user ? json_entity_id("USER", user->id) : NULL);
    json_put(e->doc, "assignTs", json_integer(user ? rq->now : 0));
    reply_json(rp, json_incref(e->doc));
}

void assign_alarm(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *user = entity_var(sim, rq, rp, ENTITY_USER, 1);

    if (user)
        assign(sim, rq, rp, user);
}

void unassign_alarm(struct sim *sim, struct request *rq, struct reply *rp)
{
    assign(sim, rq, rp, NULL);
}
