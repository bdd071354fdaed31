/* SPDX-License-Identifier: Apache-2.0 */
/* The database, in memory: entities, users, relations. Not thread-safe: the lock of struct sim guards it. */
#ifndef TB_SIM_ENTITY_STORE_H
#define TB_SIM_ENTITY_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/string_map.h"
#include "sim/base/uuid.h"
#include "sim/store/time_series.h"

enum {
    ENTITIES_MAX = 100000,        /* of all types, and relations, together */
    POINTS_MAX = 4000000,         /* time series points and attributes together */
    FILES_MAX = 64 * 1024 * 1024, /* bytes of all images and packages together */
};

enum entity_type {
    ENTITY_TENANT,
    ENTITY_CUSTOMER,
    ENTITY_USER,
    ENTITY_DEVICE,
    ENTITY_ASSET,
    ENTITY_ALARM,
    ENTITY_API_KEY,
    ENTITY_DASHBOARD,
    ENTITY_GROUP,
    ENTITY_ROLE,
    ENTITY_GROUP_PERMISSION,
    ENTITY_RESOURCE,
    ENTITY_OTA_PACKAGE,
    N_ENTITY_TYPES,
};

enum authority {
    SYS_ADMIN = 1 << 0,
    TENANT_ADMIN = 1 << 1,
    CUSTOMER_USER = 1 << 2,
};

struct user {
    struct entity *entity;
    enum authority authority;
    const char *email;
    char *password;
    const char *tenant_id;
    const char *customer_id;
    bool enabled;
    uint64_t outdated; /* tokens up to this serial are refused since a password change */
};

struct entity {
    enum entity_type type;
    char id[UUID_LEN + 1];
    int64_t created;
    json_t *doc;     /* as the server sends it */
    json_t *members; /* entity groups: an object with their ids */
    struct telemetry telemetry;
    char credentials_id[UUID_LEN + 1]; /* devices */
    char *token; /* devices: access token; API keys: the value; images: the public key */
    char *data;  /* images and OTA packages: the file; NULL: none yet */
    size_t data_len;
    int64_t last_rpc;  /* devices: the id of the last call, counted from 0; -1: none yet */
    struct user *user; /* users, API keys: whose */
};

struct entity_list {
    struct entity **items;
    size_t n;
    size_t cap;
};

struct relation {
    json_t *doc; /* from, to, type, typeGroup, version, additionalInfo */
};

#define N_USERS 3

struct store {
    struct map by_id;   /* id -> entity */
    struct map by_name; /* "TYPE/name" -> entity */
    struct map by_token;
    struct map profiles; /* "DEVICE/type" or "ASSET/type" -> id (char *) */
    struct entity_list lists[N_ENTITY_TYPES];
    struct user users[N_USERS];
    struct entity *tenant;
    struct relation *relations;
    size_t n_relations;
    size_t n_entities; /* with the relations */
    size_t n_points;   /* time series points */
    size_t n_attributes;
    size_t n_bytes; /* of files */
};

/* One tenant, one customer, and the three users that tbsim --help names. */
void store_init(struct store *store, int64_t now);
void store_free(struct store *store);

const char *entity_type_name(enum entity_type type);
/* -EINVAL if NAME is not an entity type that the stand-in keeps. */
int entity_type_parse(const char *name, enum entity_type *ret);
/* Whether ThingsBoard has an entity type of that name. */
bool entity_type_exists(const char *name);

/* A new entity with a new id and no name; NULL if the store is full. */
struct entity *store_add(struct store *store, enum entity_type type, int64_t now);
/* Removes and frees the entity, its data and its relations. */
void store_remove(struct store *store, struct entity *e);

struct entity *store_find(const struct store *store, enum entity_type type, const char *id);
struct entity *store_find_name(const struct store *store, enum entity_type type, const char *name);
/* Files the entity under its name. OLD_NAME is given up; either may be NULL. */
void store_set_name(struct store *store, struct entity *e, const char *old_name, const char *name);
/* Files a device, an API key or an image under its token, which replaces the one before; NULL: none. */
void store_set_token(struct store *store, struct entity *e, const char *token);

struct user *store_find_user(struct store *store, const char *email);
struct user *store_find_user_id(struct store *store, const char *id);

/* Copies the file of an image or a package. -ENOSPC. */
int store_set_data(struct store *store, struct entity *e, const char *data, size_t len);

/* The id of the profile for a device or asset type, which is created on first use. */
const char *store_profile(struct store *store, enum entity_type type, const char *name);
/* The device or asset type of a profile id, or NULL. */
const char *store_profile_name(const struct store *store, enum entity_type type, const char *id);

/* Adds or replaces a relation; takes DOC over, also on error. -ENOSPC. */
int store_add_relation(struct store *store, json_t *doc);
/* The index of a relation, SIZE_MAX if there is none. */
size_t store_find_relation(const struct store *store, const json_t *key);
void store_remove_relation(struct store *store, size_t index);
/* Removes all relations from or to that id. */
void store_remove_relations_of(struct store *store, const char *id);

#endif
