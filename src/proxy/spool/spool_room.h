/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room in the spool for another row: the bounds (spool_bounds.h), and what happens when they are reached
 * (spool.when_full).
 */
#ifndef TB_PROXY_SPOOL_SPOOL_ROOM_H
#define TB_PROXY_SPOOL_SPOOL_ROOM_H

#include "proxy/spool/spool.h"

/* Rows that are dropped to make room for another one. */
struct spool_drop {
    size_t bytes;        /* that are needed; 0: nothing is dropped */
    struct list dropped; /* rows, without their bodies */
};

/* At the start, and after a reload: the bounds. */
void spool_room_configure(struct spool *spool);

/* Counts the file, for what each principal has. */
void spool_room_count(struct spool *spool);

/* A row of BYTES for PRINCIPAL is about to be stored. 0, perhaps with DROP to be done; -EDQUOT: the spool is
 * full for it; -ENOMEM. */
int spool_room_take(struct spool *spool, const char *principal, size_t bytes, struct spool_drop *drop);

/* In the writer's thread: stores ROW, and drops the oldest rows of its user as DROP says. -EDQUOT: they are
 * too few; errors of spool_file_insert(). If it fails, nothing is dropped. May be called again. */
int spool_room_store(struct spool_file *file, struct spool_row *row, struct spool_drop *drop);

/* ROW, which was taken with BYTES, is stored, or not; frees what is in DROP. */
void spool_room_stored(struct spool *spool, const struct spool_row *row, size_t bytes,
                       struct spool_drop *drop, bool is_stored);

#endif
