/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entities of which the spool has rows, or is getting some: one record in memory for each.
 *
 * Their number is bounded. If more have rows, or the file has not been read yet, it is not known which: then
 * spool_entities.all_known is false, and any entity may have some.
 *
 * A work that ends the rows of an entity looks in the same transaction whether it has more. Works are done in
 * the order of their execution, so has_rows is then what the file says, except for rows that are given to the
 * writer later: those count in STORING.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_ENTITIES_H
#define TB_PROXY_SPOOL_SPOOL_ENTITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

#define SPOOL_ENTITIES_MAX   16384
#define SPOOL_ENTITIES_SLOTS 4096

struct spool_backlog {
    struct spool_backlog *next; /* in its slot */
    uint64_t hash;
    bool has_rows;       /* waiting rows are in the file */
    size_t storing;      /* rows that the writer has not stored yet */
    bool delivering;     /* a call with some of its rows is under way */
    struct list pending; /* its writes that forward/ has, and that may become rows */
    struct list waiting; /* deletes that wait until it has no rows */
    char key[];
};

struct spool_entities {
    struct spool_backlog *slots[SPOOL_ENTITIES_SLOTS];
    size_t count;
    bool all_known; /* no entity without a record has rows */
    void (*emptied)(struct spool_entities *entities, struct spool_backlog *backlog); /* deletes may go */
    bool lost_one; /* an entity with rows has got no record since this was set to false */
};

/* The record of the entity KEY; NULL: there is none. */
struct spool_backlog *spool_entities_find(const struct spool_entities *entities, const char *key);

/* The same, and adds one. NULL: there are too many, or there is no memory. */
struct spool_backlog *spool_entities_get(struct spool_entities *entities, const char *key);

/* The entity KEY has waiting rows in the file, or none any more. If there is no room for its record,
 * all_known is false from now on. */
void spool_entities_set_rows(struct spool_entities *entities, const char *key, bool has_rows);

/* There is no room for the record of an entity that has rows, or is about to. */
void spool_entities_lost_one(struct spool_entities *entities);

/* Call it when something in BACKLOG has changed: without rows, what waits for that is woken (EMPTIED, which
 * removes it from BACKLOG); and BACKLOG is freed if nothing is left to say about its entity. */
void spool_entities_tidy(struct spool_entities *entities, struct spool_backlog *backlog);

/* Whether later writes of this entity must go behind rows; BACKLOG may be NULL. */
bool spool_entities_has_rows(const struct spool_entities *entities, const struct spool_backlog *backlog);

/* No entity has rows in the file: it is a new one. */
void spool_entities_forget(struct spool_entities *entities);

/* Frees all records; the lists are empty. */
void spool_entities_free(struct spool_entities *entities);

#endif
