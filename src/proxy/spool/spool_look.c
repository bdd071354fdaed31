/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_look.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/forward/forward.h"

/* ---- all entities ---- */

static int look_run(struct spool_work *work, struct spool_file *file)
{
    struct spool_look *look = CONTAINER_OF(work, struct spool_look, work);
    int r;

    spool_file_entities_free(look->found, look->count);
    look->count = 0;
    look->next_cursor = look->cursor;
    r = spool_file_next_entities(file, &look->next_cursor, look->found, SPOOL_LOOK_ENTITIES);
    look->count = r < 0 ? 0 : (size_t)r;
    return r < 0 ? r : 0;
}

/* Some had no share left: when others have gone, they may have one. */
static void look_later(struct spool *spool)
{
    struct spool_look *look = &spool->look;
    struct loop *loop = &spool->services->loop;
    int64_t pause_ms = SPOOL_LOOK_PART * look->took_ms;

    if (!spool->entities.all_known && !look->under_way && !spool->closing && !timer_is_started(&look->timer))
        loop_timer_start(loop, &look->timer, pause_ms > SPOOL_LOOK_MS ? pause_ms : SPOOL_LOOK_MS);
}

static void look_done(struct spool_work *work, int result)
{
    struct spool_look *look = CONTAINER_OF(work, struct spool_look, work);
    struct spool *spool = CONTAINER_OF(look, struct spool, look);
    size_t i;

    for (i = 0; result == 0 && i < look->count; i++)
        spool_entities_found_rows(&spool->entities, look->found[i].principal, look->found[i].key);
    spool_file_entities_free(look->found, look->count);
    look->count = 0;
    look->cursor = look->is_of_old ? 0 : look->next_cursor;
    if (result == 0 && (look->cursor != 0 || look->is_of_old) && !spool->closing) {
        look->is_of_old = false;
        spool_writer_submit(&spool->writer, work);
        return;
    }
    look->under_way = look->is_of_old = false;
    look->took_ms = spool->services->loop.now_ms - look->begun_ms;
    if (result == 0 && look->cursor == 0)
        spool->entities.all_known = !spool->entities.lost_one;
    look_later(spool);
    forward_wake_in(spool->services->forward, 0);
}

static void look_for_entities(struct spool *spool)
{
    struct spool_look *look = &spool->look;

    loop_timer_stop(&spool->services->loop, &look->timer);
    if (spool->entities.all_known || look->under_way || !spool->is_open)
        return;
    spool->entities.lost_one = false;
    look->cursor = 0;
    look->under_way = true;
    look->begun_ms = spool->services->loop.now_ms;
    spool_writer_submit(&spool->writer, &look->work); /* it has no bytes, so it is taken */
}

void spool_look_at_all(struct spool *spool)
{
    spool->entities.all_known = false;
    spool->look.is_of_old = spool->look.under_way;
    look_for_entities(spool);
}

static void look_again(struct timer *timer)
{
    struct spool_look *look = CONTAINER_OF(timer, struct spool_look, timer);

    look_for_entities(CONTAINER_OF(look, struct spool, look));
}

/* ---- one row, one entity ---- */

void spool_look_found(struct spool *spool, const struct spool_row *row)
{
    spool_entities_found_rows(&spool->entities, row->principal, row->entity);
    look_later(spool);
}

struct look_at {
    struct spool_work work;
    struct spool *spool;
    struct list rows; /* one, or none */
    char key[];
};

static int look_at_run(struct spool_work *work, struct spool_file *file)
{
    struct look_at *look = CONTAINER_OF(work, struct look_at, work);

    spool_rows_free(&look->rows);
    return spool_file_read(file, look->key, (struct spool_page){1, 0, 0}, &look->rows);
}

static void look_at_done(struct spool_work *work, int result)
{
    struct look_at *look = CONTAINER_OF(work, struct look_at, work);

    if (result == 0 && list_is_empty(&look->rows))
        spool_entities_has_lost_rows(&look->spool->entities, look->key);
    else if (result == 0)
        spool_look_found(look->spool, CONTAINER_OF(look->rows.next, struct spool_row, link));
    spool_rows_free(&look->rows);
    free(look);
}

/* Without memory, the next row of the entity that is delivered tells. */
void spool_look_at(struct spool *spool, const char *key)
{
    size_t length = strlen(key) + 1;
    struct look_at *look = calloc(1, sizeof(*look) + length);

    if (!look)
        return;
    look->work = (struct spool_work){.run = look_at_run, .done = look_at_done};
    look->spool = spool;
    list_init(&look->rows);
    memcpy(look->key, key, length);
    spool_writer_submit(&spool->writer, &look->work);
}

/* ---- */

void spool_look_open(struct spool *spool)
{
    spool->look.work = (struct spool_work){.run = look_run, .done = look_done};
    spool->look.timer.expired = look_again;
}

void spool_look_close(struct spool *spool)
{
    loop_timer_stop(&spool->services->loop, &spool->look.timer);
}
