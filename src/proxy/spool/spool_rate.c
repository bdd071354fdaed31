/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_rate.h"

/* Of two periods without an event, nothing is left to say. */
static struct spool_rate at(const struct spool_rate *rate, int64_t now_ms)
{
    int64_t age_ms = now_ms - rate->begun_ms;

    if (rate->begun_ms == 0 || age_ms >= 2 * SPOOL_RATE_MS)
        return (struct spool_rate){.begun_ms = now_ms};
    if (age_ms < SPOOL_RATE_MS)
        return *rate;
    return (struct spool_rate){
        .begun_ms = rate->begun_ms + SPOOL_RATE_MS, .has_before = true, .events_before = rate->events};
}

void spool_rate_count(struct spool_rate *rate, int64_t now_ms, uint64_t events)
{
    *rate = at(rate, now_ms);
    rate->events += events;
}

/* Less than a second would make much of few. */
double spool_rate_per_s(const struct spool_rate *rate, int64_t now_ms)
{
    struct spool_rate now = at(rate, now_ms);
    int64_t ms = now_ms - now.begun_ms + (now.has_before ? SPOOL_RATE_MS : 0);

    return (double)(now.events + now.events_before) * 1000 / (double)(ms < 1000 ? 1000 : ms);
}
