/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The call of a batch, and what its answer means for the entity.
 */
#include "http/content_type.h"
#include "proxy/forward/forward.h"
#include "proxy/forward/upstream_call.h"
#include "proxy/spool/spool.h"
#include "proxy/spool/spool_answer.h"
#include "proxy/spool/spool_away.h"
#include "proxy/spool/spool_slot.h"

static struct services *services_of(const struct spool_slot *slot)
{
    return slot->delivery->spool->services;
}

/* ---- the end ---- */

static void settle(struct spool_slot *slot, enum budget_result result)
{
    struct services *services = services_of(slot);
    int status = slot->request.transfer.status;

    slot->delivery->in_flight--;
    slot->backlog->owner->in_flight--;
    slow_start_ended(&services->forward->slow_start, slot->start, status > 0 && status < 500);
    budget_settle(&services->budget, services->loop.now_ms, slot->cost, result);
}

void spool_slot_cancel(struct spool_slot *slot)
{
    request_cancel(&slot->request);
    settle(slot, BUDGET_COUNTED);
}

static bool credential_passes(const struct spool_slot *slot)
{
    return slot->unauthorized_ms > 0 && services_of(slot)->upstream.accepted_ms > slot->unauthorized_ms;
}

static enum spool_verdict judge(const struct spool_slot *slot)
{
    const struct request *request = &slot->request;
    const struct spool_row *lead = slot->progress.batch.lead;

    return spool_answer_judge(&(struct spool_ended_call){
        .outcome = request->outcome,
        .status = request->transfer.status,
        .is_page = content_type_is_page(headers_find(&request->transfer.response, "Content-Type")),
        .attempts = lead->attempts,
        .first_attempt_ms = lead->first_attempt_ms,
        .now_ms = upstream_clock_now_ms(&services_of(slot)->upstream.clock),
        .credential_passes = credential_passes(slot),
    });
}

static void take_answer(struct spool_slot *slot, const char *reason)
{
    const struct transfer *transfer = &slot->request.transfer;

    spool_slot_set_answer(slot, transfer->status, transfer->response_body.data, reason);
}

static void was_delivered(struct spool_slot *slot)
{
    slot->limited = slot->doubts = 0;
    slot->unauthorized_ms = 0;
    spool_slot_set_answer(slot, slot->request.transfer.status, NULL, NULL);
    spool_slot_submit(slot, SPOOL_NOTE_DELIVERED);
}

/* Whether anything of anybody was answered during the call, or since the one before failed in the same way.
 */
static bool others_were_answered(const struct spool_slot *slot)
{
    int64_t started_ms = slot->request.transfer.started_ms, failed_ms = slot->backlog->failed_ms;
    int64_t since_ms = failed_ms > 0 && failed_ms < started_ms ? failed_ms : started_ms;

    return since_ms > 0 && services_of(slot)->forward->answered_ms >= since_ms;
}

/* If others were answered, it is not the server that is away for all: the entity rests. In both cases it does
 * not hold them up. */
static void met_nobody(struct spool_slot *slot)
{
    struct spool_backlog *backlog = slot->backlog;
    bool rests = others_were_answered(slot);

    backlog->failed_ms = services_of(slot)->loop.now_ms;
    if (rests) {
        spool_slot_rest(slot, SPOOL_NOTE_NOTHING, spool_answer_rest_ms((int)++backlog->failures));
    } else {
        spool_away_failed(slot->delivery, backlog->owner, &slot->request.transfer);
        spool_slot_give_way(slot);
    }
}

static void met_the_server(struct spool_slot *slot)
{
    slot->backlog->failed_ms = 0;
    slot->backlog->failures = 0;
    spool_away_answered(slot->delivery);
}

/* The budget says when it can go again, unless retries are off. */
static void was_limited(struct spool_slot *slot)
{
    struct services *services = services_of(slot);
    const struct retry_options *retry = &services->own_request_options.retry;
    int64_t delay_ms = upstream_call_note_refusal(services, &slot->request.transfer, slot->operation,
                                                  slot->cost, slot->limited++);

    if (retry->off)
        spool_slot_rest(slot, SPOOL_NOTE_NOTHING, delay_ms < 0 ? retry->max_delay_ms : delay_ms);
    else
        spool_slot_get_ready(slot);
}

static void was_unauthorized(struct spool_slot *slot)
{
    slot->unauthorized_ms = services_of(slot)->loop.now_ms;
    spool_slot_rest(slot, SPOOL_NOTE_NOTHING, spool_answer_rest_ms((int)++slot->doubts));
}

/* Its first row has not had all its attempts, so it is not one that is looked for. */
static void has_failed(struct spool_slot *slot)
{
    slot->suspects = 0;
    take_answer(slot, NULL);
    spool_slot_submit(slot, SPOOL_NOTE_ATTEMPT);
}

/* Of several rows, half are sent next. */
static void was_refused(struct spool_slot *slot)
{
    size_t count = slot->progress.batch.count;

    take_answer(slot, "the server refuses it");
    if (count == 1) {
        spool_slot_submit(slot, SPOOL_NOTE_REFUSED);
        return;
    }
    slot->suspects = count;
    spool_slot_submit(slot, SPOOL_NOTE_NOTHING);
}

/* What is in one of the rows may be why: a firewall does not look at the entity. So nobody's rows are refused
 * with those of another. For one user, their halves would be refused, too: a call for each value of a large
 * body. */
static void were_all_refused(struct spool_slot *slot)
{
    struct spool_progress *progress = &slot->progress;
    int64_t last_id = spool_batch_last_id(&progress->batch);

    if (progress->batch.is_shared) {
        progress->refused_id = last_id > progress->refused_id ? last_id : progress->refused_id;
        was_refused(slot);
        return;
    }
    take_answer(slot, "the server refuses it");
    spool_slot_submit(slot, SPOOL_NOTE_USER_REFUSED);
}

static void act_on(struct spool_slot *slot, enum spool_verdict verdict)
{
    if (verdict != SPOOL_SERVER_IS_AWAY)
        met_the_server(slot);
    switch (verdict) {
    case SPOOL_IS_DELIVERED:
        was_delivered(slot);
        return;
    case SPOOL_SERVER_IS_AWAY:
        met_nobody(slot);
        return;
    case SPOOL_RATE_LIMITED:
        was_limited(slot);
        return;
    case SPOOL_IS_DOUBTED:
        was_unauthorized(slot);
        return;
    case SPOOL_HAS_FAILED:
        has_failed(slot);
        return;
    case SPOOL_IS_REFUSED:
        was_refused(slot);
        return;
    case SPOOL_ALL_ARE_REFUSED:
        were_all_refused(slot);
    }
}

static void spool_call_done(struct request *request)
{
    struct spool_slot *slot = CONTAINER_OF(request, struct spool_slot, request);
    struct services *services = services_of(slot);

    settle(slot, upstream_call_result(request));
    if (request->outcome == REQUEST_ANSWERED)
        upstream_call_note_acceptance(services, &request->transfer, slot->operation, slot->cost);
    act_on(slot, judge(slot));
    forward_wake_in(services->forward, 0); /* forward_run() may have run already in this turn */
}

/* ---- the beginning ---- */

static void fill_request(struct spool_slot *slot)
{
    struct request *request = &slot->request;
    struct spool_delivery *delivery = slot->delivery;

    delivery->options = services_of(slot)->request_options;
    delivery->options.response_max = SPOOL_DELIVERY_ANSWER;
    request_free(request);
    *request = (struct request){0};
    request_init(request, &services_of(slot)->upstream, &delivery->options);
    request->method = "POST";
    request->target = slot->progress.batch.lead->target;
    request->headers = &slot->headers;
    request->body = &slot->progress.batch.body;
    request->retry = TB_RETRY_STAMPED;
    request->stamped = true; /* and attributes, with or without times, may be written twice */
    request->idempotent = true;
    request->ready = request_send;
    request->done = spool_call_done;
    request->transfer.cut = true;
}

void spool_slot_send(struct spool_slot *slot)
{
    struct services *services = services_of(slot);
    int r = headers_replace(&slot->headers, "Content-Type", slot->progress.batch.lead->content_type);

    list_remove(&slot->ready);
    slot->state = SPOOL_SLOT_CALLING;
    slot->delivery->in_flight++;
    slot->backlog->owner->in_flight++;
    slot->start = slow_start_sent(&services->forward->slow_start);
    fill_request(slot);
    if (r == 0) {
        request_start(&slot->request);
        return;
    }
    slot->request.outcome = REQUEST_CANNOT_BE_SENT;
    spool_call_done(&slot->request);
}
