/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the twin is safe: the server takes a token no later than the twin does, so the server's refill is never
 * behind. The clock counts whole ms, and the answer came at some time within the ms in which it was read; so
 * a token is taken out in the next ms (`settling`). The levels are whole numbers, and nothing is rounded.
 */
#include "upstream/budget.h"

#define MS_PER_S 1000

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* LEVEL after MS in which RATE came back each ms, up to FULL. */
static int64_t refilled(int64_t level, int64_t full, int64_t rate, int64_t ms)
{
    return ms > (full - level) / rate ? full : level + ms * rate;
}

/* How many ms it takes until LEVEL is at least WANTED. */
static int64_t refill_ms(int64_t level, int64_t wanted, int64_t rate)
{
    return level >= wanted ? 0 : (wanted - level + rate - 1) / rate;
}

/* One token in units of the bucket's level. It is also the time in ms that fills the bucket. */
static int64_t bucket_unit(const struct budget_bucket *bucket)
{
    return bucket->limit.seconds * MS_PER_S;
}

static void bucket_refill(struct budget_bucket *bucket, int64_t ms)
{
    int64_t full = bucket->limit.capacity * bucket_unit(bucket); /* 10^18 at most */

    bucket->level = refilled(bucket->level, full, bucket->limit.capacity, ms);
}

/* Not below 0: after a refusal the tokens of a call in flight may be gone already, and the server cannot have
 * less than none either. */
static void bucket_take_out(struct budget_bucket *bucket, int64_t tokens)
{
    tokens = smaller(tokens, bucket->limit.capacity);
    bucket->level = larger(bucket->level - tokens * bucket_unit(bucket), 0);
}

/* Tokens left for new calls; below 0 if more are in flight than the bucket has. */
static int64_t bucket_left(const struct budget *budget, const struct budget_bucket *bucket)
{
    return bucket->level / bucket_unit(bucket) - budget->reserved - budget->settling;
}

static int64_t bucket_ready_ms(const struct budget *budget, const struct budget_bucket *bucket, unsigned cost)
{
    int64_t tokens = smaller(cost, bucket->limit.capacity);
    struct budget_bucket later = *bucket;

    if (bucket_left(budget, bucket) >= tokens)
        return budget->filled_ms;
    tokens += budget->reserved;
    if (tokens > bucket->limit.capacity)
        return INT64_MAX;
    bucket_refill(&later, 1);
    bucket_take_out(&later, budget->settling);
    return budget->filled_ms + 1 +
           refill_ms(later.level, tokens * bucket_unit(bucket), bucket->limit.capacity);
}

/* Brings everything up to the time NOW_MS. */
static void advance(struct budget *budget, int64_t now_ms)
{
    int64_t elapsed_ms = now_ms - budget->filled_ms;
    size_t i;

    if (elapsed_ms <= 0)
        return;
    for (i = 0; i < budget->options.limit.count; i++) {
        bucket_refill(&budget->buckets[i], 1);
        bucket_take_out(&budget->buckets[i], budget->settling);
        bucket_refill(&budget->buckets[i], elapsed_ms - 1);
    }
    budget->settling = 0;
    budget->filled_ms = now_ms;
    pace_refill(&budget->pace, now_ms);
}

void budget_init(struct budget *budget, const struct budget_options *options, int64_t now_ms)
{
    *budget = (struct budget){
        .filled_ms = now_ms,
        .closed_until_ms = now_ms,
        .held_until_ms = now_ms,
    };
    pace_init(&budget->pace, now_ms);
    refusals_init(&budget->refusals);
    budget_configure(budget, options, now_ms);
}

/* The level of a bucket with this LIMIT; full if there was none before. */
static int64_t level_of(const struct budget *budget, const struct rate_limit_pair *limit)
{
    struct budget_bucket bucket = {.limit = *limit};
    size_t i;

    for (i = 0; i < budget->options.limit.count; i++)
        if (budget->buckets[i].limit.capacity == limit->capacity &&
            budget->buckets[i].limit.seconds == limit->seconds)
            return budget->buckets[i].level;
    bucket_refill(&bucket, bucket_unit(&bucket));
    return bucket.level;
}

void budget_configure(struct budget *budget, const struct budget_options *options, int64_t now_ms)
{
    struct budget before;
    size_t i;

    advance(budget, now_ms);
    before = *budget;
    budget->options = *options;
    for (i = 0; i < options->limit.count; i++)
        budget->buckets[i] = (struct budget_bucket){.limit = options->limit.pairs[i],
                                                    .level = level_of(&before, &options->limit.pairs[i])};
    if (!options->learn) {
        budget->pace.rate = 0;
        refused_operations_forget_paces(&budget->refusals.operations);
    }
}

static bool buckets_allow(const struct budget *budget, unsigned cost)
{
    size_t i;

    for (i = 0; i < budget->options.limit.count; i++)
        if (bucket_left(budget, &budget->buckets[i]) < smaller(cost, budget->buckets[i].limit.capacity))
            return false;
    return true;
}

/* The shared pace comes last, and grows only if nothing else holds a call back. */
static bool limits_allow(struct budget *budget, int64_t now_ms, uint32_t operation, unsigned cost)
{
    const struct refusals *refusals = &budget->refusals;
    bool by_permit = refusals_needs_permit(refusals, now_ms, operation);

    if (now_ms < (by_permit ? refusals_permit_ms(refusals) : budget->closed_until_ms) ||
        !buckets_allow(budget, cost) ||
        refused_operations_ready_ms(&refusals->operations, now_ms, operation, cost) > now_ms)
        return false;
    if (by_permit || pace_allows(&budget->pace, cost))
        return true;
    pace_grow(&budget->pace, now_ms);
    return false;
}

/* A call that costs nothing may be a long poll: half of the places are kept from those. */
static bool has_place(const struct budget *budget, unsigned cost)
{
    unsigned free_max = (budget->options.max_in_flight + 1) / 2;

    return budget->in_flight < budget->options.max_in_flight &&
           (cost > 0 || budget->free_in_flight < free_max);
}

bool budget_take(struct budget *budget, int64_t now_ms, uint32_t operation, unsigned cost)
{
    advance(budget, now_ms);
    if (!has_place(budget, cost))
        return false;
    if (cost > 0) {
        if (!limits_allow(budget, now_ms, operation, cost))
            return false;
        pace_take(&budget->pace, cost);
        refusals_take(&budget->refusals, now_ms, operation, cost);
    }
    budget->in_flight++;
    budget->free_in_flight += cost == 0;
    budget->reserved += cost;
    return true;
}

/* When the buckets hold COST. */
static int64_t buckets_ready_ms(const struct budget *budget, unsigned cost)
{
    int64_t ready_ms = INT64_MIN;
    size_t i;

    for (i = 0; i < budget->options.limit.count; i++)
        ready_ms = larger(ready_ms, bucket_ready_ms(budget, &budget->buckets[i], cost));
    return ready_ms;
}

int64_t budget_ready_ms(const struct budget *budget, int64_t now_ms, uint32_t operation, unsigned cost)
{
    struct budget then = *budget;
    int64_t ready_ms, permitted_ms;

    if (!has_place(budget, cost))
        return INT64_MAX;
    if (cost == 0)
        return now_ms;
    advance(&then, now_ms);
    ready_ms = larger(buckets_ready_ms(&then, cost),
                      refused_operations_ready_ms(&then.refusals.operations, now_ms, operation, cost));
    if (refusals_needs_permit(&then.refusals, now_ms, operation)) {
        permitted_ms = larger(ready_ms, refusals_permit_ms(&then.refusals));
        if (permitted_ms < then.refusals.question.expires_ms)
            return permitted_ms;
        ready_ms = larger(ready_ms, then.refusals.question.expires_ms);
    }
    return larger(larger(ready_ms, pace_ready_ms(&then.pace, now_ms, cost)), then.closed_until_ms);
}

void budget_answer_begun(struct budget *budget, int64_t now_ms, unsigned cost)
{
    if (cost == 0)
        return;
    budget_settle(budget, now_ms, cost, BUDGET_COUNTED);
    budget->in_flight++;
    budget->free_in_flight++;
}

void budget_settle(struct budget *budget, int64_t now_ms, unsigned cost, enum budget_result result)
{
    advance(budget, now_ms);
    budget->in_flight--;
    budget->free_in_flight -= cost == 0;
    budget->reserved -= cost;
    if (result == BUDGET_COUNTED) {
        budget->settling += cost;
        pace_count(&budget->pace, now_ms, cost);
    } else if (result == BUDGET_UNCOUNTED) {
        pace_give_back(&budget->pace, cost);
    }
}

void budget_accepted(struct budget *budget, int64_t now_ms, uint32_t operation, unsigned cost,
                     int64_t sent_ms)
{
    advance(budget, now_ms);
    refusals_accepted(&budget->refusals, now_ms, operation, cost, sent_ms, &budget->pace);
}

/* UNTIL_MS may be earlier than it was before. */
static void hold_until(struct budget *budget, int64_t now_ms, int64_t until_ms)
{
    budget->held_ms += larger(until_ms - now_ms, 0) - larger(budget->held_until_ms - now_ms, 0);
    budget->held_until_ms = until_ms;
}

/* The twin goes on from empty buckets. */
static void slow_down(struct budget *budget, int64_t now_ms, int64_t sent_ms, int64_t open_ms)
{
    budget->settling = RATE_LIMIT_CAPACITY_MAX; /* all, in the next ms */
    if (budget->options.learn)
        pace_refuse(&budget->pace, now_ms, sent_ms, open_ms, budget->reserved);
}

void budget_refused(struct budget *budget, int64_t now_ms, const struct refusal *refusal)
{
    int64_t sent_ms = refusal->sent_ms;

    advance(budget, now_ms);
    switch (refusals_report(&budget->refusals, now_ms, refusal, &budget->pace, budget->options.learn)) {
    case REFUSAL_OF_ALL:
        budget->closed_until_ms = larger(budget->closed_until_ms, refusal->until_ms);
        slow_down(budget, now_ms, sent_ms, budget->closed_until_ms);
        break;
    case REFUSAL_OF_ALONE:
        slow_down(budget, now_ms, sent_ms, refusals_alone_until_ms(&budget->refusals, now_ms));
        break;
    case REFUSAL_OF_ONE:
        break;
    }
    hold_until(budget, now_ms, larger(budget->held_until_ms, now_ms + budget_closed_ms(budget, now_ms)));
}

void budget_open(struct budget *budget, int64_t now_ms)
{
    advance(budget, now_ms);
    budget->closed_until_ms = smaller(budget->closed_until_ms, now_ms);
    hold_until(budget, now_ms, smaller(budget->held_until_ms, now_ms));
    pace_open(&budget->pace, now_ms);
    refusals_open(&budget->refusals, now_ms);
}

int64_t budget_closed_ms(const struct budget *budget, int64_t now_ms)
{
    int64_t until_ms = larger(budget->closed_until_ms, refusals_alone_until_ms(&budget->refusals, now_ms));

    return larger(until_ms - now_ms, 0);
}

int64_t budget_was_closed_ms(const struct budget *budget, int64_t now_ms)
{
    return budget->held_ms - larger(budget->held_until_ms - now_ms, 0);
}

double budget_pace(const struct budget *budget)
{
    return pace_tokens_per_s(&budget->pace);
}

struct budget_state budget_state(const struct budget *budget, int64_t now_ms)
{
    return (struct budget_state){
        .limit = &budget->options.limit,
        .learn = budget->options.learn,
        .pace = budget_pace(budget),
        .closed_ms = budget_closed_ms(budget, now_ms),
        .in_flight = budget->in_flight,
        .max_in_flight = budget->options.max_in_flight,
    };
}

const struct refused_operation *budget_next_refused(const struct budget *budget, int64_t now_ms,
                                                    const struct refused_operation *previous)
{
    const struct refused_operations *operations = &budget->refusals.operations;
    const struct refused_operation *next = previous ? previous + 1 : operations->list;

    while (next < operations->list + operations->count &&
           !refused_operations_find(operations, now_ms, next->id))
        next++;
    return next < operations->list + operations->count ? next : NULL;
}

double budget_tokens(const struct budget *budget, int64_t now_ms, size_t index)
{
    struct budget then = *budget;
    const struct budget_bucket *bucket = &then.buckets[index];
    double tokens;

    advance(&then, now_ms);
    tokens = (double)bucket->level / (double)bucket_unit(bucket) - (double)(then.reserved + then.settling);
    return tokens > 0 ? tokens : 0;
}
