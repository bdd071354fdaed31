/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting rows that are not in the index by entity yet, so that a row that is delivered soon never changes a
 * page of the index: the file has them in the state SPOOL_FRESH, and this list has them by entity. When it is
 * long, all go into the index at once, so that those of an entity change a page together.
 *
 * To be called in a transaction, which begins with spool_fresh_keep(), and ends with spool_fresh_undo() if it
 * is undone.
 */
#ifndef TB_PROXY_STORE_SPOOL_FRESH_H
#define TB_PROXY_STORE_SPOOL_FRESH_H

#include "proxy/store/spool_file.h"

#define SPOOL_FRESH 4 /* in the file only; elsewhere such a row is SPOOL_WAITING */

/* A row that has just been stored. If the list is full, it must be stored in the index. */
static inline bool spool_fresh_has_room(const struct spool_file *file)
{
    return file->fresh.count < SPOOL_FRESH_MAX;
}

void spool_fresh_add(struct spool_file *file, int64_t entity, int64_t id);

/* It has left the file, or waits no more. */
void spool_fresh_remove(struct spool_file *file, int64_t entity, int64_t id);

bool spool_fresh_is_before(const struct spool_fresh_row *a, const struct spool_fresh_row *b);

/* The place in the list of the first row of ENTITY, or of one after it, whose id exceeds AFTER_ID. */
size_t spool_fresh_find(const struct spool_file *file, int64_t entity, int64_t after_id);

/* NULL: the list ends before it. */
static inline const struct spool_fresh_row *spool_fresh_at(const struct spool_file *file, size_t place)
{
    return place < file->fresh.count ? &file->fresh.rows[place] : NULL;
}

/* Puts all rows of ENTITY into the index; all of the list; or all, if it is so long that it is time. */
int spool_fresh_index(struct spool_file *file, int64_t entity);
int spool_fresh_index_all(struct spool_file *file);
bool spool_fresh_is_long(const struct spool_file *file);

void spool_fresh_keep(struct spool_file *file);
void spool_fresh_undo(struct spool_file *file);

/* If the list was lost, because the file was closed: reads it again, or puts all such rows into the index if
 * they are too many. Reads all rows. */
int spool_fresh_restore(struct spool_file *file);

#endif
