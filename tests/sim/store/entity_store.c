/* SPDX-License-Identifier: Apache-2.0 */
/* Entities by id, name and token. Relations are in relation_store.c, the first entities in initial_data.c. */
#include "sim/store/entity_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/memory.h"
#include "sim/json/java_json.h"

static const char *const type_names[N_ENTITY_TYPES] = {
    [ENTITY_TENANT] = "TENANT",
    [ENTITY_CUSTOMER] = "CUSTOMER",
    [ENTITY_USER] = "USER",
    [ENTITY_DEVICE] = "DEVICE",
    [ENTITY_ASSET] = "ASSET",
    [ENTITY_ALARM] = "ALARM",
    [ENTITY_API_KEY] = "API_KEY",
    [ENTITY_DASHBOARD] = "DASHBOARD",
    [ENTITY_GROUP] = "ENTITY_GROUP",
    [ENTITY_ROLE] = "ROLE",
    [ENTITY_GROUP_PERMISSION] = "GROUP_PERMISSION",
    [ENTITY_RESOURCE] = "TB_RESOURCE",
    [ENTITY_OTA_PACKAGE] = "OTA_PACKAGE",
};

/* Values of EntityType that a server knows and the stand-in does not keep. */
static const char *const other_types[] = {
    "ADMIN_SETTINGS",
    "AI_MODEL",
    "API_USAGE_STATE",
    "ASSET_PROFILE",
    "CALCULATED_FIELD",
    "DEVICE_PROFILE",
    "DOMAIN",
    "EDGE",
    "ENTITY_VIEW",
    "JOB",
    "MOBILE_APP",
    "NOTIFICATION",
    "NOTIFICATION_REQUEST",
    "NOTIFICATION_RULE",
    "NOTIFICATION_TARGET",
    "NOTIFICATION_TEMPLATE",
    "OAUTH2_CLIENT",
    "QUEUE",
    "QUEUE_STATS",
    "RPC",
    "RULE_CHAIN",
    "RULE_NODE",
    "TENANT_PROFILE",
    "WIDGETS_BUNDLE",
    "WIDGET_TYPE",
};

const char *entity_type_name(enum entity_type type)
{
    return type_names[type];
}

int entity_type_parse(const char *name, enum entity_type *ret)
{
    for (size_t i = 0; i < N_ENTITY_TYPES; i++) {
        if (streq(name, type_names[i])) {
            *ret = (enum entity_type)i;
            return 0;
        }
    }
    return -EINVAL;
}

bool entity_type_exists(const char *name)
{
    enum entity_type type;

    for (size_t i = 0; i < ARRAY_SIZE(other_types); i++) {
        if (streq(name, other_types[i]))
            return true;
    }
    return entity_type_parse(name, &type) == 0;
}

static void list_add(struct entity_list *l, struct entity *e)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 16;
        l->items = xrealloc(l->items, l->cap, sizeof(*l->items));
    }
    l->items[l->n++] = e;
}

static void list_remove(struct entity_list *l, const struct entity *e)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i] == e) {
            l->n--;
            memmove(&l->items[i], &l->items[i + 1], (l->n - i) * sizeof(*l->items));
            return;
        }
    }
}

struct entity *store_add(struct store *store, enum entity_type type, int64_t now)
{
    if (store->n_entities >= ENTITIES_MAX)
        return NULL;
    struct entity *e = xcalloc(1, sizeof(*e));
    e->type = type;
    e->created = now;
    e->last_rpc = -1;
    uuid_time(e->id);
    map_put(&store->by_id, e->id, e);
    list_add(&store->lists[type], e);
    store->n_entities++;
    return e;
}

static void entity_free(void *p)
{
    struct entity *e = p;

    json_decref(e->doc);
    json_decref(e->members);
    telemetry_free(&e->telemetry);
    free(e->token);
    free(e->data);
    free(e);
}

static char *name_key(enum entity_type type, const char *name)
{
    return xasprintf("%s/%s", type_names[type], name);
}

void store_set_name(struct store *store, struct entity *e, const char *old_name, const char *name)
{
    if (old_name) {
        CLEANUP(free_pointer) char *key = name_key(e->type, old_name);
        map_remove(&store->by_name, key);
    }
    if (name) {
        CLEANUP(free_pointer) char *key = name_key(e->type, name);
        map_put(&store->by_name, key, e);
    }
}

void store_set_token(struct store *store, struct entity *e, const char *token)
{
    if (e->token)
        map_remove(&store->by_token, e->token);
    free(e->token);
    e->token = token ? xstrdup(token) : NULL;
    if (token)
        map_put(&store->by_token, token, e);
}

int store_set_data(struct store *store, struct entity *e, const char *data, size_t len)
{
    if (store->n_bytes - e->data_len + len > FILES_MAX)
        return -ENOSPC;
    store->n_bytes += len - e->data_len;
    free(e->data);
    e->data = xcalloc(len + 1, 1);
    memcpy(e->data, data, len);
    e->data_len = len;
    return 0;
}

/* The member that holds the name of a document; NULL if documents of the type are not found by name. */
static const char *name_member(enum entity_type type)
{
    switch (type) {
    case ENTITY_CUSTOMER:
    case ENTITY_DASHBOARD:
        return "title";
    case ENTITY_RESOURCE:
        return "resourceKey";
    case ENTITY_ALARM:
    case ENTITY_API_KEY:
    case ENTITY_GROUP:
    case ENTITY_OTA_PACKAGE:
        return NULL;
    default:
        return "name";
    }
}

void store_remove(struct store *store, struct entity *e)
{
    const char *member = name_member(e->type);
    const char *name = member ? json_str(e->doc, member) : NULL;

    store->n_bytes -= e->data_len;
    if (name)
        store_set_name(store, e, name, NULL);
    store_set_token(store, e, NULL);
    store_remove_relations_of(store, e->id);
    store->n_points -= telemetry_points(&e->telemetry);
    store->n_attributes -= telemetry_attributes(&e->telemetry);
    list_remove(&store->lists[e->type], e);
    map_remove(&store->by_id, e->id);
    store->n_entities--;
    entity_free(e);
}

struct entity *store_find(const struct store *store, enum entity_type type, const char *id)
{
    struct entity *e = map_get(&store->by_id, id);

    return e && e->type == type ? e : NULL;
}

struct entity *store_find_name(const struct store *store, enum entity_type type, const char *name)
{
    CLEANUP(free_pointer) char *key = name_key(type, name);

    return map_get(&store->by_name, key);
}

struct user *store_find_user(struct store *store, const char *email)
{
    for (size_t i = 0; i < N_USERS; i++) {
        if (strcasecmp(store->users[i].email, email) == 0)
            return &store->users[i];
    }
    return NULL;
}

struct user *store_find_user_id(struct store *store, const char *id)
{
    struct entity *e = store_find(store, ENTITY_USER, id);

    return e ? e->user : NULL;
}

const char *store_profile(struct store *store, enum entity_type type, const char *name)
{
    CLEANUP(free_pointer) char *key = name_key(type, name);
    char *id = map_get(&store->profiles, key);

    if (!id) {
        id = xcalloc(UUID_LEN + 1, 1);
        uuid_time(id);
        map_put(&store->profiles, key, id);
        CLEANUP(free_pointer) char *back = xasprintf("%s#%s", type_names[type], id);
        map_put(&store->profiles, back, xstrdup(name));
    }
    return id;
}

const char *store_profile_name(const struct store *store, enum entity_type type, const char *id)
{
    CLEANUP(free_pointer) char *back = xasprintf("%s#%s", type_names[type], id);

    return map_get(&store->profiles, back);
}

void store_free(struct store *store)
{
    map_free(&store->by_name, NULL);
    map_free(&store->by_token, NULL);
    map_free(&store->by_id, entity_free);
    map_free(&store->profiles, free);
    for (size_t i = 0; i < N_ENTITY_TYPES; i++)
        free(store->lists[i].items);
    for (size_t i = 0; i < N_USERS; i++)
        free(store->users[i].password);
    for (size_t i = 0; i < store->n_relations; i++)
        json_decref(store->relations[i].doc);
    free(store->relations);
}
