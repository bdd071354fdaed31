/* SPDX-License-Identifier: Apache-2.0 */
/* The value of a key is in the answer to its creation only. */
#include "sim/controller/api_key_controller.h"

#include <strings.h>

#include "base/loop.h"

#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"

struct entity *api_key_add(struct sim *sim, struct user *user, const char *value)
{
    struct entity *e = *value ? store_add(&sim->store, ENTITY_API_KEY, sim_now_ms(sim)) : NULL;

    if (!e)
        return NULL;
    e->user = user;
    e->doc = json_pack("{s:o, s:I, s:o, s:o, s:i, s:s, s:b}", "id", json_entity_id("API_KEY", e->id),
                       "createdTime", (json_int_t)e->created, "tenantId",
                       json_entity_id("TENANT", user->tenant_id), "userId",
                       json_entity_id("USER", user->entity->id), "expirationTime", 0, "description",
                       "preloaded", "enabled", 1);
    store_set_token(&sim->store, e, value);
    return e;
}

static json_t *api_key_render_info(const struct store *store, const struct entity *e)
{
    json_t *info = json_copy(e->doc);
    int64_t expires = json_int(e->doc, "expirationTime", 0);

    (void)store;
    json_put(info, "expired", json_boolean(expires != 0 && expires < clock_wall_ms()));
    return info;
}

static struct user *owner(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *id = entity_id_field(rq->json, "userId", rq->user->entity->id);
    struct user *user = store_find_user_id(&sim->store, id);

    if (!user)
        reply_not_found(rp, "User", id);
    else if (!entity_may_see(rq, user->entity) && user != rq->user) {
        reply_no_permission(rp);
        return NULL;
    }
    return user;
}

void save_api_key(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *description = json_str(rq->json, "description");
    const json_t *enabled = json_object_get(rq->json, "enabled");
    char value[64] = "tb_";

    if (!description || !*description) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Validation error: description must not be blank");
        return;
    }
    struct user *user = owner(sim, rq, rp);
    if (!user)
        return;
    random_text(value + 3, 56);
    struct entity *e = api_key_add(sim, user, value);
    if (!e) {
        reply_full(rp);
        return;
    }
    json_put(e->doc, "expirationTime", json_integer(json_int(rq->json, "expirationTime", 0)));
    json_put(e->doc, "description", json_string(description));
    json_put(e->doc, "enabled", json_boolean(!enabled || json_is_true(enabled)));
    json_t *answer = json_copy(e->doc);
    json_put(answer, "value", json_string(value));
    json_put(answer, "expired", json_false());
    reply_json(rp, answer);
}

void get_user_api_keys(struct sim *sim, struct request *rq, struct reply *rp)
{
    static const char *const properties[] = {"createdTime", "description", "enabled", "expirationTime", NULL};
    static const char *const searched[] = {"description", NULL};
    const struct entity *user = entity_var(sim, rq, rp, ENTITY_USER, 0);
    struct page_link link;
    CLEANUP(selection_free) struct selection s = {};

    if (!user || !page_link_parse(rq, rp, properties, &link))
        return;
    const struct entity_list *l = &sim->store.lists[ENTITY_API_KEY];
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i]->user->entity == user && page_text_matches(&link, l->items[i]->doc, searched))
            selection_add(&s, l->items[i]);
    }
    page_reply(rp, &sim->store, &link, &s, api_key_render_info);
}

static struct entity *key_var(struct sim *sim, struct request *rq, struct reply *rp)
{
    char id[UUID_LEN + 1];

    if (!entity_parse_id(rp, rq->vars[0], id))
        return NULL;
    struct entity *e = store_find(&sim->store, ENTITY_API_KEY, id);
    if (!e)
        reply_not_found(rp, "API key", id);
    return e;
}

void enable_api_key(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = key_var(sim, rq, rp);

    if (!e)
        return;
    json_put(e->doc, "enabled", json_boolean(strcasecmp(rq->vars[1], "true") == 0));
    reply_json(rp, api_key_render_info(&sim->store, e));
}

void update_api_key_description(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = key_var(sim, rq, rp);

    if (!e)
        return;
    CLEANUP(free_pointer) char *text = bytes_to_utf8(rq->body.data, rq->body.len);
    json_put(e->doc, "description", json_is_string(rq->json) ? json_incref(rq->json) : json_string(text));
    reply_json(rp, api_key_render_info(&sim->store, e));
}

void delete_api_key(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = key_var(sim, rq, rp);

    if (!e)
        return;
    if (e == sim->preloaded_key)
        sim->preloaded_key = NULL;
    store_remove(&sim->store, e);
    reply_empty(rp, 200);
}
