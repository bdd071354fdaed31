/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many rows, and bytes, each principal has in the spool, and whether it may have more: spool.max_rows and
 * spool.max_bytes are what one may have, and base/quota.h says what is left for the others.
 *
 * A place is taken before the writer stores something, for as much as it may take; when that is done, what it
 * really takes is counted. What has left the file is noticed when the file is counted again
 * (spool_bounds_count()), but for what was dropped to make room.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_BOUNDS_H
#define TB_PROXY_SPOOL_SPOOL_BOUNDS_H

#include "base/quota.h"
#include "proxy/store/spool_file.h"

#define SPOOL_HOLDER_SLOTS 64

struct spool_amount {
    size_t rows, bytes;
};

/* What all rows of the file take. */
struct spool_amount spool_amount_of(const struct spool_totals *totals);

/* How much A exceeds B. */
struct spool_amount spool_amount_beyond(struct spool_amount a, struct spool_amount b);

struct spool_holder {
    struct spool_holder *next; /* in its slot */
    struct quota rows, bytes;
    struct spool_amount new;     /* of these, what the writer has not stored yet */
    struct spool_amount leaving; /* what is to be dropped */
    size_t too_much; /* bytes for which too many rows would have to go, since the last count; 0: none */
    char name[];
};

/* Zeroed: nobody has anything. */
struct spool_bounds {
    struct quota rows, bytes;
    struct spool_amount new, leaving;
    struct spool_holder *holders[SPOOL_HOLDER_SLOTS];
};

void spool_bounds_set(struct spool_bounds *bounds, int64_t max_rows, int64_t max_bytes);

/* NAME gets MORE. IN_FILE: what the file has now, of all. 0; -EDQUOT: it may not; -ENOMEM. *IS_OLD: the file
 * should be counted again. */
int spool_bounds_take(struct spool_bounds *bounds, const char *name, struct spool_amount more,
                      const struct spool_totals *in_file, bool *is_old);

/* NAME gets MORE although it may not, and *LEAVES of what it has is dropped: as much as comes, of what there
 * is too much of, and all that exceeds what one may have. 0; -EDQUOT: it was too much a moment ago; -ENOMEM.
 */
int spool_bounds_replace(struct spool_bounds *bounds, const char *name, struct spool_amount more,
                         struct spool_amount *leaves);

/* The writer has stored REALLY of what was TAKEN; nothing, if it has failed. It may be more. */
void spool_bounds_settle(struct spool_bounds *bounds, const char *name, struct spool_amount taken,
                         struct spool_amount really);

/* It has dropped REALLY of what LEAVES. */
void spool_bounds_dropped(struct spool_bounds *bounds, const char *name, struct spool_amount leaves,
                          struct spool_amount really);

/* What LEAVES is too much: until the next count, nothing is stored for which half of it, or more, would have
 * to be dropped. */
void spool_bounds_too_much(struct spool_bounds *bounds, const char *name, struct spool_amount leaves);

/* The file was counted: SHARES, without rows that are not stored yet. Without memory, nothing changes. */
void spool_bounds_count(struct spool_bounds *bounds, const struct spool_share *shares, size_t count);

void spool_bounds_free(struct spool_bounds *bounds);

#endif
