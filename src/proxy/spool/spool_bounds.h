/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many rows, and bytes, each principal has in the spool, and whether it may have more: spool.max_rows and
 * spool.max_bytes are what one may have, and base/quota.h says what is left for the others.
 *
 * What is stored is counted at once; what has left the file is noticed when the file is counted again
 * (spool_bounds_count()).
 */
#ifndef TB_PROXY_SPOOL_SPOOL_BOUNDS_H
#define TB_PROXY_SPOOL_SPOOL_BOUNDS_H

#include "base/quota.h"
#include "proxy/store/spool_file.h"

#define SPOOL_HOLDER_SLOTS 64

struct spool_holder {
    struct spool_holder *next; /* in its slot */
    struct quota rows, bytes;
    size_t new_rows, new_bytes; /* of these, those that the writer has not stored yet */
    char name[];
};

/* Zeroed: nobody has anything. */
struct spool_bounds {
    struct quota rows, bytes;
    size_t new_rows, new_bytes;
    struct spool_holder *holders[SPOOL_HOLDER_SLOTS];
};

void spool_bounds_set(struct spool_bounds *bounds, int64_t max_rows, int64_t max_bytes);

/* NAME gets a row of BYTES. IN_FILE: what the file has now, of all. 0; -EDQUOT: it may not; -ENOMEM. *IS_OLD:
 * the file should be counted again. */
int spool_bounds_take(struct spool_bounds *bounds, const char *name, size_t bytes,
                      const struct spool_totals *in_file, bool *is_old);

/* The same without a question: a row is dropped for it. 0 or -ENOMEM. */
int spool_bounds_add(struct spool_bounds *bounds, const char *name, size_t bytes);

/* The writer has stored that row, with MORE_BYTES than was known; or not. */
void spool_bounds_stored(struct spool_bounds *bounds, const char *name, size_t bytes, size_t more_bytes);
void spool_bounds_not_stored(struct spool_bounds *bounds, const char *name, size_t bytes);

/* The file was counted: SHARES, without rows that are not stored yet. Without memory, nothing changes. */
void spool_bounds_count(struct spool_bounds *bounds, const struct spool_share *shares, size_t count);

void spool_bounds_free(struct spool_bounds *bounds);

#endif
