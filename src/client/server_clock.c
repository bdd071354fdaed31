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

int64_t server_clock_stamp(struct server_clock *clock, int64_t now_ms, int64_t wall_ms)
{
    int64_t stamp_ms = server_clock_at(clock, now_ms, wall_ms);

    if (stamp_ms < clock->last_stamp_ms && clock->last_stamp_ms - stamp_ms <= SERVER_CLOCK_HOLD_MS)
        stamp_ms = clock->last_stamp_ms + 1;
    clock->last_stamp_ms = stamp_ms;
    return stamp_ms;
}
