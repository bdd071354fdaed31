/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_entities.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

void spool_entities_open(struct spool_entities *entities, size_t slots, size_t bytes)
{
    list_init(&entities->owners);
    list_init(&entities->turns);
    list_init(&entities->resting);
    entities->records.max = SPOOL_ENTITIES_MAX;
    entities->slots.max = slots;
    entities->bytes.max = bytes;
}

/* ---- owners ---- */

/* They are few: the users of this host who write. */
static struct spool_owner *find_owner(const struct spool_entities *entities, const char *name)
{
    struct spool_owner *owner;

    list_for_each(owner, &entities->owners, link)
        if (strcmp(owner->name, name) == 0)
            return owner;
    return NULL;
}

static struct spool_owner *get_owner(struct spool_entities *entities, const char *name)
{
    struct spool_owner *owner = find_owner(entities, name);
    size_t size = strlen(name) + 1;

    if (owner)
        return owner;
    owner = calloc(1, sizeof(*owner) + size);
    if (!owner)
        return NULL;
    memcpy(owner->name, name, size);
    owner->records.whole = &entities->records;
    owner->slots.whole = &entities->slots;
    owner->bytes.whole = &entities->bytes;
    list_init(&owner->entities);
    list_init(&owner->turn);
    list_append(&entities->owners, &owner->link);
    return owner;
}

static void tidy_owner(struct spool_owner *owner)
{
    if (owner->records.used > 0)
        return;
    list_remove(&owner->turn);
    list_remove(&owner->link);
    free(owner);
}

/* ---- records ---- */

static struct spool_backlog **place_of(struct spool_entities *entities, uint64_t hash)
{
    return &entities->table[hash % SPOOL_ENTITIES_SLOTS];
}

struct spool_backlog *spool_entities_find(const struct spool_entities *entities, const char *key)
{
    uint64_t hash = hash_bytes(key, strlen(key));
    struct spool_backlog *backlog = entities->table[hash % SPOOL_ENTITIES_SLOTS];

    while (backlog && (backlog->hash != hash || strcmp(backlog->key, key) != 0))
        backlog = backlog->next;
    return backlog;
}

/* The caller has taken it from the share of OWNER. */
static struct spool_backlog *add(struct spool_entities *entities, struct spool_owner *owner, const char *key)
{
    size_t length = strlen(key);
    struct spool_backlog *backlog = calloc(1, sizeof(*backlog) + length + 1);
    struct spool_backlog **place;

    if (!backlog)
        return NULL;
    backlog->hash = hash_bytes(key, length);
    backlog->owner = owner;
    memcpy(backlog->key, key, length);
    list_init(&backlog->turn);
    list_init(&backlog->pending);
    list_init(&backlog->waiting);
    place = place_of(entities, backlog->hash);
    backlog->next = *place;
    *place = backlog;
    return backlog;
}

/* It is added to the share of OWNER. */
static int get_new(struct spool_entities *entities, struct spool_owner *owner, const char *key,
                   struct spool_backlog **ret)
{
    if (!quota_take(&owner->records, 1))
        return -EMFILE;
    *ret = add(entities, owner, key);
    if (*ret)
        return 0;
    quota_give_back(&owner->records, 1);
    return -ENOMEM;
}

/* A user with many entities does not delay one with few by having been the first to write to some of his.
 * What is being delivered stays where it is until the next write. */
static void move_to(struct spool_entities *entities, struct spool_backlog *backlog, struct spool_owner *owner)
{
    struct spool_owner *before = backlog->owner;

    if (before == owner || backlog->slot || owner->records.used >= before->records.used - 1)
        return;
    quota_give_back(&before->records, 1);
    quota_add(&owner->records, 1);
    backlog->owner = owner;
    if (!list_is_empty(&backlog->turn) && backlog->rests_until_ms == 0) {
        list_remove(&backlog->turn);
        spool_entities_wait_for_turn(entities, backlog);
    }
    tidy_owner(before);
}

int spool_entities_get(struct spool_entities *entities, const char *name, const char *key,
                       struct spool_backlog **ret)
{
    struct spool_backlog *backlog = spool_entities_find(entities, key);
    struct spool_owner *owner = get_owner(entities, name);
    int r = 0;

    if (!owner)
        return -ENOMEM;
    if (!backlog)
        r = get_new(entities, owner, key, &backlog);
    else
        move_to(entities, backlog, owner);
    tidy_owner(owner);
    if (r == 0)
        *ret = backlog;
    return r;
}

static void free_backlog(struct spool_entities *entities, struct spool_backlog *backlog)
{
    struct spool_backlog **place;

    for (place = place_of(entities, backlog->hash); *place != backlog; place = &(*place)->next)
        ;
    *place = backlog->next;
    list_remove(&backlog->turn);
    quota_give_back(&backlog->owner->records, 1);
    tidy_owner(backlog->owner);
    free(backlog);
}

void spool_entities_tidy(struct spool_entities *entities, struct spool_backlog *backlog)
{
    if (!backlog->has_rows && backlog->storing == 0 && !list_is_empty(&backlog->waiting))
        entities->emptied(entities, backlog);
    if (!backlog->has_rows && backlog->storing == 0 && !backlog->slot && list_is_empty(&backlog->pending) &&
        list_is_empty(&backlog->waiting))
        free_backlog(entities, backlog);
}

/* ---- rows ---- */

void spool_entities_has_got_rows(struct spool_entities *entities, struct spool_backlog *backlog)
{
    backlog->has_rows = true;
    if (!backlog->slot && list_is_empty(&backlog->turn))
        spool_entities_wait_for_turn(entities, backlog);
}

void spool_entities_found_rows(struct spool_entities *entities, const char *name, const char *key)
{
    struct spool_backlog *backlog;

    if (spool_entities_get(entities, name, key, &backlog) == 0) {
        spool_entities_has_got_rows(entities, backlog);
        return;
    }
    entities->all_known = false;
    entities->lost_one = true;
}

static void forget_rows(struct spool_entities *entities, struct spool_backlog *backlog)
{
    backlog->has_rows = false;
    list_remove(&backlog->turn);
    spool_entities_tidy(entities, backlog);
}

void spool_entities_has_lost_rows(struct spool_entities *entities, const char *key)
{
    struct spool_backlog *backlog = spool_entities_find(entities, key);

    if (backlog)
        forget_rows(entities, backlog);
}

bool spool_entities_has_rows(const struct spool_entities *entities, const struct spool_backlog *backlog)
{
    return !entities->all_known || (backlog && (backlog->has_rows || backlog->storing > 0));
}

/* ---- all of them ---- */

static void for_all(struct spool_entities *entities,
                    void (*change)(struct spool_entities *entities, struct spool_backlog *backlog))
{
    struct spool_backlog *backlog, *next;
    size_t i;

    for (i = 0; i < SPOOL_ENTITIES_SLOTS; i++)
        for (backlog = entities->table[i]; backlog; backlog = next) {
            next = backlog->next;
            change(entities, backlog);
        }
}

/* Records that are left have rows that are being stored, or something waits for them. */
void spool_entities_forget(struct spool_entities *entities)
{
    for_all(entities, forget_rows);
    entities->all_known = true;
}

void spool_entities_free(struct spool_entities *entities)
{
    for_all(entities, free_backlog);
}
