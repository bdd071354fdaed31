/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oldest row of a principal: others may have millions of older ones, so where the search has ended is
 * kept, for the principals that were asked for last.
 */
#include <errno.h>

#include "proxy/store/spool_file_private.h"

static struct spool_oldest_row *find(struct spool_file *file, int64_t principal)
{
    size_t i;

    for (i = 0; i < SPOOL_OLDEST_MAX; i++)
        if (file->oldest.of[i].principal == principal)
            return &file->oldest.of[i];
    return NULL;
}

static struct spool_oldest_row *get(struct spool_file *file, int64_t principal)
{
    struct spool_oldest_row *row = find(file, principal);

    if (row)
        return row;
    row = &file->oldest.of[file->oldest.next++ % SPOOL_OLDEST_MAX];
    *row = (struct spool_oldest_row){principal, 0};
    return row;
}

void spool_oldest_add(struct spool_file *file, int64_t principal, int64_t id)
{
    struct spool_oldest_row *row = find(file, principal);

    if (row && id < row->id)
        row->id = id;
}

void spool_oldest_forget(struct spool_file *file)
{
    file->oldest = (struct spool_oldest){0};
}

int spool_file_oldest_of(struct spool_file *file, const char *principal, struct spool_row **ret)
{
    struct spool_oldest_row *oldest;
    int64_t id = 0;
    int r = spool_names_id(file, SPOOL_FIND_PRINCIPAL, principal, &id);

    if (r < 0)
        return r;
    oldest = get(file, id);
    r = spool_file_read_oldest(file, SPOOL_OLDEST_OF, oldest->id, id, ret);
    if (r == 0 || r == -ENOENT)
        oldest->id = r == 0 ? (*ret)->id : INT64_MAX;
    return r;
}
