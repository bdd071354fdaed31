/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limits in the server's syntax, "capacity:seconds[,capacity:seconds...]" (bucket4j, greedy refill). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LIMIT_BANDS = 8,
    LIMIT_TEXT = 256,
};

struct band {
    int64_t capacity;  /* tokens */
    int64_t period_ns; /* in which that many come back */
    int64_t level;     /* in units of 1/period_ns token: capacity * period_ns when full */
    int64_t filled_at; /* clock_monotonic_ns */
};

struct limit {
    struct band bands[LIMIT_BANDS];
    size_t n_bands; /* 0 = no limit */
};

/* Sets the limit with full buckets; "" takes it away. False: not the syntax, nothing changed. */
bool limit_set(struct limit *limit, const char *spec);

/* One token from every band of both limits (b may be NULL), or none from any. Returns the limit that lacks
 * it. */
struct limit *limit_take(struct limit *a, struct limit *b);

/* The limit in the server's syntax; TEXT has LIMIT_TEXT bytes. */
void limit_describe(const struct limit *limit, char *text);
