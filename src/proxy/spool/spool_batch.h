/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first waiting rows of an entity that go to the server as one call.
 *
 * Rows go together if they are alike: same target, content type and server, both with times or both of the
 * same boot without. If they can be merged (merge_body.h), they become one body; what cannot be merged goes
 * alone, byte for byte. Used by the writer's thread.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_BATCH_H
#define TB_PROXY_SPOOL_SPOOL_BATCH_H

#include "proxy/route/operation.h"
#include "proxy/store/spool_file.h"

#define SPOOL_BATCH_ROWS_MAX 1000

struct spool_batch_bounds {
    size_t max_rows;   /* at least 1 */
    size_t max_bytes;  /* of the body; the first row is taken whatever its size */
    int64_t before_id; /* no row with this id or a greater one */
};

/* Zeroed: no rows. */
struct spool_batch {
    struct spool_row *lead; /* the first row, without its body; NULL: there is none */
    int64_t *ids;           /* of all rows, in their order */
    size_t count;
    bool is_shared;  /* they are of several users */
    struct buf body; /* if all rows have times */
};

/* Reads the first rows of the entity KEY. 0, although there may be none; or an error. */
int spool_batch_read(struct spool_file *file, const char *key, const struct spool_batch_bounds *bounds,
                     struct spool_batch *ret);

/* Empties it. */
void spool_batch_free(struct spool_batch *batch);

/* Whether ROW, which comes after LEAD, may go with it, if both bodies can be merged. */
bool spool_batch_is_alike(const struct spool_row *lead, const struct spool_row *row);

/* The id of its last row. */
static inline int64_t spool_batch_last_id(const struct spool_batch *batch)
{
    return batch->ids[batch->count - 1];
}

bool spool_batch_is_of_same_user(const struct spool_row *lead, const struct spool_row *row);

/* The operation that ROW asks for; NULL: none that is known. */
const struct operation *spool_batch_operation(const struct spool_row *row);

/* Whether the rows of LEAD are telemetry; if not, they are attributes. */
bool spool_batch_is_telemetry(const struct spool_row *lead);

#endif
