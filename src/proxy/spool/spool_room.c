/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_room.h"

#include <errno.h>

#include "base/log.h"
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

int spool_room_take(struct spool *spool, const char *principal, size_t bytes, struct spool_drop *drop)
{
    struct spool_facts facts = spool_writer_facts(&spool->writer);
    struct spool_bounds *bounds = &spool->room.bounds;
    bool is_old, drops = spool->services->config->spool.when_full == SPOOL_DROP_OLDEST;
    int r = spool_bounds_take(bounds, principal, bytes, &facts.totals, &is_old);

    *drop = (struct spool_drop){0};
    list_init(&drop->dropped);
    if (is_old)
        spool_room_count(spool);
    if (r != -EDQUOT)
        return r;
    spool->room.full_ms = spool->services->loop.now_ms;
    tell(spool, principal, drops);
    if (!drops)
        return r;
    drop->bytes = bytes;
    return spool_bounds_add(bounds, principal, bytes);
}

static void tell_dropped(struct spool *spool, const struct spool_drop *drop)
{
    const struct spool_row *row;

    list_for_each(row, &drop->dropped, link) {
        spool_count(spool->services, METRICS_SPOOL_DROPPED, 1);
        spool_look_at(spool, row->entity);
    }
    if (!list_is_empty(&drop->dropped))
        spool_room_count(spool);
}

void spool_room_stored(struct spool *spool, const struct spool_row *row, size_t bytes,
                       struct spool_drop *drop, bool is_stored)
{
    struct spool_bounds *bounds = &spool->room.bounds;

    if (is_stored) {
        spool_bounds_stored(bounds, row->principal, bytes, row->names_size);
        tell_dropped(spool, drop);
    } else {
        spool_bounds_not_stored(bounds, row->principal, bytes);
    }
    spool_rows_free(&drop->dropped);
}

/* ---- in the writer's thread ---- */

/* The oldest row of the user who has NEW, but not NEW itself. */
static int drop_oldest(struct spool_file *file, const struct spool_row *new, struct spool_drop *drop,
                       size_t *freed)
{
    const struct spool_answer answer = {.at_ms = clock_wall_ms(),
                                        .reason = "the spool was full, and newer writes came"};
    CLEANUP(spool_row_free_pointer) struct spool_row *row = NULL;
    int r = spool_file_oldest_of(file, new->principal, &row);

    if (r < 0 && r != -ENOENT)
        return r;
    if (r == -ENOENT || row->id == new->id)
        return -EDQUOT;
    *freed += row->size + row->names_size + SPOOL_ROW_BYTES;
    r = spool_file_end(file, row->id, SPOOL_DROPPED, &answer);
    list_append(&drop->dropped, &TAKE_PTR(row)->link);
    return r;
}

static int make_room(struct spool_file *file, const struct spool_row *new, struct spool_drop *drop,
                     size_t bytes, size_t *freed)
{
    int r = 0;

    while (r == 0 && *freed < bytes)
        r = drop_oldest(file, new, drop, freed);
    return r;
}

/* What its names take is not known before. */
static int store(struct spool_file *file, struct spool_row *row, struct spool_drop *drop)
{
    size_t freed = 0;
    int r = make_room(file, row, drop, drop->bytes, &freed);

    if (r == 0)
        r = spool_file_insert(file, row);
    if (r == 0 && drop->bytes > 0)
        r = make_room(file, row, drop, drop->bytes + row->names_size, &freed);
    return r;
}

int spool_room_store(struct spool_file *file, struct spool_row *row, struct spool_drop *drop)
{
    int r;

    spool_rows_free(&drop->dropped);
    r = store(file, row, drop);
    if (r < 0 && !list_is_empty(&drop->dropped))
        spool_file_fail(file, r); /* or these would be gone for nothing */
    return r;
}
