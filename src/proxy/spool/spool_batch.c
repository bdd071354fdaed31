/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_batch.h"

#include <errno.h>

#include "proxy/forward/merge.h"

#define PAGE_ROWS 64 /* read at a time: a row takes far more memory than its body */

/* A batch that is being made. */
struct gathering {
    struct spool_batch *batch;
    enum merge_kind kind; /* MERGE_NONE: of bodies that are not merged */
    size_t bytes;         /* of the merged body, about */
    struct buf bodies[SPOOL_BATCH_ROWS_MAX];
    const struct buf *pointers[SPOOL_BATCH_ROWS_MAX];
};

const struct operation *spool_batch_operation(const struct spool_row *row)
{
    return operation_find("POST", row->target, strcspn(row->target, "?"));
}

static enum merge_kind kind_of(const struct spool_row *lead)
{
    return merge_kind_of(spool_batch_operation(lead));
}

bool spool_batch_is_telemetry(const struct spool_row *lead)
{
    return kind_of(lead) == MERGE_TELEMETRY;
}

static bool are_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool spool_batch_is_alike(const struct spool_row *lead, const struct spool_row *row)
{
    return !lead->is_damaged && !row->is_damaged && are_same(lead->target, row->target) &&
           are_same(lead->content_type, row->content_type) && are_same(lead->server_url, row->server_url) &&
           are_same(lead->tenant, row->tenant) && are_same(lead->boot_id, row->boot_id);
}

bool spool_batch_is_of_same_user(const struct spool_row *lead, const struct spool_row *row)
{
    return are_same(lead->principal, row->principal);
}

static bool can_be_merged(const struct gathering *all, const struct spool_row *row)
{
    return row->boot_id || merge_check(all->kind, row->body.data, row->body.len) == 0;
}

/* Bodies without times are not needed. */
static void keep(struct gathering *all, struct spool_row *row)
{
    struct spool_batch *batch = all->batch;

    batch->ids[batch->count] = row->id;
    batch->is_shared |= !spool_batch_is_of_same_user(batch->lead, row);
    all->bytes += row->body.len + 2; /* a comma, a bracket */
    if (!row->boot_id) {
        all->bodies[batch->count] = row->body;
        row->body = (struct buf){0};
    }
    batch->count++;
}

static bool fits(const struct gathering *all, const struct spool_row *row,
                 const struct spool_batch_bounds *bounds)
{
    return all->batch->count < bounds->max_rows && row->id < bounds->before_id &&
           row->body.len + 2 <= bounds->max_bytes && all->bytes <= bounds->max_bytes - row->body.len - 2;
}

/* The first one. Returns whether others may go along. */
static bool begin(struct gathering *all, struct list *rows, const struct spool_batch_bounds *bounds)
{
    struct spool_row *lead = CONTAINER_OF(rows->next, struct spool_row, link);

    if (lead->id >= bounds->before_id)
        return false;
    list_remove(&lead->link);
    all->batch->lead = lead;
    all->kind = kind_of(lead);
    if (!can_be_merged(all, lead))
        all->kind = MERGE_NONE;
    keep(all, lead);
    return lead->boot_id || all->kind != MERGE_NONE;
}

/* Returns whether all of ROWS go along. */
static bool take_along(struct gathering *all, struct list *rows, const struct spool_batch_bounds *bounds)
{
    struct spool_row *row;

    list_for_each(row, rows, link) {
        if (!fits(all, row, bounds) || !spool_batch_is_alike(all->batch->lead, row) ||
            !can_be_merged(all, row))
            return false;
        keep(all, row);
    }
    return true;
}

static int64_t last_id(const struct spool_batch *batch)
{
    return batch->count > 0 ? batch->ids[batch->count - 1] : 0;
}

/* 1: there may be more; 0: that was all. */
static int gather_page(struct spool_file *file, const char *key, const struct spool_batch_bounds *bounds,
                       struct gathering *all)
{
    struct spool_page page = {bounds->max_rows < PAGE_ROWS ? bounds->max_rows : PAGE_ROWS, bounds->max_bytes,
                              last_id(all->batch)};
    struct list rows;
    bool goes_on;
    int r;

    list_init(&rows);
    r = spool_file_read(file, key, page, &rows);
    if (r < 0)
        return r;
    goes_on = !list_is_empty(&rows) && (all->batch->lead || begin(all, &rows, bounds)) &&
              take_along(all, &rows, bounds);
    spool_rows_free(&rows);
    return goes_on && all->batch->count < bounds->max_rows;
}

static int make_body(struct gathering *all)
{
    struct spool_batch *batch = all->batch;
    size_t i;

    if (batch->count == 0 || batch->lead->boot_id)
        return 0;
    if (batch->count == 1) {
        batch->body = all->bodies[0];
        all->bodies[0] = (struct buf){0};
        return 0;
    }
    for (i = 0; i < batch->count; i++)
        all->pointers[i] = &all->bodies[i];
    batch->body.max = all->bytes + 2;
    return merge_bodies(all->kind, all->pointers, batch->count, &batch->body);
}

static int gather(struct spool_file *file, const char *key, const struct spool_batch_bounds *bounds,
                  struct gathering *all)
{
    int r;

    do
        r = gather_page(file, key, bounds, all);
    while (r == 1);
    return r < 0 ? r : make_body(all);
}

int spool_batch_read(struct spool_file *file, const char *key, const struct spool_batch_bounds *bounds,
                     struct spool_batch *ret)
{
    struct spool_batch batch = {.ids = calloc(SPOOL_BATCH_ROWS_MAX, sizeof(*batch.ids))};
    CLEANUP(free_pointer) struct gathering *all = calloc(1, sizeof(*all));
    int r = -ENOMEM;
    size_t i;

    if (all && batch.ids) {
        all->batch = &batch;
        r = gather(file, key, bounds, all);
        for (i = 0; i < batch.count; i++)
            buf_free(&all->bodies[i]);
    }
    if (r == 0) {
        int64_t *ids = realloc(batch.ids, (batch.count + 1) * sizeof(*ids)); /* mostly they are few */

        batch.ids = ids ? ids : batch.ids;
        *ret = batch;
    } else {
        spool_batch_free(&batch);
    }
    return r;
}

void spool_batch_free(struct spool_batch *batch)
{
    spool_row_free_pointer(&batch->lead);
    buf_free(&batch->body);
    free(batch->ids);
    *batch = (struct spool_batch){0};
}
