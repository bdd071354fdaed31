/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_entities.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static struct spool_backlog **slot_of(struct spool_entities *entities, uint64_t hash)
{
    return &entities->slots[hash % SPOOL_ENTITIES_SLOTS];
}

struct spool_backlog *spool_entities_find(const struct spool_entities *entities, const char *key)
{
    uint64_t hash = hash_bytes(key, strlen(key));
    struct spool_backlog *backlog = entities->slots[hash % SPOOL_ENTITIES_SLOTS];

    while (backlog && (backlog->hash != hash || strcmp(backlog->key, key) != 0))
        backlog = backlog->next;
    return backlog;
}

static struct spool_backlog *add(struct spool_entities *entities, const char *key)
{
    size_t length = strlen(key);
    struct spool_backlog *backlog =
        entities->count < SPOOL_ENTITIES_MAX ? calloc(1, sizeof(*backlog) + length + 1) : NULL;
    struct spool_backlog **slot;

    if (!backlog)
        return NULL;
    backlog->hash = hash_bytes(key, length);
    memcpy(backlog->key, key, length);
    list_init(&backlog->pending);
    list_init(&backlog->waiting);
    slot = slot_of(entities, backlog->hash);
    backlog->next = *slot;
    *slot = backlog;
    entities->count++;
    return backlog;
}

struct spool_backlog *spool_entities_get(struct spool_entities *entities, const char *key)
{
    struct spool_backlog *backlog = spool_entities_find(entities, key);

    return backlog ? backlog : add(entities, key);
}

void spool_entities_set_rows(struct spool_entities *entities, const char *key, bool has_rows)
{
    struct spool_backlog *backlog =
        has_rows ? spool_entities_get(entities, key) : spool_entities_find(entities, key);

    if (backlog) {
        backlog->has_rows = has_rows;
        spool_entities_tidy(entities, backlog);
    } else if (has_rows) {
        spool_entities_lost_one(entities);
    }
}

void spool_entities_lost_one(struct spool_entities *entities)
{
    entities->all_known = false;
    entities->lost_one = true;
}

void spool_entities_tidy(struct spool_entities *entities, struct spool_backlog *backlog)
{
    struct spool_backlog **place;

    if (!backlog->has_rows && backlog->storing == 0 && !list_is_empty(&backlog->waiting))
        entities->emptied(entities, backlog);
    if (backlog->has_rows || backlog->storing > 0 || backlog->delivering ||
        !list_is_empty(&backlog->pending) || !list_is_empty(&backlog->waiting))
        return;
    for (place = slot_of(entities, backlog->hash); *place != backlog; place = &(*place)->next)
        ;
    *place = backlog->next;
    entities->count--;
    free(backlog);
}

bool spool_entities_has_rows(const struct spool_entities *entities, const struct spool_backlog *backlog)
{
    return !entities->all_known || (backlog && (backlog->has_rows || backlog->storing > 0));
}

/* Records that are left have rows that are being stored, or something waits for them. */
void spool_entities_forget(struct spool_entities *entities)
{
    struct spool_backlog *backlog, *next;
    size_t i;

    for (i = 0; i < SPOOL_ENTITIES_SLOTS; i++)
        for (backlog = entities->slots[i]; backlog; backlog = next) {
            next = backlog->next;
            backlog->has_rows = false;
            spool_entities_tidy(entities, backlog);
        }
    entities->all_known = true;
}

void spool_entities_free(struct spool_entities *entities)
{
    struct spool_backlog *backlog, *next;
    size_t i;

    for (i = 0; i < SPOOL_ENTITIES_SLOTS; i++)
        for (backlog = entities->slots[i]; backlog; backlog = next) {
            next = backlog->next;
            free(backlog);
        }
    *entities = (struct spool_entities){0};
}
