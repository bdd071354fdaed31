/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drops rows that are older than spool.max_age_hours, waiting or set aside: the age is looked at once a
 * minute. Only while the time is certain, or a clock that was not set would make all rows old; and a row that
 * was written when it was not has no age.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_AGE_H
#define TB_PROXY_SPOOL_SPOOL_AGE_H

#include "base/loop.h"
#include "proxy/store/spool_writer.h"

#define SPOOL_AGE_LOOK_MS 60000
#define SPOOL_AGE_ROWS    256 /* that are dropped in one transaction */
#define SPOOL_AGE_PAGES   16  /* of so many rows, that are looked at */

struct spool;

struct spool_age {
    struct spool *spool;
    struct timer timer;
    struct spool_work work;
    bool under_way;
    int64_t now_ms, before_ms; /* rows that arrived before that are dropped */
    int64_t after_id;          /* where the next look begins: all before have no age */
    struct list dropped;       /* rows, without bodies */
    size_t count;
    int64_t next_id;
};

/* AGE must be zeroed. */
void spool_age_open(struct spool_age *age, struct spool *spool);

/* Before the writer stops. Harmless if it was never opened. */
void spool_age_close(struct spool_age *age);

#endif
