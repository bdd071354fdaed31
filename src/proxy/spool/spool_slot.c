/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_slot.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/utf8.h"
#include "proxy/spool/spool.h"
#include "proxy/spool/spool_answer.h"
#include "proxy/spool/spool_obstacle.h"
#include "proxy/spool/spool_pending.h"
#include "proxy/spool/spool_report.h"
#include "proxy/spool/spool_room.h"

#define PENDING_MS 250 /* until an entity whose earlier write is not here yet is looked at again */
#define FILE_MS    1000

#define ASIDE_TOLD_MS 60000 /* between two messages */

static struct spool *spool_of(const struct spool_slot *slot)
{
    return slot->delivery->spool;
}

static struct services *services_of(const struct spool_slot *slot)
{
    return spool_of(slot)->services;
}

/* ---- the writer's work ---- */

static void hold_bytes(struct spool_slot *slot, size_t bytes)
{
    struct quota *share = &slot->backlog->owner->bytes;

    quota_give_back(share, slot->bytes);
    quota_add(share, bytes);
    slot->bytes = bytes;
}

/* What is left for it beside the others. */
static size_t left_bytes_of(const struct spool_slot *slot)
{
    const struct quota *share = &slot->backlog->owner->bytes;
    size_t max = share->whole->max, used = share->used - slot->bytes;
    size_t total = quota_total(max), all = share->whole->used - slot->bytes;
    size_t of_user = used < max ? max - used : 0, of_all = all < total ? total - all : 0;

    return of_user < of_all ? of_user : of_all;
}

/* How large its next batch may get: half of what is left, so that others can begin, too. */
static size_t max_bytes_of(const struct spool_slot *slot)
{
    size_t half = left_bytes_of(slot) / 2;
    size_t max = (size_t)services_of(slot)->config->merge.max_bytes;

    if (half < SPOOL_ENTITIES_BATCH)
        half = SPOOL_ENTITIES_BATCH;
    return max < half ? max : half;
}

static size_t max_rows_of(const struct spool_slot *slot)
{
    if (services_of(slot)->config->merge.mode == MERGE_MODE_OFF || slot->suspects == 1)
        return 1;
    return slot->suspects > 0 ? slot->suspects / 2 : SPOOL_BATCH_ROWS_MAX;
}

static bool goes_on(const struct spool_slot *slot)
{
    const struct spool_delivery *delivery = slot->delivery;

    return !delivery->closing && !services_of(slot)->draining &&
           (slot->suspects > 0 ||
            !spool_entities_others_wait(&spool_of(slot)->entities, slot->backlog->owner)) &&
           (left_bytes_of(slot) > 0 || slot->backlog->owner->bytes.used == slot->bytes);
}

static void forget_call(struct spool_slot *slot)
{
    request_free(&slot->request);
    slot->request = (struct request){0};
}

/* Notes what became of the batch, and reads the next one. */
void spool_slot_submit(struct spool_slot *slot, enum spool_note note)
{
    struct spool_progress *progress = &slot->progress;

    slot->state = SPOOL_SLOT_WORKING;
    slot->waits_for_earlier = false;
    forget_call(slot);
    progress->note = note;
    progress->reads_on = goes_on(slot);
    progress->bounds = (struct spool_batch_bounds){max_rows_of(slot), max_bytes_of(slot),
                                                   spool_pending_before_id(slot->backlog)};
    hold_bytes(slot, progress->batch.body.len + (progress->reads_on ? progress->bounds.max_bytes : 0));
    progress->answer.at_ms = upstream_clock_now_ms(&services_of(slot)->upstream.clock);
    spool_room_take_for(spool_of(slot), progress);
    spool_writer_submit(&spool_of(slot)->writer, &progress->work); /* it has no bytes, so it is taken */
}

/* ---- resting ---- */

/* With what is still to be noted, or without a batch. */
void spool_slot_rest(struct spool_slot *slot, enum spool_note note, int64_t ms)
{
    slot->state = SPOOL_SLOT_RESTING;
    slot->progress.note = note;
    if (note == SPOOL_NOTE_NOTHING) {
        forget_call(slot);
        spool_batch_free(&slot->progress.batch);
        hold_bytes(slot, 0);
    }
    loop_timer_start(&services_of(slot)->loop, &slot->timer, ms);
}

void spool_slot_give_way(struct spool_slot *slot)
{
    slot->state = SPOOL_SLOT_RESTING; /* the call has ended */
    spool_slot_free(slot);
}

static void rest_is_over(struct timer *timer)
{
    struct spool_slot *slot = CONTAINER_OF(timer, struct spool_slot, timer);

    slot->has_rested = true;
    spool_slot_submit(slot, slot->progress.note);
}

void spool_slot_wake(struct spool_slot *slot)
{
    if (slot->state != SPOOL_SLOT_RESTING || !slot->waits_for_earlier)
        return;
    loop_timer_stop(&services_of(slot)->loop, &slot->timer);
    spool_slot_submit(slot, SPOOL_NOTE_NOTHING);
}

/* ---- a batch was read ---- */

void spool_slot_set_answer(struct spool_slot *slot, int status, const char *text, const char *reason)
{
    struct spool_progress *progress = &slot->progress;

    progress->answer = (struct spool_answer){.status = status, .reason = reason};
    if (!text || !*text)
        return;
    snprintf(progress->answer_text, sizeof(progress->answer_text), "%s", text);
    utf8_mask(progress->answer_text);
    progress->answer.answer = progress->answer_text;
}

/* What is left of the rest that its rows need after attempts before this slot began. While a refused row is
 * looked for, none is needed. */
static int64_t rest_ms_of(const struct spool_slot *slot, const struct spool_row *lead)
{
    int64_t since_ms = upstream_clock_now_ms(&services_of(slot)->upstream.clock) - lead->last_attempt_ms;
    int64_t rest_ms;

    if (lead->attempts == 0 || slot->has_rested || slot->suspects > 0)
        return 0;
    rest_ms = spool_answer_rest_ms(lead->attempts);
    return since_ms > 0 ? rest_ms - since_ms : rest_ms;
}

static void give_times(struct spool_slot *slot)
{
    const struct services *services = services_of(slot);

    slot->progress.epoch_ms = upstream_clock_now_ms(&services->upstream.clock) - services->loop.now_ms;
    spool_slot_submit(slot, SPOOL_NOTE_TIMES);
}

void spool_slot_get_ready(struct spool_slot *slot)
{
    const struct operation *operation = spool_batch_operation(slot->progress.batch.lead);

    slot->operation = operation ? operation->id : 0;
    slot->cost = operation_cost(operation);
    slot->state = SPOOL_SLOT_READY;
    slot->has_rested = false;
    spool_delivery_queue(slot->delivery, slot);
}

bool spool_slot_is_held_back(const struct spool_slot *slot)
{
    const struct services *services = services_of(slot);

    return refused_operations_find(&services->budget.refusals.operations, services->loop.now_ms,
                                   slot->operation);
}

static void look_at_batch(struct spool_slot *slot)
{
    const struct spool_row *lead = slot->progress.batch.lead;
    const char *why = spool_obstacle(&services_of(slot)->upstream, lead);
    int64_t rest_ms = rest_ms_of(slot, lead);

    if (why) {
        spool_slot_set_answer(slot, 0, NULL, why);
        spool_slot_submit(slot, SPOOL_NOTE_ASIDE);
    } else if (lead->boot_id) {
        give_times(slot);
    } else if (rest_ms > 0) {
        spool_slot_rest(slot, SPOOL_NOTE_NOTHING, rest_ms);
    } else {
        spool_slot_get_ready(slot);
    }
}

/* The entity may have rows, behind a write that forward/ still has. */
static void wait_for_earlier(struct spool_slot *slot)
{
    slot->waits_for_earlier = true;
    spool_slot_rest(slot, SPOOL_NOTE_NOTHING, PENDING_MS);
}

/* The entity has no rows any more. */
static void end(struct spool_slot *slot)
{
    spool_entities_has_lost_rows(&spool_of(slot)->entities, slot->backlog->key);
    spool_slot_free(slot);
}

/* ---- what became of a batch is noted ---- */

/* A whole file may be of another server. */
static void log_aside(const struct spool_slot *slot)
{
    struct spool_delivery *delivery = slot->delivery;
    int64_t now_ms = services_of(slot)->loop.now_ms;
    const struct spool_answer *answer = &slot->progress.answer;

    if (delivery->aside_told_ms > 0 && now_ms - delivery->aside_told_ms < ASIDE_TOLD_MS)
        return;
    log_warning(
        "spool: %zu row%s set aside%s of %s: %s%s%s; \"tbproxyctl spool list --state aside\" shows them",
        delivery->aside, delivery->aside == 1 ? " was" : "s were",
        delivery->aside == 1 ? "," : ", the last one", slot->backlog->key, answer->reason,
        answer->answer ? ": " : "", answer->answer ? answer->answer : "");
    delivery->aside_told_ms = now_ms;
    delivery->aside = 0;
}

static void tell_aside(const struct spool_slot *slot)
{
    size_t count = slot->progress.set_aside;

    spool_count(services_of(slot), METRICS_SPOOL_SET_ASIDE, count);
    slot->delivery->aside += count;
    log_aside(slot);
}

/* A refused row that has been cut is two rows now. */
static void count_suspects(struct spool_slot *slot)
{
    const struct spool_progress *progress = &slot->progress;
    size_t gone = progress->note == SPOOL_NOTE_DELIVERED ? progress->batch.count : progress->set_aside;

    if (progress->was_halved)
        slot->suspects = 2;
    else
        slot->suspects -= slot->suspects < gone ? slot->suspects : gone;
}

static void take_result(struct spool_slot *slot)
{
    struct spool_progress *progress = &slot->progress;

    if (progress->set_aside > 0)
        tell_aside(slot);
    if (progress->note == SPOOL_NOTE_DELIVERED)
        spool_count(services_of(slot), METRICS_SPOOL_DELIVERED, progress->batch.count);
    count_suspects(slot);
    spool_batch_free(&progress->batch);
    progress->batch = progress->next;
    progress->next = (struct spool_batch){0};
    progress->note = SPOOL_NOTE_NOTHING;
    hold_bytes(slot, progress->batch.body.len);
}

/* What is not noted is noted later: the server has it, and must not get it again. */
static void progress_done(struct spool_work *work, int result)
{
    struct spool_progress *progress = CONTAINER_OF(work, struct spool_progress, work);
    struct spool_slot *slot = CONTAINER_OF(progress, struct spool_slot, progress);

    spool_room_settle_for(spool_of(slot), progress, result);
    if (slot->delivery->closing) {
        slot->state = SPOOL_SLOT_RESTING;
    } else if (result == -EUCLEAN) {
        spool_slot_free(slot);
    } else if (result < 0) {
        spool_slot_rest(slot, progress->note, FILE_MS);
    } else {
        take_result(slot);
        if (progress->read_result < 0)
            spool_slot_rest(slot, SPOOL_NOTE_NOTHING, FILE_MS);
        else if (!progress->reads_on)
            spool_slot_free(slot);
        else if (!progress->batch.lead && progress->bounds.before_id < INT64_MAX)
            wait_for_earlier(slot);
        else if (!progress->batch.lead)
            end(slot);
        else
            look_at_batch(slot);
    }
}

/* ---- */

struct spool_slot *spool_slot_begin(struct spool_delivery *delivery, struct spool_backlog *backlog)
{
    struct spool_slot *slot = calloc(1, sizeof(*slot));

    if (!slot)
        return NULL;
    slot->delivery = delivery;
    slot->backlog = backlog;
    spool_entities_set_slot(&delivery->spool->entities, backlog, slot);
    slot->timer.expired = rest_is_over;
    slot->headers = (struct headers)HEADERS_INIT;
    list_init(&slot->ready);
    spool_progress_init(&slot->progress, backlog->key);
    slot->progress.work.done = progress_done;
    list_append(&delivery->slots, &slot->link);
    spool_slot_submit(slot, SPOOL_NOTE_NOTHING);
    return slot;
}

void spool_slot_free(struct spool_slot *slot)
{
    if (slot->state == SPOOL_SLOT_CALLING)
        spool_slot_cancel(slot);
    request_free(&slot->request);
    loop_timer_stop(&services_of(slot)->loop, &slot->timer);
    list_remove(&slot->ready);
    list_remove(&slot->link);
    hold_bytes(slot, 0);
    spool_batch_free(&slot->progress.batch);
    spool_batch_free(&slot->progress.next);
    headers_free(&slot->headers);
    spool_entities_set_slot(&spool_of(slot)->entities, slot->backlog, NULL);
    free(slot);
}
