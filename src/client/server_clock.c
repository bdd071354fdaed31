/* SPDX-License-Identifier: Apache-2.0 */
#include "client/server_clock.h"

void server_clock_learn(struct server_clock *clock, int64_t date_s, int64_t sent_ms, int64_t received_ms)
{
    /* The server wrote the date between SENT and RECEIVED, at a time in [date, date + 1 s). */
    int64_t lowest_ms = date_s * 1000 - received_ms;
    int64_t highest_ms = (date_s + 1) * 1000 - sent_ms;

    if (!clock->known || lowest_ms > clock->highest_ms || highest_ms < clock->lowest_ms) {
        clock->known = true;
        clock->lowest_ms = lowest_ms;
        clock->highest_ms = highest_ms;
        return;
    }
    if (lowest_ms > clock->lowest_ms)
        clock->lowest_ms = lowest_ms;
    if (highest_ms < clock->highest_ms)
        clock->highest_ms = highest_ms;
}

int64_t server_clock_at(const struct server_clock *clock, int64_t now_ms, int64_t wall_ms)
{
    if (!clock->known)
        return wall_ms;
    if (wall_ms < now_ms + clock->lowest_ms)
        return now_ms + clock->lowest_ms;
    if (wall_ms > now_ms + clock->highest_ms)
        return now_ms + clock->highest_ms;
    return wall_ms;
}

/* The server's time for a stamp, which a small correction does not turn back. */
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
