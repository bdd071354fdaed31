/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/pace.h"

#define MS_PER_S         1000
#define MICRO            1000000 /* the unit of the bucket */
#define RATE_MIN         (PACE_MILLI / 2)
#define DEPTH_MIN        (2 * MICRO)
#define HELD_MS          1000 /* it grows once in that time */
#define DECREASED_TO(x)  ((x) / 10 * 7)
#define BELOW_CEILING(x) ((x) / 200) /* growth */
#define ABOVE_CEILING(x) ((x) / 20)
#define GUESSED(x)       ((x) / 10)
#define DOUBTED(x)       ((x) / 4)
#define EVIDENCE         5 /* tokens granted or in flight; fewer set no pace */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t full(const struct pace *pace)
{
    return larger(pace->rate * MS_PER_S, DEPTH_MIN);
}

/* What a call of COST takes from the bucket. */
static int64_t level_of(const struct pace *pace, unsigned cost)
{
    return smaller(cost * INT64_C(1000000), full(pace));
}

void pace_init(struct pace *pace, int64_t now_ms)
{
    *pace = (struct pace){.decreased_ms = INT64_MIN, .counted_ms = now_ms};
}

void pace_refill(struct pace *pace, int64_t now_ms)
{
    int64_t elapsed_ms = now_ms - pace->filled_ms;

    if (now_ms - pace->held_ms >= PACE_KEPT_MS)
        pace->rate = 0;
    if (pace->rate == 0 || elapsed_ms <= 0)
        return;
    pace->level = elapsed_ms > (full(pace) - pace->level) / pace->rate
                      ? full(pace)
                      : pace->level + elapsed_ms * pace->rate;
    pace->filled_ms = now_ms;
}

bool pace_allows(const struct pace *pace, unsigned cost)
{
    return pace->rate == 0 || pace->level >= level_of(pace, cost);
}

int64_t pace_ready_ms(const struct pace *pace, int64_t now_ms, unsigned cost)
{
    int64_t missing = level_of(pace, cost) - pace->level;
    int64_t ready_ms;

    if (pace_allows(pace, cost))
        return now_ms;
    ready_ms = larger(pace->filled_ms, now_ms) + (missing + pace->rate - 1) / pace->rate;
    return smaller(ready_ms, pace->held_ms + PACE_KEPT_MS);
}

void pace_take(struct pace *pace, unsigned cost)
{
    if (pace->rate > 0)
        pace->level = larger(pace->level - level_of(pace, cost), 0);
}

void pace_give_back(struct pace *pace, unsigned cost)
{
    pace->level = smaller(pace->level + level_of(pace, cost), full(pace));
}

void pace_grow(struct pace *pace, int64_t now_ms)
{
    if (now_ms - pace->held_ms < HELD_MS)
        return;
    pace->held_ms = now_ms;
    if (pace->is_doubted)
        pace->rate += DOUBTED(pace->rate);
    else if (pace->ceiling == 0)
        pace->rate += GUESSED(pace->rate);
    else if (pace->rate < pace->ceiling)
        pace->rate += BELOW_CEILING(pace->ceiling);
    else
        pace->rate += ABOVE_CEILING(pace->rate);
    if (pace->rate > 2 * pace->ceiling)
        pace->ceiling = 0;
}

void pace_count(struct pace *pace, int64_t now_ms, unsigned tokens)
{
    int64_t elapsed_ms = now_ms - pace->counted_ms;

    if (elapsed_ms >= MS_PER_S) {
        pace->granted_before = pace->granted * MS_PER_S * PACE_MILLI / elapsed_ms;
        pace->granted = 0;
        pace->counted_ms = now_ms;
    }
    pace->granted += tokens;
    pace->granted_since += tokens;
}

/* The rate that the server granted before it refused: in the last second or so or, if that says too little,
 * since the first of several refusals. 0: too little is known. */
static int64_t granted_rate(struct pace *pace, int64_t now_ms, int64_t in_flight)
{
    int64_t elapsed_ms = now_ms - pace->refused_ms;
    int64_t rate;

    pace_count(pace, now_ms, 0);
    rate = larger(pace->granted * PACE_MILLI, pace->granted_before);
    if (rate + in_flight * PACE_MILLI >= EVIDENCE * PACE_MILLI)
        return larger(rate, 1);
    if (elapsed_ms >= PACE_EVIDENCE_MS) {
        pace->refused_ms = now_ms;
        pace->granted_since = 0;
    }
    return pace->granted_since >= EVIDENCE
               ? pace->granted_since * MS_PER_S * PACE_MILLI / larger(elapsed_ms, MS_PER_S)
               : 0;
}

/* The first time, what was granted is only a guess, because calls in flight may still be granted: it has no
 * ceiling. */
static void decrease(struct pace *pace, int64_t now_ms, int64_t in_flight)
{
    int64_t rate = pace->rate;

    pace->ceiling = rate;
    pace->is_doubted = false;
    if (rate == 0)
        rate = granted_rate(pace, now_ms, in_flight);
    if (rate > 0)
        pace->rate = larger(DECREASED_TO(rate), RATE_MIN);
    pace->decreased_ms = now_ms;
}

void pace_refuse(struct pace *pace, int64_t now_ms, int64_t sent_ms, int64_t open_ms, int64_t in_flight)
{
    if (sent_ms > pace->decreased_ms)
        decrease(pace, now_ms, in_flight);
    pace->level = MICRO; /* a call that waits for its retry waits no longer than that */
    pace->filled_ms = pace->held_ms = larger(open_ms, now_ms);
}

void pace_doubt(struct pace *pace, int64_t rate)
{
    if (pace->rate == 0)
        return;
    pace->is_doubted = true;
    pace->ceiling = 0;
    pace->rate = larger(pace->rate, rate);
}

void pace_open(struct pace *pace, int64_t now_ms)
{
    pace->filled_ms = smaller(pace->filled_ms, now_ms);
    pace->held_ms = smaller(pace->held_ms, now_ms);
}
