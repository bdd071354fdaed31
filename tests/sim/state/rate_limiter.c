/* SPDX-License-Identifier: Apache-2.0 */
/* Levels are integers, so that not a token is lost to rounding. */
#include "sim/state/rate_limiter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/monotonic.h"

static int parse_bucket(const char *text, struct bucket *ret)
{
    char *end = NULL;

    if (*text < '0' || *text > '9')
        return -EINVAL;
    long long capacity = strtoll(text, &end, 10);
    if (*end != ':' || end[1] < '0' || end[1] > '9')
        return -EINVAL;
    long long seconds = strtoll(end + 1, &end, 10);
    /* capacity * period_ns must fit 63 bits */
    if (*end != '\0' || capacity < 1 || seconds < 1 || capacity > 9000000000LL / seconds)
        return -EINVAL;
    *ret = (struct bucket){
        .capacity = capacity,
        .period_ns = seconds * 1000000000,
        .level = capacity * seconds * 1000000000,
        .filled_at = monotonic_ns(),
    };
    return 0;
}

int limit_set(struct limit *limit, const char *spec)
{
    struct limit parsed = {};
    char text[LIMIT_TEXT];
    char *save = NULL;

    if (strlen(spec) >= sizeof(text))
        return -EINVAL;
    strcpy(text, spec);
    for (char *s = strtok_r(text, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
        if (parsed.n_buckets == LIMIT_BUCKETS || parse_bucket(s, &parsed.buckets[parsed.n_buckets]) < 0)
            return -EINVAL;
        parsed.n_buckets++;
    }
    *limit = parsed;
    return 0;
}

static void refill(struct bucket *b, int64_t now)
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

    for (size_t i = 0; i < limit->n_buckets; i++) {
        refill(&limit->buckets[i], now);
        all = all && limit->buckets[i].level >= limit->buckets[i].period_ns;
    }
    return all;
}

static void take(struct limit *limit)
{
    for (size_t i = 0; i < limit->n_buckets; i++)
        limit->buckets[i].level -= limit->buckets[i].period_ns;
}

struct limit *limit_take(struct limit *a, struct limit *b)
{
    int64_t now = monotonic_ns();

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
    for (size_t i = 0; i < limit->n_buckets; i++) {
        const struct bucket *b = &limit->buckets[i];

        used += (size_t)snprintf(text + used, LIMIT_TEXT - used, "%s%lld:%lld", i ? "," : "",
                                 (long long)b->capacity, (long long)(b->period_ns / 1000000000));
    }
}
