/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/refusals.h"

#define FIRST_PERMITS    1
#define PERMITS_FOR_EACH 2 /* call that was accepted */
#define PERMIT_MS        1000
#define OWN_EVIDENCE     20    /* tokens granted to others */
#define OWN_EVIDENCE_MS  10000 /* in which they were granted, if a pace of all is what keeps others slow */
#define SPARED_EVIDENCE  5     /* tokens granted to operations that never lowered the pace of all */
#define SPARED_SHARE(x)  ((x) / 8)
#define AGAIN_MS         2000 /* after all were opened again */
#define IS_DUE(pace)     ((pace)->rate > 0 && (pace)->rate >= (pace)->ceiling / 10 * 9)
#define QUESTION_MS      PACE_EVIDENCE_MS
#define ALONE_MS         PACE_EVIDENCE_MS
#define KEPT_MS          PACE_KEPT_MS

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

/* ---- operations ---- */

static struct refused_operation *find(struct refusals *refusals, uint32_t id)
{
    size_t i;

    for (i = 0; i < refusals->count; i++)
        if (refusals->operations[i].id == id)
            return &refusals->operations[i];
    return NULL;
}

static const struct refused_operation *look_up(const struct refusals *refusals, uint32_t id)
{
    return find((struct refusals *)(uintptr_t)refusals, id);
}

static bool is_kept(const struct refused_operation *operation, int64_t now_ms)
{
    return now_ms < operation->closed_until_ms || now_ms - operation->refused_ms < KEPT_MS;
}

/* Of two that are not closed, the one to be given up: not what took so long to find out. */
static bool is_less_worth(const struct refused_operation *a, const struct refused_operation *b)
{
    return a->has_own_limit == b->has_own_limit ? a->refused_ms < b->refused_ms : b->has_own_limit;
}

static struct refused_operation *make_room(struct refusals *refusals, int64_t now_ms)
{
    struct refused_operation *least = NULL;
    size_t i;

    if (refusals->count < REFUSALS_OPERATIONS_MAX)
        return &refusals->operations[refusals->count++];
    for (i = 0; i < REFUSALS_OPERATIONS_MAX; i++) {
        struct refused_operation *operation = &refusals->operations[i];

        if (now_ms >= operation->closed_until_ms && (!least || is_less_worth(operation, least)))
            least = operation;
    }
    return least;
}

/* What is known of an operation that was refused now; NULL: too many are closed. */
static struct refused_operation *operation_of(struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    struct refused_operation *operation = find(refusals, id);

    if (operation && is_kept(operation, now_ms))
        return operation;
    if (!operation)
        operation = make_room(refusals, now_ms);
    if (operation) {
        *operation = (struct refused_operation){.id = id, .refused_ms = now_ms, .closed_until_ms = now_ms};
        pace_init(&operation->pace, now_ms);
    }
    return operation;
}

const struct refused_operation *refusals_find(const struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    const struct refused_operation *operation = look_up(refusals, id);
    struct pace pace;

    if (!operation || now_ms < operation->closed_until_ms)
        return operation;
    pace = operation->pace;
    pace_refill(&pace, now_ms);
    return pace.rate > 0 ? operation : NULL;
}

int64_t refusals_ready_ms(const struct refusals *refusals, int64_t now_ms, uint32_t id, unsigned cost)
{
    const struct refused_operation *operation = look_up(refusals, id);
    struct pace pace;

    if (!operation)
        return now_ms;
    pace = operation->pace;
    pace_refill(&pace, now_ms);
    return larger(pace_ready_ms(&pace, now_ms, cost), operation->closed_until_ms);
}

unsigned refusals_in_a_row(const struct refusals *refusals, uint32_t id, int64_t sent_ms)
{
    const struct refused_operation *operation = look_up(refusals, id);

    if (!operation || !operation->has_own_limit || operation->in_a_row == 0)
        return 0;
    return operation->in_a_row - (sent_ms <= operation->refused_ms);
}

void refusals_open(struct refusals *refusals, int64_t now_ms)
{
    size_t i;

    refusals->question.is_open = false;
    for (i = 0; i < refusals->count; i++) {
        struct refused_operation *operation = &refusals->operations[i];

        if (operation->closed_until_ms > now_ms)
            operation->closed_until_ms = now_ms;
        pace_open(&operation->pace, now_ms);
    }
}

void refusals_forget_paces(struct refusals *refusals)
{
    size_t i;

    for (i = 0; i < refusals->count; i++)
        refusals->operations[i].pace.rate = 0;
}

/* ---- whose limit it was ---- */

static bool is_in_question(const struct refusals *refusals, int64_t now_ms)
{
    return refusals->question.is_open && now_ms < refusals->question.expires_ms;
}

/* Whether a call of the operation is one of those that find out whose limit it is. */
static bool is_witness(const struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    return is_in_question(refusals, now_ms) && id != refusals->question.operation;
}

bool refusals_needs_permit(const struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    return is_witness(refusals, now_ms, id) && !refusals->question.is_paced;
}

/* What is sent in the ms of the refusal may have been sent before it. */
int64_t refusals_permit_ms(const struct refusals *refusals)
{
    return refusals->question.permits > 0 ? refusals->question.asked_ms + 1 : refusals->question.next_ms;
}

int64_t refusals_alone_until_ms(const struct refusals *refusals, int64_t now_ms)
{
    const struct refused_operation *operation = look_up(refusals, refusals->question.operation);

    return operation && is_in_question(refusals, now_ms) && refusals->question.granted == 0 &&
                   !refusals->question.is_paced
               ? operation->closed_until_ms
               : INT64_MIN;
}

/* No other operation was accepted lately. */
static bool is_alone(const struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    int64_t last_ms = refusals->accepted == id ? refusals->other_accepted_ms : refusals->accepted_ms;

    return last_ms == INT64_MIN || now_ms - last_ms >= ALONE_MS;
}

/* Nothing but refusals of this operation lowered the pace of all. */
static bool is_pace_of_one(const struct refusals *refusals, int64_t now_ms, uint32_t id)
{
    size_t i;

    for (i = 0; i < refusals->count; i++) {
        const struct refused_operation *operation = &refusals->operations[i];

        if (operation->id != id && operation->has_lowered && is_kept(operation, now_ms))
            return false;
    }
    return true;
}

/* Others than those whose refusals lowered the pace of all get much of what is granted: it is not a limit of
 * all that refuses so few. */
static bool are_others_spared(const struct refusals *refusals)
{
    return refusals->granted_others >= SPARED_EVIDENCE &&
           refusals->granted_others >= SPARED_SHARE(refusals->granted);
}

/* Without a question: it is the same limit as the last times, now as then. */
static bool is_that_of_all_again(const struct refusals *refusals, int64_t now_ms,
                                 const struct refusal *refusal, const struct pace *pace)
{
    const struct refused_operation *operation = look_up(refusals, refusal->operation);

    return operation && is_kept(operation, now_ms) && operation->has_lowered &&
           (IS_DUE(pace) || refusal->sent_ms < refusals->all_until_ms + AGAIN_MS) &&
           !are_others_spared(refusals) && !is_alone(refusals, now_ms, refusal->operation) &&
           !is_pace_of_one(refusals, now_ms, refusal->operation);
}

static bool is_limit_of_all(const struct refusals *refusals, int64_t now_ms, const struct refusal *refusal,
                            const struct pace *pace)
{
    return refusal->sent_ms <= refusals->all_refused_ms || is_witness(refusals, now_ms, refusal->operation) ||
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
    struct refused_operation *operation = operation_of(refusals, now_ms, id);

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
    if (is_witness(refusals, now_ms, id))
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

enum refusal_scope refusals_judge(struct refusals *refusals, int64_t now_ms, const struct refusal *refusal,
                                  const struct pace *pace, bool learn)
{
    uint32_t id = refusal->operation;
    struct refused_operation *operation = find(refusals, id);
    bool is_own = operation && is_kept(operation, now_ms) && operation->has_own_limit;

    if (!is_own && is_limit_of_all(refusals, now_ms, refusal, pace))
        return refuse_all(refusals, now_ms, refusal);
    operation = operation_of(refusals, now_ms, id);
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

/* The pace of all is not the limit that refused the operation: if it comes of that, it is the operation's. */
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
    struct refused_operation *operation = find(refusals, refusals->question.operation);

    refusals->question.is_open = false;
    if (!operation)
        return;
    operation->has_own_limit = true;
    if (operation->has_lowered)
        correct(refusals, now_ms, operation, pace);
}

/* ---- calls ---- */

/* Its pace is wanted to grow if a call takes the last token: while it holds, nobody tries. */
void refusals_take(struct refusals *refusals, int64_t now_ms, uint32_t id, unsigned cost)
{
    struct refused_operation *operation = find(refusals, id);

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
    const struct refused_operation *operation = look_up(refusals, id);

    if (refusals->accepted != id) {
        refusals->other_accepted_ms = refusals->accepted_ms;
        refusals->accepted = id;
    }
    refusals->accepted_ms = now_ms;
    refusals->granted += cost;
    if (!operation || !is_kept(operation, now_ms) || !(operation->has_lowered || operation->has_own_limit))
        refusals->granted_others += cost;
}

void refusals_accepted(struct refusals *refusals, int64_t now_ms, uint32_t id, unsigned cost, int64_t sent_ms,
                       struct pace *pace)
{
    struct refused_operation *operation = find(refusals, id);

    note_acceptance(refusals, now_ms, id, cost);
    if (operation) {
        operation->in_a_row = 0;
        pace_count(&operation->pace, now_ms, cost);
    }
    if (!is_in_question(refusals, now_ms) || sent_ms <= refusals->question.asked_ms)
        return;
    if (is_witness(refusals, now_ms, id)) {
        refusals->question.permits += PERMITS_FOR_EACH;
        refusals->question.granted += cost;
        if (is_answered(refusals, now_ms))
            find_own_limit(refusals, now_ms, pace);
    } else if (refusals->question.granted == 0) { /* nobody else is there to find it out */
        refusals->question.is_open = false;
    }
}
