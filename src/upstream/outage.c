/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/outage.h"

#include <stdio.h>
#include <time.h>

static void begin(struct outage *outage, int64_t since_ms, int64_t now_ms, int64_t wall_ms)
{
    time_t since_s = (time_t)((wall_ms - (now_ms - since_ms)) / 1000);
    struct tm utc;

    outage->is_on = true;
    outage->since_ms = since_ms;
    if (!gmtime_r(&since_s, &utc) ||
        !strftime(outage->since, sizeof(outage->since), "%Y-%m-%dT%H:%M:%SZ", &utc))
        outage->since[0] = '\0';
}

/* The reason also goes to systemd's line protocol, and the server may have worded the cause. */
static void explain(struct outage *outage, size_t count, const char *url, const char *cause)
{
    if (count == 1)
        snprintf(outage->reason, sizeof(outage->reason), "%.200s cannot be reached since %s: %s", url,
                 outage->since, cause);
    else
        snprintf(outage->reason, sizeof(outage->reason),
                 "none of the %zu servers can be reached since %s; %.200s: %s", count, outage->since, url,
                 cause);
    make_printable(outage->reason);
}

bool outage_update(struct outage *outage, const struct failover *failover, const char *url, const char *cause,
                   int64_t now_ms, int64_t wall_ms)
{
    int64_t since_ms = failover_away_since_ms(failover);
    bool was_on = outage->is_on;

    if (since_ms == INT64_MAX && !was_on && !failover_is_sound(failover)) /* a probe decides */
        return false;
    if (since_ms == INT64_MAX) {
        outage->is_on = false;
        outage->reason[0] = '\0';
        if (!was_on)
            outage_forget(outage);
        return was_on;
    }
    if (!was_on)
        begin(outage, since_ms, now_ms, wall_ms);
    explain(outage, failover->count, url, cause);
    return !was_on;
}

void outage_forget(struct outage *outage)
{
    *outage = (struct outage){0};
}

void outage_count(struct outage *outage, const struct failover *failover)
{
    if (!failover_is_sound(failover))
        outage->failed_requests++;
}
