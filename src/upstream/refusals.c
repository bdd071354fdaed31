/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/refusals.h"

#define FIRST_PERMITS    1
#define PERMITS_FOR_EACH 2 /* accepted call */
#define PERMIT_MS        1000
#define OWN_EVIDENCE     20    /* tokens granted to others */
#define OWN_EVIDENCE_MS  10000 /* in which they were granted, if the shared pace slows others down */
#define SPARED_EVIDENCE  5     /* tokens granted to operations that never lowered the shared pace */
#define SPARED_SHARE(x)  ((x) / 8)
#define AGAIN_MS         2000 /* after the budget opened again */
#define IS_DUE(pace)     ((pace)->rate > 0 && (pace)->rate >= (pace)->ceiling / 10 * 9)
#define QUESTION_MS      PACE_EVIDENCE_MS
#define ALONE_MS         PACE_EVIDENCE_MS

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void refusals_init(struct refusals *refusals)
{
    *refusals = (struct refusals){
        .all_refused_ms = INT64_MIN,
        .all_until_ms = INT64_MIN / 2,
        .accepted_ms = INT64_MIN,
        .other_accepted_ms = INT64_MIN,
    };
}

void refusals_open(struct refusals *refusals, int64_t now_ms)
{
    refusals->question.is_open = false;
    refused_operations_open(&refusals->operations, now_ms);
}

/* ---- which limit it was ---- */

static bool is_in_question(const struct refusals *refusals, int64_t now_ms)
{
    return refusals->question.is_open && now_ms < refusals->question.expires_ms;
}

/* Whether calls of the operation decide the question. */
static bool decides(const struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    return is_in_question(refusals, now_ms) && id != refusals->question.operation;
}

bool refusals_needs_permit(const struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    return decides(refusals, now_ms, id) && !refusals->question.is_paced;
}

/* What is sent in the ms of the refusal may have been sent before it. */
int64_t refusals_permit_ms(const struct refusals *refusals)
{
    return refusals->question.permits > 0 ? refusals->question.asked_ms + 1 : refusals->question.next_ms;
}

int64_t refusals_alone_until_ms(const struct refusals *refusals, int64_t now_ms)
{
    const struct refused_operation *operation =
        refused_operations_look_up(&refusals->operations, refusals->question.operation);

    return operation && is_in_question(refusals, now_ms) && refusals->question.granted == 0 &&
                   !refusals->question.is_paced
               ? operation->closed_until_ms
               : INT64_MIN;
}

/* Whether no other operation was accepted lately. */
static bool is_alone(const struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    int64_t last_ms = refusals->accepted == id ? refusals->other_accepted_ms : refusals->accepted_ms;

    return last_ms == INT64_MIN || now_ms - last_ms >= ALONE_MS;
}

/* Whether only refusals of this operation lowered the shared pace. */
static bool is_pace_of_one(const struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    size_t i;

    for (i = 0; i < refusals->operations.count; i++) {
        const struct refused_operation *operation = &refusals->operations.list[i];

        if (operation->id != id && operation->has_lowered && refused_operation_is_known(operation, now_ms))
            return false;
    }
    return true;
}

/* Whether operations that never lowered the shared pace get much of what is granted: a shared limit would
 * refuse them, too. */
static bool are_others_spared(const struct refusals *refusals)
{
    return refusals->granted_others >= SPARED_EVIDENCE &&
           refusals->granted_others >= SPARED_SHARE(refusals->granted);
}

/* Whether it looks like the shared limit that refused this operation before. */
static bool is_that_of_all_again(const struct refusals *refusals, int64_t now_ms,
                                 const struct refusal *refusal, const struct pace *pace)
{
    const struct refused_operation *operation =
        refused_operations_look_up(&refusals->operations, refusal->operation);

    return operation && refused_operation_is_known(operation, now_ms) && operation->has_lowered &&
           (IS_DUE(pace) || refusal->sent_ms < refusals->all_until_ms + AGAIN_MS) &&
           !are_others_spared(refusals) && !is_alone(refusals, now_ms, refusal->operation) &&
           !is_pace_of_one(refusals, now_ms, refusal->operation);
}

static bool is_limit_of_all(const struct refusals *refusals, int64_t now_ms, const struct refusal *refusal,
                            const struct pace *pace)
{
    return refusal->sent_ms <= refusals->all_refused_ms || decides(refusals, now_ms, refusal->operation) ||
           is_that_of_all_again(refusals, now_ms, refusal, pace);
}

static void ask(struct refusals *refusals, int64_t now_ms, const struct refused_operation *operation,
                bool is_paced)
{
    if (!is_in_question(refusals, now_ms)) {
        refusals->question.is_open = true;
        refusals->question.is_paced = is_paced;
        refusals->question.operation = operation->id;
        refusals->question.asked_ms = now_ms;
        refusals->question.permits = FIRST_PERMITS;
        refusals->question.granted = 0;
    }
    refusals->question.expires_ms =
        larger(refusals->question.asked_ms + QUESTION_MS, operation->closed_until_ms);
}

static void note_lowering(struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    struct refused_operation *operation = refused_operations_add(&refusals->operations, now_ms, id);

    if (!operation)
        return;
    if (!operation->has_lowered)
        refusals->granted = refusals->granted_others = 0;
    operation->has_lowered = true;
    operation->refused_ms = now_ms;
}

static enum refusal_scope refuse_all(struct refusals *refusals, int64_t now_ms, const struct refusal *refusal)
{
    uint32_t id = refusal->operation;

    note_lowering(refusals, now_ms, id);
    if (decides(refusals, now_ms, id))
        note_lowering(refusals, now_ms, refusals->question.operation);
    refusals->question.is_open = false;
    refusals->all_refused_ms = now_ms;
    refusals->all_until_ms = larger(refusals->all_until_ms, refusal->until_ms);
    return REFUSAL_OF_ALL;
}

static void close_operation(struct refused_operation *operation, int64_t now_ms,
                            const struct refusal *refusal)
{
    if (operation->in_a_row == 0 || refusal->sent_ms > operation->refused_ms) {
        operation->in_a_row++;
        operation->refused_ms = now_ms;
    }
    operation->closed_until_ms = larger(operation->closed_until_ms, refusal->until_ms);
}

enum refusal_scope refusals_report(struct refusals *refusals, int64_t now_ms, const struct refusal *refusal,
                                   const struct pace *pace, bool learn)
{
    uint32_t id = refusal->operation;
    struct refused_operation *operation = refused_operations_get(&refusals->operations, id);
    bool is_own = operation && refused_operation_is_known(operation, now_ms) && operation->has_own_limit;

    if (!is_own && is_limit_of_all(refusals, now_ms, refusal, pace))
        return refuse_all(refusals, now_ms, refusal);
    operation = refused_operations_add(&refusals->operations, now_ms, id);
    if (!operation)
        return refuse_all(refusals, now_ms, refusal);
    close_operation(operation, now_ms, refusal);
    if (!is_own)
        ask(refusals, now_ms, operation, pace->rate > 0 && !is_alone(refusals, now_ms, id));
    if (!is_own && is_alone(refusals, now_ms, id)) {
        operation->has_lowered = true;
        return REFUSAL_OF_ALONE;
    }
    if (learn) /* how much of what is in flight is the operation's is not known */
        pace_refuse(&operation->pace, now_ms, refusal->sent_ms, operation->closed_until_ms, 0);
    return REFUSAL_OF_ONE;
}

/* The shared pace was lowered for a limit that is the operation's own. */
static void correct(struct refusals *refusals, int64_t now_ms, struct refused_operation *operation,
                    struct pace *pace)
{
    int64_t elapsed_ms = larger(now_ms - refusals->question.asked_ms, 1);

    if (operation->pace.rate == 0 && is_pace_of_one(refusals, now_ms, operation->id))
        operation->pace = *pace;
    pace_doubt(pace, refusals->question.granted * 1000 * PACE_MILLI / elapsed_ms);
    pace_open(pace, now_ms);
    operation->has_lowered = false;
}

/* The operation in question has a limit of its own. */
static void find_own_limit(struct refusals *refusals, int64_t now_ms, struct pace *pace)
{
    struct refused_operation *operation =
        refused_operations_get(&refusals->operations, refusals->question.operation);

    refusals->question.is_open = false;
    if (!operation)
        return;
    operation->has_own_limit = true;
    if (operation->has_lowered)
        correct(refusals, now_ms, operation, pace);
}

/* ---- calls ---- */

/* Calls that the pace of an operation holds back are not tried, so the one that takes the last token lets it
 * grow. */
void refusals_take(struct refusals *refusals, int64_t now_ms, uint32_t id, unsigned cost)
{
    struct refused_operation *operation = refused_operations_get(&refusals->operations, id);

    if (operation) {
        pace_refill(&operation->pace, now_ms);
        pace_take(&operation->pace, cost);
        if (!pace_allows(&operation->pace, 1))
            pace_grow(&operation->pace, now_ms);
    }
    if (!refusals_needs_permit(refusals, now_ms, id))
        return;
    if (refusals->question.permits > 0)
        refusals->question.permits--;
    refusals->question.next_ms = now_ms + PERMIT_MS;
}

static bool is_answered(const struct refusals *refusals, int64_t now_ms)
{
    return refusals->question.granted >= OWN_EVIDENCE &&
           (!refusals->question.is_paced || now_ms - refusals->question.asked_ms >= OWN_EVIDENCE_MS);
}

static void note_acceptance(struct refusals *refusals, int64_t now_ms, uint32_t id, unsigned cost)
{
    const struct refused_operation *operation = refused_operations_look_up(&refusals->operations, id);

    if (refusals->accepted != id) {
        refusals->other_accepted_ms = refusals->accepted_ms;
        refusals->accepted = id;
    }
    refusals->accepted_ms = now_ms;
    refusals->granted += cost;
    if (!operation || !refused_operation_is_known(operation, now_ms) ||
        !(operation->has_lowered || operation->has_own_limit))
        refusals->granted_others += cost;
}

void refusals_accepted(struct refusals *refusals, int64_t now_ms, uint32_t id, unsigned cost, int64_t sent_ms,
                       struct pace *pace)
{
    struct refused_operation *operation = refused_operations_get(&refusals->operations, id);

    note_acceptance(refusals, now_ms, id, cost);
    if (operation) {
        operation->in_a_row = 0;
        pace_count(&operation->pace, now_ms, cost);
    }
    if (!is_in_question(refusals, now_ms) || sent_ms <= refusals->question.asked_ms)
        return;
    if (decides(refusals, now_ms, id)) {
        refusals->question.permits += PERMITS_FOR_EACH;
        refusals->question.granted += cost;
        if (is_answered(refusals, now_ms))
            find_own_limit(refusals, now_ms, pace);
    } else if (refusals->question.granted == 0) { /* there are no others to decide it */
        refusals->question.is_open = false;
    }
}
