/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_clock.h"

/* The server wrote the date between SENT and RECEIVED, at a time in [date, date + 1 s). */
static struct server_clock_bounds bounds_of(const struct server_clock_answer *answer)
{
    return (struct server_clock_bounds){
        .lowest_ms = answer->date_s * 1000 - answer->received_ms,
        .highest_ms = (answer->date_s + 1) * 1000 - answer->sent_ms,
    };
}

static int64_t clamp(const struct server_clock_bounds *bounds, int64_t now_ms, int64_t wall_ms)
{
    if (wall_ms < now_ms + bounds->lowest_ms)
        return now_ms + bounds->lowest_ms;
    if (wall_ms > now_ms + bounds->highest_ms)
        return now_ms + bounds->highest_ms;
    return wall_ms;
}

static void take(struct server_clock *clock, const struct server_clock_bounds *bounds)
{
    if (!clock->known || bounds->lowest_ms > clock->bounds.highest_ms ||
        bounds->highest_ms < clock->bounds.lowest_ms) {
        clock->known = true;
        clock->bounds = *bounds;
        return;
    }
    if (bounds->lowest_ms > clock->bounds.lowest_ms)
        clock->bounds.lowest_ms = bounds->lowest_ms;
    if (bounds->highest_ms < clock->bounds.highest_ms)
        clock->bounds.highest_ms = bounds->highest_ms;
}

void server_clock_learn(struct server_clock *clock, const struct server_clock_answer *answer, int64_t wall_ms)
{
    struct server_clock_bounds bounds = bounds_of(answer);
    int64_t before_ms = server_clock_at(clock, answer->received_ms, wall_ms);
    int64_t jump_ms = clamp(&bounds, answer->received_ms, before_ms) - before_ms;

    if (jump_ms >= -SERVER_CLOCK_JUMP_MS && jump_ms <= SERVER_CLOCK_JUMP_MS) {
        take(clock, &bounds);
    } else if (!clock->in_doubt) {
        clock->in_doubt = true;
        clock->doubted = bounds;
    }
}

void server_clock_second_answer(struct server_clock *clock, const struct server_clock_answer *answer,
                                int64_t wall_ms)
{
    struct server_clock_bounds bounds;

    clock->in_doubt = false;
    if (!answer)
        return;
    bounds = bounds_of(answer);
    if (bounds.lowest_ms <= clock->doubted.highest_ms && bounds.highest_ms >= clock->doubted.lowest_ms) {
        take(clock, &clock->doubted);
        take(clock, &bounds);
        return;
    }
    server_clock_learn(clock, answer, wall_ms);
    clock->in_doubt = false; /* the two contradict each other: neither is believed */
}

int64_t server_clock_at(const struct server_clock *clock, int64_t now_ms, int64_t wall_ms)
{
    return clock->known ? clamp(&clock->bounds, now_ms, wall_ms) : wall_ms;
}

int64_t server_clock_told_at(const struct server_clock *clock, int64_t now_ms, int64_t wall_ms)
{
    return clock->in_doubt ? clamp(&clock->doubted, now_ms, wall_ms)
                           : server_clock_at(clock, now_ms, wall_ms);
}

/* The server's time for a stamp; a small correction does not turn it back. */
static int64_t time_for_stamp(struct server_clock *clock, int64_t now_ms, int64_t wall_ms)
{
    int64_t time_ms = server_clock_at(clock, now_ms, wall_ms);

    if (time_ms < clock->last_ms && clock->last_ms - time_ms <= SERVER_CLOCK_HOLD_MS)
        time_ms = clock->last_ms;
    clock->last_ms = time_ms;
    return time_ms;
}

int64_t server_clock_stamp(struct server_clock *clock, uint64_t hash, int64_t now_ms, int64_t wall_ms)
{
    int64_t time_ms = time_for_stamp(clock, now_ms, wall_ms);
    int64_t *last_ms = &clock->stamps_ms[hash % SERVER_CLOCK_SLOTS];
    int64_t ahead_ms = *last_ms - time_ms;

    if (ahead_ms < 0 || ahead_ms > SERVER_CLOCK_AHEAD_MS) /* more: a clock was set back */
        *last_ms = time_ms;
    else if (ahead_ms < SERVER_CLOCK_AHEAD_MS)
        ++*last_ms;
    return *last_ms;
}
