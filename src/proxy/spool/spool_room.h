/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room in the spool for another row: the bounds (spool_bounds.h), and what happens when they are reached
 * (spool.when_full).
 */
#ifndef TB_PROXY_SPOOL_SPOOL_ROOM_H
#define TB_PROXY_SPOOL_SPOOL_ROOM_H

#include "proxy/spool/spool.h"
#include "proxy/spool/spool_progress.h"

#define SPOOL_DROP_ROWS_MAX 1000 /* for one row */

/* Rows that are dropped to make room for another one. */
struct spool_drop {
    struct spool_amount leaves;  /* what is to be dropped */
    struct spool_amount dropped; /* what was */
    bool is_too_much;            /* nothing was, because it cannot be done */
    struct list rows;            /* these, without their bodies */
};

/* At the start, and after a reload: the bounds. */
void spool_room_configure(struct spool *spool);

/* Counts the file, for what each principal has. */
void spool_room_count(struct spool *spool);

/* A row of PRINCIPAL that takes ROOM, or less, is about to be stored. 0, perhaps with DROP to be done;
 * -EDQUOT: the spool is full for it; -ENOMEM. */
int spool_room_take(struct spool *spool, const char *principal, struct spool_amount room,
                    struct spool_drop *drop);

/* In the writer's thread: stores ROW, and drops the oldest rows of its user as DROP says; if they are more
 * than SPOOL_DROP_ROWS_MAX, later rows do the rest, unless this one takes more than it frees: -EDQUOT, also
 * if there are too few; errors of spool_file_insert(). If it fails, nothing is dropped. May be called again.
 */
int spool_room_store(struct spool_file *file, struct spool_row *row, struct spool_drop *drop);

/* ROW, which was taken with ROOM, is stored, or not; frees what is in DROP. */
void spool_room_stored(struct spool *spool, const struct spool_row *row, struct spool_amount room,
                       struct spool_drop *drop, bool is_stored);

/* PROGRESS, which has its batch and what is to be noted, is about to be submitted: sets its room, as far as
 * there is some in the share of the first row's user. */
void spool_room_take_for(struct spool *spool, struct spool_progress *progress);

/* It is done. */
void spool_room_settle_for(struct spool *spool, const struct spool_progress *progress, int result);

#endif
