/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rate limits in the server's syntax, "capacity:seconds[,capacity:seconds...]", with token buckets that
 * refill continuously, as bucket4j's greedy refill does. Shares no code with src/upstream/rate_limit.h and
 * budget.h, which are tested against it.
 */
#ifndef TB_SIM_RATE_LIMITER_H
#define TB_SIM_RATE_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LIMIT_BUCKETS = 8,
    LIMIT_TEXT = 256,
};

struct bucket {
    int64_t capacity;  /* tokens */
    int64_t period_ns; /* in which that many come back */
    int64_t level;     /* in units of 1/period_ns token: capacity * period_ns when full */
    int64_t filled_at; /* monotonic_ns() */
};

struct limit {
    struct bucket buckets[LIMIT_BUCKETS];
    size_t n_buckets; /* 0 = no limit */
};

/* Sets the limit, with full buckets; "" removes it. -EINVAL. */
int limit_set(struct limit *limit, const char *spec);

/* Takes one token from every bucket of both limits, or none at all; B may be NULL. Returns the limit that has
 * no token, or NULL. */
struct limit *limit_take(struct limit *a, struct limit *b);

/* The limit in the server's syntax; TEXT has LIMIT_TEXT bytes. */
void limit_describe(const struct limit *limit, char *text);

#endif
