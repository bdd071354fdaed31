/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_progress.h"

#include <errno.h>
#include <string.h>

#include "proxy/spool/spool_body.h"
#include "upstream/stamp.h"

#define PAGE_ROWS 64

/* Values of one entity and key in one ms would be one value, so times grow: by so much at most before they
 * follow the clock again. */
#define TIMES_AHEAD_MS 2000

/* A row may have gone meanwhile: an administrator has dropped it. */
static int unless_gone(int r)
{
    return r == -ENOENT ? 0 : r;
}

static int note_delivered(struct spool_progress *progress, struct spool_file *file, int64_t id)
{
    return spool_file_end(file, id, SPOOL_DELIVERED, &progress->answer);
}

/* Its text only if there is room for it. */
static struct spool_answer take_answer(struct spool_progress *progress)
{
    struct spool_answer answer = progress->answer;
    size_t length = answer.answer ? strlen(answer.answer) : 0;

    if (length > progress->answer_room)
        answer.answer = NULL;
    else
        progress->answer_room -= length;
    return answer;
}

static int note_attempt(struct spool_progress *progress, struct spool_file *file, int64_t id)
{
    const struct spool_answer answer = take_answer(progress);

    return spool_file_attempted(file, id, &answer);
}

static int set_aside(struct spool_progress *progress, struct spool_file *file, int64_t id)
{
    const struct spool_answer answer = take_answer(progress);
    int r = spool_file_set_aside(file, id, &answer);

    progress->set_aside += r == 0;
    return r;
}

static int for_each(struct spool_progress *progress, struct spool_file *file,
                    int (*note)(struct spool_progress *progress, struct spool_file *file, int64_t id))
{
    size_t i;
    int r = 0;

    for (i = 0; i < progress->batch.count && r == 0; i++)
        r = unless_gone(note(progress, file, progress->batch.ids[i]));
    return r;
}

static int halve_in_file(struct spool_progress *progress, struct spool_file *file, const struct buf *first,
                         const struct buf *second)
{
    int64_t id;

    if (progress->room.rows == 0) {
        progress->answer.reason = "the server refuses a part of it, and the spool is too full to cut it";
        return 0;
    }
    return spool_file_halve(file, progress->batch.ids[0], first, second, &id) < 0 ? 0 : 1;
}

/* 1: it has two halves now; 0: it stays whole. */
static int halve(struct spool_progress *progress, struct spool_file *file)
{
    CLEANUP(buf_free) struct buf first = BUF_INIT(SPOOL_BODY_MAX);
    CLEANUP(buf_free) struct buf second = BUF_INIT(SPOOL_BODY_MAX);
    const struct spool_batch *batch = &progress->batch;
    int r = spool_body_halve(spool_batch_is_telemetry(batch->lead), batch->body.data, batch->body.len, &first,
                             &second);

    if (r == 1)
        r = halve_in_file(progress, file, &first, &second);
    if (spool_file_failed(file))
        return file->failure;
    return r == -ENOMEM ? r : r == 1;
}

static int note_refused(struct spool_progress *progress, struct spool_file *file)
{
    int r = progress->batch.body.len > 0 ? halve(progress, file) : 0;

    progress->was_halved = r == 1;
    return r == 0 ? for_each(progress, file, set_aside) : r < 0 ? r : 0;
}

/* ---- further rows of the entity ---- */

typedef int change_row(struct spool_progress *progress, struct spool_file *file, const struct spool_row *row);

static int change_page(struct spool_progress *progress, struct spool_file *file, const struct list *rows,
                       int64_t last_id, change_row *change)
{
    const struct spool_row *row;
    int r = 0;

    list_for_each(row, rows, link) {
        if (row->id > last_id)
            break;
        r = change(progress, file, row);
        if (r < 0)
            break;
    }
    return r;
}

/* Those after AFTER_ID, up to LAST_ID. */
static int change_rows(struct spool_progress *progress, struct spool_file *file, int64_t after_id,
                       int64_t last_id, change_row *change)
{
    struct spool_page page = {PAGE_ROWS, SPOOL_BODY_MAX, after_id};
    struct list rows;
    int r = 0;

    list_init(&rows);
    while (r == 0 && page.after_id < last_id) {
        r = spool_file_read(file, progress->key, page, &rows);
        if (r < 0 || list_is_empty(&rows))
            break;
        page.after_id = CONTAINER_OF(rows.previous, struct spool_row, link)->id;
        r = change_page(progress, file, &rows, last_id, change);
        spool_rows_free(&rows);
    }
    return r;
}

/* ---- a refusal that holds for all rows of a user ---- */

static int refuse_like_lead(struct spool_progress *progress, struct spool_file *file,
                            const struct spool_row *row)
{
    const struct spool_row *lead = progress->batch.lead;

    return spool_batch_is_alike(lead, row) && spool_batch_is_of_same_user(lead, row)
               ? set_aside(progress, file, row->id)
               : 0;
}

static int note_user_refused(struct spool_progress *progress, struct spool_file *file)
{
    int r = for_each(progress, file, set_aside);

    return r < 0 ? r
                 : change_rows(progress, file, spool_batch_last_id(&progress->batch), progress->refused_id,
                               refuse_like_lead);
}

/* ---- times ---- */

static int64_t next_time(struct spool_progress *progress, const struct spool_row *row)
{
    int64_t time_ms = progress->epoch_ms + row->boot_ms, last_ms = progress->time_ms;

    if (time_ms <= last_ms && last_ms - time_ms < TIMES_AHEAD_MS)
        time_ms = last_ms + 1;
    return progress->time_ms = time_ms;
}

static int refuse_time(struct spool_progress *progress, struct spool_file *file, int64_t id)
{
    progress->answer = (struct spool_answer){.at_ms = progress->answer.at_ms,
                                             .reason = "with a time for each value it would exceed 1 MiB"};
    return set_aside(progress, file, id);
}

/* What is not telemetry stays as it is, and the server refuses it. */
static int give_time(struct spool_progress *progress, struct spool_file *file, const struct spool_row *row)
{
    CLEANUP(buf_free) struct buf body = BUF_INIT(SPOOL_BODY_MAX);
    int r;

    if (!row->boot_id || row->is_damaged)
        return 0;
    r = telemetry_stamp(row->body.data, row->body.len, next_time(progress, row), &body);
    if (r == -ENOMEM)
        return r;
    if (r == -EMSGSIZE)
        return refuse_time(progress, file, row->id);
    r = r == 1 ? spool_file_change(file, row->id, &body) : 0;
    return r == 0 ? spool_file_forget_boot(file, row->id) : r;
}

/* All rows of the entity up to the batch's last are of the batch. */
static int give_times(struct spool_progress *progress, struct spool_file *file)
{
    progress->time_ms = 0;
    return change_rows(progress, file, progress->batch.ids[0] - 1, spool_batch_last_id(&progress->batch),
                       give_time);
}

/* ---- */

static int note(struct spool_progress *progress, struct spool_file *file)
{
    switch (progress->note) {
    case SPOOL_NOTE_NOTHING:
        return 0;
    case SPOOL_NOTE_DELIVERED:
        return for_each(progress, file, note_delivered);
    case SPOOL_NOTE_ATTEMPT:
        return for_each(progress, file, note_attempt);
    case SPOOL_NOTE_REFUSED:
        return note_refused(progress, file);
    case SPOOL_NOTE_ASIDE:
        return for_each(progress, file, set_aside);
    case SPOOL_NOTE_USER_REFUSED:
        return note_user_refused(progress, file);
    case SPOOL_NOTE_TIMES:
        return give_times(progress, file);
    }
    return -EINVAL;
}

/* Again if the transaction was undone: the results are those of the last time. */
static int progress_run(struct spool_work *work, struct spool_file *file)
{
    struct spool_progress *progress = CONTAINER_OF(work, struct spool_progress, work);
    struct spool_amount before = spool_amount_of(&file->totals);
    int r;

    progress->answer_room = progress->room.bytes;
    progress->set_aside = 0;
    progress->was_halved = false;
    progress->read_result = 0;
    spool_batch_free(&progress->next);
    r = note(progress, file);
    progress->grown = spool_amount_beyond(spool_amount_of(&file->totals), before);
    if (r == 0 && progress->reads_on)
        progress->read_result = spool_batch_read(file, progress->key, &progress->bounds, &progress->next);
    return r;
}

void spool_progress_init(struct spool_progress *progress, const char *key)
{
    progress->work.run = progress_run;
    progress->key = key;
}
