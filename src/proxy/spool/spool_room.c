/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_room.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "proxy/spool/spool_look.h"
#include "proxy/spool/spool_report.h"

#define COUNT_MS   1000  /* between two counts of the file, at least */
#define COUNT_PART 20    /* and so many times as long as the last one took: others wait for it */
#define TOLD_MS    60000 /* between two messages */

/* ---- counting ---- */

static int count_run(struct spool_work *work, struct spool_file *file)
{
    struct spool_room *room = CONTAINER_OF(work, struct spool_room, work);
    int64_t begun_ms = clock_boot_ms();
    int r;

    spool_shares_free(TAKE_PTR(room->shares), room->share_count);
    r = spool_file_shares(file, &room->shares, &room->share_count);
    room->took_ms = clock_boot_ms() - begun_ms;
    return r;
}

static void count_done(struct spool_work *work, int result)
{
    struct spool_room *room = CONTAINER_OF(work, struct spool_room, work);

    room->is_counting = false;
    if (result == 0)
        spool_bounds_count(&room->bounds, room->shares, room->share_count);
    spool_shares_free(TAKE_PTR(room->shares), room->share_count);
    room->share_count = 0;
}

static int64_t pause_ms(const struct spool_room *room)
{
    int64_t pause_ms = COUNT_PART * room->took_ms;

    return pause_ms > COUNT_MS ? pause_ms : COUNT_MS;
}

void spool_room_count(struct spool *spool)
{
    struct spool_room *room = &spool->room;
    int64_t now_ms = spool->services->loop.now_ms;

    if (room->is_counting || (room->counted_ms > 0 && now_ms - room->counted_ms < pause_ms(room)))
        return;
    room->is_counting = true;
    room->counted_ms = now_ms;
    room->work = (struct spool_work){.run = count_run, .done = count_done};
    spool_writer_submit(&spool->writer, &room->work); /* it has no bytes, so it is taken */
}

void spool_room_configure(struct spool *spool)
{
    const struct config *config = spool->services->config;

    spool_bounds_set(&spool->room.bounds, config->spool.max_rows, config->spool.max_bytes);
}

/* ---- taking ---- */

static void tell(struct spool *spool, const char *principal, bool drops)
{
    struct spool_room *room = &spool->room;
    int64_t now_ms = spool->services->loop.now_ms;

    if (room->told_ms > 0 && now_ms - room->told_ms < TOLD_MS)
        return;
    room->told_ms = now_ms;
    log_warning("spool: it is full for %s (spool.max_rows, spool.max_bytes); its %s", principal,
                drops ? "oldest writes are dropped (spool.when_full)" : "writes are answered with 503");
}

static int take(struct spool *spool, const char *principal, struct spool_amount more)
{
    struct spool_facts facts = spool_writer_facts(&spool->writer);
    bool is_old;
    int r = spool_bounds_take(&spool->room.bounds, principal, more, &facts.totals, &is_old);

    if (is_old)
        spool_room_count(spool);
    return r;
}

int spool_room_take(struct spool *spool, const char *principal, struct spool_amount room,
                    struct spool_drop *drop)
{
    bool drops = spool->services->config->spool.when_full == SPOOL_DROP_OLDEST;
    int r = take(spool, principal, room);

    *drop = (struct spool_drop){0};
    list_init(&drop->rows);
    if (r != -EDQUOT)
        return r;
    spool->room.full_ms = spool->services->loop.now_ms;
    tell(spool, principal, drops);
    return drops ? spool_bounds_replace(&spool->room.bounds, principal, room, &drop->leaves) : r;
}

static void tell_dropped(struct spool *spool, const struct spool_drop *drop)
{
    const struct spool_row *row;

    list_for_each(row, &drop->rows, link) {
        spool_count(spool->services, METRICS_SPOOL_DROPPED, 1);
        spool_look_at(spool, row->entity);
    }
    if (!list_is_empty(&drop->rows))
        spool_room_count(spool);
}

static struct spool_amount amount_of(const struct spool_row *row)
{
    return (struct spool_amount){1, SPOOL_ROW_BYTES + row->size + row->names_size};
}

void spool_room_stored(struct spool *spool, const struct spool_row *row, struct spool_amount room,
                       struct spool_drop *drop, bool is_stored)
{
    struct spool_bounds *bounds = &spool->room.bounds;
    const struct spool_amount nothing = {0};

    spool_bounds_settle(bounds, row->principal, room, is_stored ? amount_of(row) : nothing);
    spool_bounds_dropped(bounds, row->principal, drop->leaves, is_stored ? drop->dropped : nothing);
    if (is_stored)
        tell_dropped(spool, drop);
    else if (drop->is_too_much)
        spool_bounds_too_much(bounds, row->principal,
                              drop->leaves); /* or it would be tried again and again */
    spool_rows_free(&drop->rows);
}

/* ---- what becomes of rows ---- */

static bool take_more(struct spool *spool, struct spool_progress *progress, struct spool_amount more)
{
    if (take(spool, progress->batch.lead->principal, more) < 0)
        return false;
    progress->room = more;
    return true;
}

/* What is around the values, {"ts":1,"values":} for example, is in both parts. */
static size_t part_bytes(const struct spool_batch *batch)
{
    return SPOOL_ROW_BYTES + batch->body.len + spool_file_names_max(batch->lead);
}

void spool_room_take_for(struct spool *spool, struct spool_progress *progress)
{
    const struct spool_batch *batch = &progress->batch;
    const char *answer = progress->answer.answer;
    size_t bytes = answer ? batch->count * strlen(answer) : 0;

    progress->room = (struct spool_amount){0};
    if (progress->note == SPOOL_NOTE_NOTHING)
        return;
    if (progress->note == SPOOL_NOTE_REFUSED &&
        take_more(spool, progress, (struct spool_amount){1, bytes + part_bytes(batch)}))
        return;
    if (bytes > 0)
        take_more(spool, progress, (struct spool_amount){0, bytes});
}

/* Nobody is asked for the times that rows get: they are as many as the values, and each takes 30 bytes at
 * most. But they count at once. */
void spool_room_settle_for(struct spool *spool, const struct spool_progress *progress, int result)
{
    const struct spool_row *lead = progress->batch.lead;

    if (lead)
        spool_bounds_settle(&spool->room.bounds, lead->principal, progress->room,
                            result == 0 ? progress->grown : (struct spool_amount){0});
}

/* ---- in the writer's thread ---- */

/* The oldest row of the user who has NEW, but not NEW itself. */
static int drop_oldest(struct spool_file *file, const struct spool_row *new, struct spool_drop *drop)
{
    const struct spool_answer answer = {.at_ms = clock_wall_ms(),
                                        .reason = "the spool was full, and newer writes came"};
    CLEANUP(spool_row_free_pointer) struct spool_row *row = NULL;
    struct spool_amount before = spool_amount_of(&file->totals), freed;
    int r = spool_file_oldest_of(file, new->principal, &row);

    if (r < 0 && r != -ENOENT)
        return r;
    if (r == -ENOENT || row->id == new->id)
        return -EDQUOT;
    r = spool_file_end(file, row->id, SPOOL_DROPPED, &answer);
    freed = spool_amount_beyond(before, spool_amount_of(&file->totals));
    drop->dropped.rows += freed.rows;
    drop->dropped.bytes += freed.bytes;
    list_append(&drop->rows, &TAKE_PTR(row)->link);
    return r;
}

static bool has_dropped(const struct spool_drop *drop, struct spool_amount amount)
{
    return drop->dropped.rows >= amount.rows && drop->dropped.bytes >= amount.bytes;
}

/* -EDQUOT: there are not so many rows, or they are too many for now. */
static int make_room(struct spool_file *file, const struct spool_row *new, struct spool_drop *drop,
                     struct spool_amount needed)
{
    int r = 0;

    while (r == 0 && !has_dropped(drop, needed))
        r = drop->dropped.rows < SPOOL_DROP_ROWS_MAX ? drop_oldest(file, new, drop) : -EDQUOT;
    return r;
}

/* What must be dropped, if the names that have come with the row take so much. */
static struct spool_amount needed_for(const struct spool_row *row, const struct spool_drop *drop,
                                      size_t names_size)
{
    struct spool_amount unused = {0, spool_file_names_max(row) - names_size};

    return spool_amount_beyond(drop->leaves, unused);
}

/* The same without what the user has had too much of before. */
static struct spool_amount least_for(const struct spool_row *row, struct spool_amount needed)
{
    struct spool_amount own = amount_of(row);

    return (struct spool_amount){needed.rows < own.rows ? needed.rows : own.rows,
                                 needed.bytes < own.bytes ? needed.bytes : own.bytes};
}

/* What its names take is not known before. */
static int store(struct spool_file *file, struct spool_row *row, struct spool_drop *drop)
{
    struct spool_amount needed;
    int r = make_room(file, row, drop, needed_for(row, drop, 0));

    if (r == 0 || r == -EDQUOT)
        r = spool_file_insert(file, row);
    if (r < 0)
        return r;
    needed = needed_for(row, drop, row->names_size);
    r = make_room(file, row, drop, needed);
    return r == -EDQUOT && has_dropped(drop, least_for(row, needed)) ? 0 : r;
}

int spool_room_store(struct spool_file *file, struct spool_row *row, struct spool_drop *drop)
{
    int r;

    spool_rows_free(&drop->rows);
    drop->dropped = (struct spool_amount){0};
    r = store(file, row, drop);
    drop->is_too_much = r == -EDQUOT;
    if (r < 0 && !list_is_empty(&drop->rows))
        spool_file_fail(file, r); /* or these would be gone for nothing */
    return r;
}
