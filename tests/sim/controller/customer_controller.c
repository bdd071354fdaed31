/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

static json_t *build_customer(struct sim *sim, struct request *rq, struct reply *rp, const struct entity *e,
                              const char *name)
{
    static const char *const fields[] = {"country",  "state", "city",  "address",
                                         "address2", "zip",   "phone", "email"};
    json_auto_t *doc = json_object();

    (void)sim;
    (void)e;
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        CLEANUP(free_pointer) char *text = NULL;

        if (!entity_text_field(rq, rp, fields[i], &text))
            return NULL;
        json_put(doc, fields[i], text ? json_string(text) : NULL);
    }
    if (json_object_get(rq->json, "parentCustomerId"))
        json_put(doc, "parentCustomerId", entity_any_field(rq, "parentCustomerId"));
    json_put(doc, "title", json_string(name));
    json_put(doc, "externalId", entity_any_field(rq, "externalId"));
    json_put(doc, "version", NULL);
    json_put(doc, "name", json_string(name));
    json_put(doc, "additionalInfo", entity_any_field(rq, "additionalInfo"));
    return TAKE_PTR(doc);
}

static const struct entity_kind customer_kind = {ENTITY_CUSTOMER, "Customer", "title", build_customer};

void save_customer(struct sim *sim, struct request *rq, struct reply *rp)
{
    bool created;
    const struct entity *e = entity_save(sim, rq, rp, &customer_kind, &created);

    if (e)
        reply_json(rp, json_incref(e->doc));
}

void get_customer_by_id(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_get(sim, rq, rp, ENTITY_CUSTOMER, entity_render_doc);
}

/* The devices and assets of a deleted customer belong to the tenant again. */
static void release(struct sim *sim, enum entity_type type, const char *customer_id)
{
    const struct entity_list *l = &sim->store.lists[type];

    for (size_t i = 0; i < l->n; i++) {
        if (streq(entity_id_field(l->items[i]->doc, "customerId", NULL), customer_id))
            entity_change(l->items[i], "customerId", json_entity_id("CUSTOMER", NULL_UUID));
    }
}

void delete_customer(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_CUSTOMER, 0);

    if (!e)
        return;
    for (size_t i = 0; i < N_USERS; i++) {
        if (sim->store.users[i].customer_id == e->id) { /* the three users stay */
            reply_no_permission(rp);
            return;
        }
    }
    release(sim, ENTITY_DEVICE, e->id);
    release(sim, ENTITY_ASSET, e->id);
    entity_delete(sim, e);
    reply_empty(rp, 200);
}

void get_customers(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_list(sim, rq, rp, ENTITY_CUSTOMER, NULL, entity_render_doc);
}

void get_tenant_customer(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_by_name(sim, rq, rp, ENTITY_CUSTOMER, "customerTitle");
}

void get_short_customer_info(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = entity_var(sim, rq, rp, ENTITY_CUSTOMER, 0);

    if (e)
        reply_json(rp, json_pack("{s:O, s:b}", "title", json_object_get(e->doc, "title"), "isPublic", 0));
}

void get_customer_title(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = entity_var(sim, rq, rp, ENTITY_CUSTOMER, 0);

    if (!e)
        return;
    reply_text(rp, 200, "%s", json_str(e->doc, "title"));
    rp->content_type = "application/text;charset=UTF-8";
}

void get_customers_by_ids(struct sim *sim, struct request *rq, struct reply *rp)
{
    entity_list_ids(sim, rq, rp, ENTITY_CUSTOMER, "customerIds");
}
