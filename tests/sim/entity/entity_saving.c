/* SPDX-License-Identifier: Apache-2.0 */
/* Creating and updating: names, versions, conflicts. */
#include <stdlib.h>
#include <string.h>

#include "sim/entity/entity_access.h"

static bool refuse_type(struct reply *rp, const char *wanted, const json_t *value)
{
    bool is_array = json_is_array(value);

    reply_error(
        rp, 500, ERROR_GENERAL,
        "JSON parse error: Cannot deserialize value of type `%s` from %s value (token `JsonToken.START_%s`)",
        wanted, is_array ? "Array" : "Object", is_array ? "ARRAY" : "OBJECT");
    return false;
}

bool entity_text_field(const struct request *rq, struct reply *rp, const char *name, char **ret)
{
    const json_t *v = json_object_get(rq->json, name);

    *ret = NULL;
    if (!v || json_is_null(v))
        return true;
    if (json_is_object(v) || json_is_array(v))
        return refuse_type(rp, "java.lang.String", v);
    if (json_is_string(v)) {
        *ret = xstrdup(json_string_value(v));
        return true;
    }
    *ret = java_json_text(v, NULL); /* Jackson turns numbers and booleans into text */
    return true;
}

void entity_change(struct entity *e, const char *member, json_t *value)
{
    json_put(e->doc, member, value);
    json_put(e->doc, "version", json_integer(json_int(e->doc, "version", 0) + 1));
}

void entity_delete(struct sim *sim, struct entity *e)
{
    const struct entity_list *alarms = &sim->store.lists[ENTITY_ALARM];

    for (size_t i = alarms->n; i-- > 0;) {
        if (streq(entity_id_field(alarms->items[i]->doc, "originator", NULL), e->id))
            store_remove(&sim->store, alarms->items[i]);
    }
    store_remove(&sim->store, e);
}

/* The entity that the id in the body names, or NULL if there is no id. False: the reply is a refusal. */
static bool find_existing(struct sim *sim, struct request *rq, struct reply *rp,
                          const struct entity_kind *kind, struct entity **ret)
{
    const char *text = json_str(json_object_get(rq->json, "id"), "id");
    char id[UUID_LEN + 1];

    *ret = NULL;
    if (!text)
        return true;
    if (!entity_parse_id(rp, text, id))
        return false;
    *ret = store_find(&sim->store, kind->type, id);
    if (!*ret) {
        reply_not_found(rp, kind->label, id);
        return false;
    }
    const json_t *version = json_object_get(rq->json, "version");
    if (json_is_integer(version) && json_integer_value(version) != json_int((*ret)->doc, "version", 0)) {
        reply_error(rp, 409, ERROR_VERSION_CONFLICT, "%s was already changed by someone else", kind->label);
        return false;
    }
    return true;
}

/* nameConflictPolicy=UNIQUIFY: another name, freed with free(), instead of a refusal. */
static char *uniquify(struct sim *sim, struct request *rq, const struct entity_kind *kind, const char *name)
{
    const char *separator = request_param(rq, "uniquifySeparator");
    const char *strategy = request_param(rq, "uniquifyStrategy");

    for (unsigned i = 1;; i++) {
        char suffix[16];
        char *unique;

        random_text(suffix, sizeof(suffix) - 1);
        if (streq(strategy, "INCREMENTAL"))
            unique = xasprintf("%s%s%u", name, separator ? separator : "_", i);
        else
            unique = xasprintf("%s%s%s", name, separator ? separator : "_", suffix);
        if (!store_find_name(&sim->store, kind->type, unique))
            return unique;
        free(unique);
    }
}

/* The name to use, freed with free(). NULL: the reply is a refusal. */
static char *check_name(struct sim *sim, struct request *rq, struct reply *rp, const struct entity_kind *kind,
                        const struct entity *existing)
{
    CLEANUP(free_pointer) char *name = NULL;

    if (!entity_text_field(rq, rp, kind->name_field, &name))
        return NULL;
    if (!name || strspn(name, " \t\r\n") == strlen(name)) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "%s %s should be specified!", kind->label,
                    kind->name_field);
        return NULL;
    }
    if (strlen(name) > 255) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "Validation error: %s length must be equal or less than 255", kind->name_field);
        return NULL;
    }
    const struct entity *other = store_find_name(&sim->store, kind->type, name);
    if (!other || other == existing)
        return TAKE_PTR(name);
    if (streq(request_param(rq, "nameConflictPolicy"), "UNIQUIFY"))
        return uniquify(sim, rq, kind, name);
    reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "%s with such %s already exists!", kind->label,
                kind->name_field);
    return NULL;
}

/* Adds the members that every document begins with. Takes DOC over. */
static void finish_doc(struct sim *sim, struct entity *e, json_t *doc, int64_t version)
{
    json_t *whole = json_object();

    json_put(whole, "id", json_entity_id(entity_type_name(e->type), e->id));
    json_put(whole, "createdTime", json_integer(e->created));
    json_put(whole, "tenantId", json_entity_id("TENANT", sim->store.tenant->id));
    json_put(doc, "version", json_integer(version));
    json_object_update(whole, doc);
    json_decref(doc);
    json_decref(e->doc);
    e->doc = whole;
}

struct entity *entity_save(struct sim *sim, struct request *rq, struct reply *rp,
                           const struct entity_kind *kind, bool *ret_created)
{
    struct entity *e = NULL;

    if (!json_is_object(rq->json)) {
        refuse_type(rp, "org.thingsboard.server.common.data.Entity", rq->json);
        return NULL;
    }
    if (!find_existing(sim, rq, rp, kind, &e))
        return NULL;
    CLEANUP(free_pointer) char *name = check_name(sim, rq, rp, kind, e);
    if (!name)
        return NULL;
    json_t *doc = kind->build(sim, rq, rp, e, name);
    if (!doc)
        return NULL;
    *ret_created = !e;
    if (!e)
        e = store_add(&sim->store, kind->type, rq->now);
    if (!e) {
        json_decref(doc);
        reply_full(rp);
        return NULL;
    }
    store_set_name(&sim->store, e, json_str(e->doc, kind->name_field), name);
    finish_doc(sim, e, doc, json_int(e->doc, "version", 0) + 1);
    return e;
}
