/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the twin is safe: the server takes a token no later than the twin does, so its refill is never behind.
 * The clock is in whole ms, and the answer came at some time within the ms that it was read in; so a token is
 * taken out in the ms after (`settling`). The levels are whole numbers, and nothing is rounded.
 */
#include "client/budget.h"

#define MS_PER_S         1000
#define MILLI            1000    /* the unit of a pace */
#define MICRO            1000000 /* the unit of its bucket */
#define PACE_MIN         (MILLI / 2)
#define PACE_DEPTH_MIN   (2 * MICRO)
#define PACE_HELD_MS     1000                      /* it grows once in this time */
#define PACE_KEPT_MS     (INT64_C(10) * 60 * 1000) /* without holding anything back */
#define DECREASED_TO(x)  ((x) / 10 * 7)
#define BELOW_CEILING(x) ((x) / 200) /* growth */
#define ABOVE_CEILING(x) ((x) / 20)
#define GUESSED(x)       ((x) / 10)
#define EVIDENCE         5 /* tokens granted, or of calls in flight; what comes of fewer is no pace */
#define EVIDENCE_MS      (INT64_C(60) * 1000)

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

/* Not below 0: after budget_close() the tokens of a call in flight may be gone already, and the server has no
 * less than none either. */
static void bucket_take_out(struct budget_bucket *bucket, int64_t tokens)
{
    tokens = smaller(tokens, bucket->limit.capacity);
    bucket->level = larger(bucket->level - tokens * bucket_unit(bucket), 0);
}

/* Tokens left for new calls; less than 0 where more are in flight than the bucket has. */
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

static int64_t pace_full(const struct budget_learning *learning)
{
    return larger(learning->pace * MS_PER_S, PACE_DEPTH_MIN);
}

/* What a call of COST takes from the pace's bucket. */
static int64_t pace_cost(const struct budget_learning *learning, unsigned cost)
{
    return smaller(cost * INT64_C(1000000), pace_full(learning));
}

static void pace_refill(struct budget_learning *learning, int64_t now_ms)
{
    if (now_ms - learning->held_ms >= PACE_KEPT_MS)
        learning->pace = 0;
    if (learning->pace == 0 || now_ms <= learning->filled_ms)
        return;
    learning->level =
        refilled(learning->level, pace_full(learning), learning->pace, now_ms - learning->filled_ms);
    learning->filled_ms = now_ms;
}

static int64_t pace_ready_ms(const struct budget_learning *learning, int64_t now_ms, unsigned cost)
{
    int64_t ready_ms;

    if (learning->pace == 0)
        return now_ms;
    ready_ms = larger(learning->filled_ms, now_ms) +
               refill_ms(learning->level, pace_cost(learning, cost), learning->pace);
    return smaller(ready_ms, learning->held_ms + PACE_KEPT_MS);
}

static bool pace_take(struct budget_learning *learning, unsigned cost)
{
    int64_t tokens = pace_cost(learning, cost);

    if (learning->pace > 0 && learning->level < tokens)
        return false;
    if (learning->pace > 0)
        learning->level -= tokens;
    return true;
}

/* A call is held back by the pace and by nothing else. */
static void pace_grow(struct budget_learning *learning, int64_t now_ms)
{
    if (now_ms - learning->held_ms < PACE_HELD_MS)
        return;
    learning->held_ms = now_ms;
    if (learning->ceiling == 0)
        learning->pace += GUESSED(learning->pace);
    else if (learning->pace < learning->ceiling)
        learning->pace += BELOW_CEILING(learning->ceiling);
    else
        learning->pace += ABOVE_CEILING(learning->pace);
    if (learning->pace > 2 * learning->ceiling)
        learning->ceiling = 0;
}

static void count_granted(struct budget_learning *learning, int64_t now_ms, unsigned tokens)
{
    int64_t elapsed_ms = now_ms - learning->counted_ms;

    if (elapsed_ms >= MS_PER_S) {
        learning->granted_before = learning->granted * MS_PER_S * MILLI / elapsed_ms;
        learning->granted = 0;
        learning->counted_ms = now_ms;
    }
    learning->granted += tokens;
    learning->granted_since += tokens;
}

/* The rate that the server granted before it refused: in the last second or so, or where that was too little
 * to tell, since the first of several refusals. 0: still too little. */
static int64_t granted_rate(struct budget_learning *learning, int64_t now_ms, int64_t in_flight)
{
    int64_t elapsed_ms = now_ms - learning->refused_ms;
    int64_t rate;

    count_granted(learning, now_ms, 0);
    rate = larger(learning->granted * MILLI, learning->granted_before);
    if (rate + in_flight * MILLI >= EVIDENCE * MILLI)
        return larger(rate, 1);
    if (elapsed_ms >= EVIDENCE_MS) {
        learning->refused_ms = now_ms;
        learning->granted_since = 0;
    }
    return learning->granted_since >= EVIDENCE
               ? learning->granted_since * MS_PER_S * MILLI / larger(elapsed_ms, MS_PER_S)
               : 0;
}

/* The first time, what was granted is only a guess, because calls in flight may be granted yet: there is no
 * ceiling to it. */
static void pace_decrease(struct budget_learning *learning, int64_t now_ms, int64_t in_flight)
{
    int64_t rate = learning->pace;

    learning->ceiling = rate;
    if (rate == 0)
        rate = granted_rate(learning, now_ms, in_flight);
    if (rate > 0)
        learning->pace = larger(DECREASED_TO(rate), PACE_MIN);
    learning->decreased_ms = now_ms;
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
    pace_refill(&budget->learning, now_ms);
}

void budget_init(struct budget *budget, const struct budget_options *options, int64_t now_ms)
{
    *budget = (struct budget){
        .filled_ms = now_ms,
        .closed_until_ms = now_ms,
        .learning = {.decreased_ms = INT64_MIN, .counted_ms = now_ms},
    };
    budget_configure(budget, options, now_ms);
}

/* The level of a bucket with this LIMIT; full where there was none before. */
static int64_t level_of(const struct budget *budget, const struct limit_pair *limit)
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
    if (!options->learn)
        budget->learning.pace = 0;
}

/* Whether the limits let a call of COST go now; takes it from the pace, which comes last. */
static bool limits_allow(struct budget *budget, int64_t now_ms, unsigned cost)
{
    size_t i;

    if (now_ms < budget->closed_until_ms)
        return false;
    for (i = 0; i < budget->options.limit.count; i++)
        if (bucket_left(budget, &budget->buckets[i]) < smaller(cost, budget->buckets[i].limit.capacity))
            return false;
    if (pace_take(&budget->learning, cost))
        return true;
    pace_grow(&budget->learning, now_ms);
    return false;
}

/* What costs nothing may be a long poll: half of the places are not for it. */
static bool has_place(const struct budget *budget, unsigned cost)
{
    unsigned free_max = (budget->options.max_in_flight + 1) / 2;

    return budget->in_flight < budget->options.max_in_flight &&
           (cost > 0 || budget->free_in_flight < free_max);
}

bool budget_take(struct budget *budget, int64_t now_ms, unsigned cost)
{
    advance(budget, now_ms);
    if (!has_place(budget, cost))
        return false;
    if (cost > 0 && !limits_allow(budget, now_ms, cost))
        return false;
    budget->in_flight++;
    budget->free_in_flight += cost == 0;
    budget->reserved += cost;
    return true;
}

int64_t budget_ready_ms(const struct budget *budget, int64_t now_ms, unsigned cost)
{
    struct budget then = *budget;
    int64_t ready_ms = now_ms;
    size_t i;

    if (!has_place(budget, cost))
        return INT64_MAX;
    if (cost == 0)
        return now_ms;
    advance(&then, now_ms);
    for (i = 0; i < then.options.limit.count; i++)
        ready_ms = larger(ready_ms, bucket_ready_ms(&then, &then.buckets[i], cost));
    ready_ms = larger(ready_ms, pace_ready_ms(&then.learning, now_ms, cost));
    return larger(ready_ms, then.closed_until_ms);
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
    struct budget_learning *learning = &budget->learning;

    advance(budget, now_ms);
    budget->in_flight--;
    budget->free_in_flight -= cost == 0;
    budget->reserved -= cost;
    if (result == BUDGET_COUNTED) {
        budget->settling += cost;
        count_granted(learning, now_ms, cost);
    } else if (result == BUDGET_UNCOUNTED) {
        learning->level = smaller(learning->level + pace_cost(learning, cost), pace_full(learning));
    }
}

void budget_close(struct budget *budget, int64_t now_ms, int64_t sent_ms, int64_t until_ms)
{
    struct budget_learning *learning = &budget->learning;

    advance(budget, now_ms);
    budget->settling = LIMIT_CAPACITY_MAX; /* all, in the next ms */
    budget->closed_until_ms = larger(budget->closed_until_ms, until_ms);
    if (!budget->options.learn)
        return;
    if (sent_ms > learning->decreased_ms)
        pace_decrease(learning, now_ms, budget->reserved);
    learning->level = MICRO; /* a call that waits for its repeat waits no longer than that */
    learning->filled_ms = learning->held_ms = larger(budget->closed_until_ms, now_ms);
}

void budget_open(struct budget *budget, int64_t now_ms)
{
    struct budget_learning *learning = &budget->learning;

    advance(budget, now_ms);
    budget->closed_until_ms = smaller(budget->closed_until_ms, now_ms);
    learning->filled_ms = smaller(learning->filled_ms, now_ms);
    learning->held_ms = smaller(learning->held_ms, now_ms);
}

double budget_pace(const struct budget *budget)
{
    return (double)budget->learning.pace / MILLI;
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
