/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/slow_start.h"

void slow_start_close(struct slow_start *start, int64_t now_ms)
{
    if (start->is_closed)
        return;
    if (!start->is_slow || start->window > 1) /* otherwise it has answered nothing since it was last away */
        start->away_ms = now_ms;
    start->is_closed = true;
    start->is_slow = false;
    start->since_ms = now_ms;
}

/* Calls of before may hang for long, so they do not count. */
void slow_start_open(struct slow_start *start, int64_t now_ms)
{
    if (!start->is_closed)
        return;
    *start = (struct slow_start){
        .is_slow = now_ms - start->away_ms >= SLOW_START_OUTAGE_MS,
        .since_ms = now_ms,
        .away_ms = start->away_ms,
        .number = start->number + 1,
        .window = 1,
    };
}

static unsigned window(const struct slow_start *start, int64_t now_ms)
{
    unsigned wide = start->window;
    int64_t steps;

    for (steps = (now_ms - start->since_ms) / SLOW_START_STEP_MS; steps > 0 && wide < SLOW_START_MAX; steps--)
        wide *= 2;
    return wide;
}

bool slow_start_allows(struct slow_start *start, int64_t now_ms)
{
    if (start->is_slow && window(start, now_ms) >= SLOW_START_MAX)
        start->is_slow = false;
    return !start->is_closed && (!start->is_slow || start->under_way < window(start, now_ms));
}

int64_t slow_start_ready_ms(const struct slow_start *start, int64_t now_ms)
{
    if (start->is_closed || !start->is_slow)
        return INT64_MAX;
    return now_ms + SLOW_START_STEP_MS - (now_ms - start->since_ms) % SLOW_START_STEP_MS;
}

uint64_t slow_start_sent(struct slow_start *start)
{
    start->under_way++;
    return start->number + 1;
}

void slow_start_ended(struct slow_start *start, uint64_t number, bool answered)
{
    if (number != start->number + 1)
        return;
    start->under_way--;
    start->window += answered && start->is_slow && start->window < SLOW_START_MAX;
}
