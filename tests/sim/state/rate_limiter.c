/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limits: exact integer token buckets, greedy refill. */
#include "sim/state/rate_limiter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/uuid.h"

static bool parse_band(const char *text, struct band *ret)
{
    char *end = NULL;

    if (*text < '0' || *text > '9')
        return false;
    long long capacity = strtoll(text, &end, 10);
    if (*end != ':' || end[1] < '0' || end[1] > '9')
        return false;
    long long seconds = strtoll(end + 1, &end, 10);
    /* capacity * period_ns must fit 63 bits */
    if (*end != '\0' || capacity < 1 || seconds < 1 || capacity > 9000000000LL / seconds)
        return false;
    *ret = (struct band){
        .capacity = capacity,
        .period_ns = seconds * 1000000000,
        .level = capacity * seconds * 1000000000,
        .filled_at = clock_monotonic_ns(),
    };
    return true;
}

bool limit_set(struct limit *limit, const char *spec)
{
    struct limit parsed = {};
    char text[LIMIT_TEXT];
    char *save = NULL;

    if (strlen(spec) >= sizeof text)
        return false;
    strcpy(text, spec);
    for (char *s = strtok_r(text, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
        if (parsed.n_bands == LIMIT_BANDS || !parse_band(s, &parsed.bands[parsed.n_bands]))
            return false;
        parsed.n_bands++;
    }
    *limit = parsed;
    return true;
}

static void refill(struct band *b, int64_t now)
{
    int64_t full = b->capacity * b->period_ns;
    int64_t elapsed = now - b->filled_at;

    if (elapsed <= 0)
        return;
    b->filled_at = now;
    if (elapsed >= b->period_ns || elapsed * b->capacity >= full - b->level)
        b->level = full;
    else
        b->level += elapsed * b->capacity;
}

static bool has_token(struct limit *limit, int64_t now)
{
    bool all = true;

    for (size_t i = 0; i < limit->n_bands; i++) {
        refill(&limit->bands[i], now);
        all = all && limit->bands[i].level >= limit->bands[i].period_ns;
    }
    return all;
}

static void take(struct limit *limit)
{
    for (size_t i = 0; i < limit->n_bands; i++)
        limit->bands[i].level -= limit->bands[i].period_ns;
}

struct limit *limit_take(struct limit *a, struct limit *b)
{
    int64_t now = clock_monotonic_ns();

    if (!has_token(a, now))
        return a;
    if (b && !has_token(b, now))
        return b;
    take(a);
    if (b)
        take(b);
    return NULL;
}

void limit_describe(const struct limit *limit, char *text)
{
    size_t used = 0;

    *text = '\0';
    for (size_t i = 0; i < limit->n_bands; i++) {
        const struct band *b = &limit->bands[i];

        used += (size_t)snprintf(text + used, LIMIT_TEXT - used, "%s%lld:%lld", i ? "," : "",
                                 (long long)b->capacity, (long long)(b->period_ns / 1000000000));
    }
}
