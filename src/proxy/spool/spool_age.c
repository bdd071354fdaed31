/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_age.h"

#include <errno.h>
#include <inttypes.h>

#include "base/log.h"
#include "proxy/spool/spool_look.h"
#include "proxy/spool/spool_report.h"

#define HOUR_MS INT64_C(3600000)

static int64_t max_age_hours(const struct spool_age *age)
{
    return age->spool->services->config->spool.max_age_hours;
}

/* ---- in the writer's thread ---- */

static int drop(struct spool_age *age, struct spool_file *file, struct spool_row *row)
{
    const struct spool_answer answer = {.at_ms = age->now_ms, .reason = "older than spool.max_age_hours"};
    int r = spool_file_end(file, row->id, SPOOL_DROPPED, &answer);

    if (r < 0)
        return r;
    list_remove(&row->link);
    list_append(&age->dropped, &row->link);
    age->count++;
    return 0;
}

/* Ids are in the order of arrival: behind the first that is young, all are. */
static int drop_old(struct spool_age *age, struct spool_file *file, struct list *rows)
{
    struct spool_row *row;
    int r = 0;

    list_for_each_safe(row, rows, link) {
        if (!row->boot_id && row->arrived_ms >= age->before_ms)
            return 0;
        if (!row->boot_id)
            r = drop(age, file, row);
        if (r < 0)
            return r;
    }
    return 1;
}

/* 1: there may be more to drop behind AFTER_ID; 0: there is not. */
static int drop_page(struct spool_age *age, struct spool_file *file)
{
    struct spool_page page = {SPOOL_AGE_ROWS, SIZE_MAX, 0};
    struct list rows;
    int64_t last_id;
    int r;

    list_init(&rows);
    r = spool_file_list(file, age->next_id, -1, false, page, &rows);
    if (r < 0 || list_is_empty(&rows))
        return r;
    last_id = CONTAINER_OF(rows.previous, struct spool_row, link)->id;
    r = drop_old(age, file, &rows);
    if (r == 1)
        age->next_id = last_id;
    spool_rows_free(&rows);
    return r;
}

static int age_run(struct spool_work *work, struct spool_file *file)
{
    struct spool_age *age = CONTAINER_OF(work, struct spool_age, work);
    int pages = 0, r = 1;

    spool_rows_free(&age->dropped); /* of a transaction that was undone */
    age->count = 0;
    age->next_id = age->after_id;
    while (r == 1 && age->count == 0 && pages++ < SPOOL_AGE_PAGES)
        r = drop_page(age, file);
    if (r == 0)
        age->next_id = 0;
    return r < 0 ? r : 0;
}

/* ---- in the loop's thread ---- */

static void look(struct spool_age *age)
{
    struct services *services = age->spool->services;

    if (age->under_way || max_age_hours(age) == 0 || !age->spool->is_open ||
        !upstream_clock_is_certain(&services->upstream.clock))
        return;
    age->under_way = true;
    age->now_ms = upstream_clock_now_ms(&services->upstream.clock);
    age->before_ms = age->now_ms - max_age_hours(age) * HOUR_MS;
    spool_writer_submit(&age->spool->writer, &age->work); /* it has no bytes, so it is taken */
}

/* Deletes may wait until these entities have no rows. */
static void look_at_entities(const struct spool_age *age)
{
    const char *last = "";
    const struct spool_row *row;

    list_for_each(row, &age->dropped, link) {
        if (row->state == SPOOL_WAITING && strcmp(row->entity, last) != 0)
            spool_look_at(age->spool, row->entity);
        last = row->entity;
    }
}

static void tell(const struct spool_age *age)
{
    spool_count(age->spool->services, METRICS_SPOOL_DROPPED, age->count);
    log_warning("spool: %zu writes were dropped: the server has not taken them for %" PRId64
                " h (spool.max_age_hours)",
                age->count, max_age_hours(age));
    look_at_entities(age);
}

static void age_done(struct spool_work *work, int result)
{
    struct spool_age *age = CONTAINER_OF(work, struct spool_age, work);

    age->under_way = false;
    if (result == 0 && age->count > 0 && !age->spool->closing)
        tell(age);
    if (result == 0)
        age->after_id = age->next_id;
    spool_rows_free(&age->dropped);
    if (result == 0 && age->count > 0 && age->after_id > 0 && !age->spool->closing)
        look(age);
}

static void age_timer_expired(struct timer *timer)
{
    struct spool_age *age = CONTAINER_OF(timer, struct spool_age, timer);

    look(age);
    loop_timer_start(&age->spool->services->loop, timer, SPOOL_AGE_LOOK_MS);
}

void spool_age_open(struct spool_age *age, struct spool *spool)
{
    age->spool = spool;
    age->work = (struct spool_work){.run = age_run, .done = age_done};
    age->timer.expired = age_timer_expired;
    list_init(&age->dropped);
    loop_timer_start(&spool->services->loop, &age->timer, SPOOL_AGE_LOOK_MS);
}

void spool_age_close(struct spool_age *age)
{
    if (age->spool)
        loop_timer_stop(&age->spool->services->loop, &age->timer);
}
