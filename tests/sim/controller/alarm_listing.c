/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sim/controller/alarm_controller.h"
#include "sim/controller/controller_mapping.h"

struct alarm_query {
    const char *originator; /* NULL: any */
    const char *search_status;
    const char *status;
    json_t *statuses;
    json_t *severities;
    json_t *types;
    int64_t from;
    int64_t to;
};

/* ANY, ACTIVE, CLEARED, ACK, UNACK against the two flags. */
static bool has_search_status(const json_t *doc, const char *wanted)
{
    bool cleared = json_is_true(json_object_get(doc, "cleared"));
    bool acknowledged = json_is_true(json_object_get(doc, "acknowledged"));

    if (!wanted || !*wanted || streq(wanted, "ANY"))
        return true;
    return (streq(wanted, "ACTIVE") && !cleared) || (streq(wanted, "CLEARED") && cleared) ||
           (streq(wanted, "ACK") && acknowledged) || (streq(wanted, "UNACK") && !acknowledged);
}

static bool is_one_of(const json_t *list, const char *value)
{
    return json_array_size(list) == 0 || json_array_has(list, value);
}

static bool matches(const struct alarm_query *q, const struct entity *e)
{
    if (q->originator && !streq(entity_id_field(e->doc, "originator", NULL), q->originator))
        return false;
    if (q->status && *q->status && !streq(json_str(e->doc, "status"), q->status))
        return false;
    for (size_t i = 0; i < json_array_size(q->statuses); i++) {
        if (!has_search_status(e->doc, json_string_value(json_array_get(q->statuses, i))))
            return false;
    }
    return has_search_status(e->doc, q->search_status) &&
           is_one_of(q->severities, json_str(e->doc, "severity")) &&
           is_one_of(q->types, json_str(e->doc, "type")) && e->created >= q->from && e->created <= q->to;
}

static void list(struct sim *sim, struct request *rq, struct reply *rp, const char *originator)
{
    static const char *const properties[] = {"createdTime", "startTs",        "endTs",    "type",
                                             "ackTs",       "clearTs",        "severity", "status",
                                             "assignee",    "originatorName", "name",     NULL};
    static const char *const searched[] = {"type", "severity", "status", NULL};
    json_auto_t *statuses = request_list(rq, "statusList");
    json_auto_t *severities = request_list(rq, "severityList");
    json_auto_t *types = request_list(rq, "typeList");
    struct alarm_query q = {originator,
                            request_param(rq, "searchStatus"),
                            request_param(rq, "status"),
                            statuses,
                            severities,
                            types,
                            INT64_MIN,
                            INT64_MAX};
    struct page_link link;
    CLEANUP(selection_free) struct selection s = {};

    parse_int64(request_param(rq, "startTime"), &q.from);
    parse_int64(request_param(rq, "endTime"), &q.to);
    if (!page_link_parse(rq, rp, properties, &link))
        return;
    const struct entity_list *l = &sim->store.lists[ENTITY_ALARM];
    for (size_t i = 0; i < l->n; i++) {
        struct entity *e = l->items[i];

        if (matches(&q, e) && entity_may_see(rq, e) && page_text_matches(&link, e->doc, searched))
            selection_add(&s, e);
    }
    page_reply(rp, &sim->store, &link, &s, alarm_render_info);
}

/* The entity of {entityType}/{entityId}; NULL: the reply is a refusal. */
static const struct entity *subject(struct sim *sim, struct request *rq, struct reply *rp)
{
    enum entity_type type;

    if (entity_type_parse(rq->vars[0], &type) == 0)
        return entity_var(sim, rq, rp, type, 1);
    if (entity_type_exists(rq->vars[0]))
        reply_not_found(rp, rq->vars[0], rq->vars[1]);
    else
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "No enum constant org.thingsboard.server.common.data.EntityType.%s", rq->vars[0]);
    return NULL;
}

void get_alarms_by_entity(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = subject(sim, rq, rp);

    if (e)
        list(sim, rq, rp, e->id);
}

void get_all_alarms(struct sim *sim, struct request *rq, struct reply *rp)
{
    list(sim, rq, rp, NULL);
}

void get_highest_alarm_severity(struct sim *sim, struct request *rq, struct reply *rp)
{
    static const char *const severities[] = {"CRITICAL", "MAJOR", "MINOR", "WARNING", "INDETERMINATE"};
    const struct entity *e = subject(sim, rq, rp);
    const struct entity_list *l = &sim->store.lists[ENTITY_ALARM];

    if (!e)
        return;
    for (size_t s = 0; s < ARRAY_SIZE(severities); s++) {
        for (size_t i = 0; i < l->n; i++) {
            const json_t *doc = l->items[i]->doc;

            if (streq(entity_id_field(doc, "originator", NULL), e->id) &&
                streq(json_str(doc, "severity"), severities[s]) &&
                has_search_status(doc, request_param(rq, "searchStatus"))) {
                reply_json(rp, json_string(severities[s]));
                return;
            }
        }
    }
    reply_empty(rp, 200);
}

void get_alarm_types(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity_list *l = &sim->store.lists[ENTITY_ALARM];
    struct page_link link;
    static const char *const properties[] = {"type", NULL};

    if (!page_link_parse(rq, rp, properties, &link))
        return;
    json_auto_t *seen = json_object();
    json_t *data = json_array();
    for (size_t i = 0; i < l->n; i++) {
        const char *type = json_str(l->items[i]->doc, "type");
        size_t n = json_object_size(seen);

        json_put(seen, type, json_true());
        if (json_object_size(seen) > n && (int64_t)n / link.size == link.page)
            json_array_append_new(data, json_pack("{s:o, s:s, s:s}", "tenantId",
                                                  json_entity_id("TENANT", sim->store.tenant->id),
                                                  "entityType", "ALARM", "type", type));
    }
    reply_json(rp, page_json(data, json_object_size(seen), link.size, link.page));
}
