/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entities of which the spool has rows, or is getting some: one record in memory for each; and whose turn
 * it is to be delivered.
 *
 * A record is in the share of a user who has written to the entity (base/quota.h): of the one who has fewer
 * of them, if there are several, so that nobody's entity waits for its turn with the many of another. One
 * whose share is used up cannot write to further entities, so that it is known of all entities whether they
 * have rows. Only the file may have more, for instance after an administrator has retried many rows; or it
 * has not been read yet: then spool_entities.all_known is false, and any entity may have some.
 *
 * A work that ends the rows of an entity looks in the same transaction whether it has more. Works are done in
 * the order of their execution, so has_rows is then what the file says, except for rows that are given to the
 * writer later: those count in STORING.
 *
 * Entities that have rows, and that are not being delivered, wait for their turn. Users have it one after the
 * other, and each of them has its entities one after the other.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_ENTITIES_H
#define TB_PROXY_SPOOL_SPOOL_ENTITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/quota.h"

#define SPOOL_ENTITIES_MAX   24576 /* of one user; of all, a third more */
#define SPOOL_ENTITIES_SLOTS 8192
#define SPOOL_ENTITIES_BATCH (64 * 1024) /* a batch may get as much, even if fewer bytes are left for it */

struct spool_slot;

/* A user who has records. */
struct spool_owner {
    struct list link; /* in entities->owners */
    struct quota records;
    struct quota slots;   /* entities that are being delivered */
    struct quota bytes;   /* of the batches of these, or that they may get */
    size_t in_flight;     /* calls for these */
    struct list entities; /* that wait for their turn */
    struct list turn;     /* in entities->turns, if there may be any */
    uint64_t round;       /* of its last call (spool_delivery_queue()) */
    char name[];
};

struct spool_backlog {
    struct spool_backlog *next; /* in its slot of the table */
    uint64_t hash;
    struct spool_owner *owner;
    bool has_rows;           /* waiting rows are in the file */
    size_t storing;          /* rows that the writer has not stored yet */
    struct spool_slot *slot; /* it is being delivered; NULL: it is not */
    struct list turn;        /* in owner->entities or entities->resting while it has rows and no slot */
    int64_t rests_until_ms;  /* in entities->resting, boot clock; 0: it waits for its turn */
    int64_t failed_ms;       /* when the last call of it failed as if the server were away; 0: it did not */
    unsigned failures;       /* of such calls in a row, after which it rested */
    struct list pending;     /* its writes that forward/ has, and that may become rows */
    struct list waiting;     /* deletes that wait until it has no rows */
    char key[];
};

struct spool_entities {
    struct spool_backlog *table[SPOOL_ENTITIES_SLOTS];
    struct list owners;
    struct quota records, slots, bytes; /* of all owners */
    struct list turns;                  /* owners */
    struct list resting;                /* entities that must not have a turn yet */
    bool all_known;                     /* no entity without a record has rows */
    bool lost_one; /* an entity with rows could not have a record, since this was set to false */
    void (*emptied)(struct spool_entities *entities, struct spool_backlog *backlog); /* deletes may go */
};

/* ENTITIES is zeroed, but for EMPTIED. SLOTS: how many entities of one user may be delivered at a time;
 * BYTES: of their batches. */
void spool_entities_open(struct spool_entities *entities, size_t slots, size_t bytes);

/* The record of the entity KEY; NULL: there is none. */
struct spool_backlog *spool_entities_find(const struct spool_entities *entities, const char *key);

/* The same for a write of the user NAME; adds one to its share if there is none. 0; -EMFILE: its share is
 * used up; -ENOMEM. */
int spool_entities_get(struct spool_entities *entities, const char *name, const char *key,
                       struct spool_backlog **ret);

/* The entity has waiting rows in the file. */
void spool_entities_has_got_rows(struct spool_entities *entities, struct spool_backlog *backlog);

/* The same for the entity KEY, the first of whose rows is of the user NAME. If it cannot have a record,
 * all_known is false from now on. */
void spool_entities_found_rows(struct spool_entities *entities, const char *name, const char *key);

/* The entity KEY has no waiting rows in the file any more. */
void spool_entities_has_lost_rows(struct spool_entities *entities, const char *key);

/* Call it when something in BACKLOG has changed: without rows, what waits for that is woken (EMPTIED, which
 * removes it from BACKLOG); and BACKLOG is freed if nothing is left to say about its entity. */
void spool_entities_tidy(struct spool_entities *entities, struct spool_backlog *backlog);

/* Whether later writes of this entity must go behind rows; BACKLOG may be NULL. */
bool spool_entities_has_rows(const struct spool_entities *entities, const struct spool_backlog *backlog);

/* ---- turns (spool_turns.c) ---- */

/* BACKLOG, which has rows and no slot, goes to the end. */
void spool_entities_wait_for_turn(struct spool_entities *entities, struct spool_backlog *backlog);

/* The entity whose turn it is, but none of the user BUT (NULL: of any). NULL: none waits whose user may have
 * a slot. */
struct spool_backlog *spool_entities_next(struct spool_entities *entities, const struct spool_owner *but);

/* It gets SLOT; or loses it, and waits for its next turn if it has rows; BACKLOG may be freed then. */
void spool_entities_set_slot(struct spool_entities *entities, struct spool_backlog *backlog,
                             struct spool_slot *slot);

/* Whether an entity waits that OWNER keeps from its turn: by a slot more than it may have, or by the last. */
bool spool_entities_others_wait(const struct spool_entities *entities, const struct spool_owner *owner);

/* BACKLOG, which has lost its slot, rests until then (boot clock), and has no turn. */
void spool_entities_rest(struct spool_entities *entities, struct spool_backlog *backlog, int64_t until_ms);

/* Those whose rest is over wait for their turn again. Returns whether none rests any more. */
bool spool_entities_end_rest(struct spool_entities *entities, int64_t now_ms);

/* ---- */

/* No entity has rows in the file: it is a new one. */
void spool_entities_forget(struct spool_entities *entities);

/* Frees all records; the lists are empty. */
void spool_entities_free(struct spool_entities *entities);

#endif
