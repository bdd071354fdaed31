/* SPDX-License-Identifier: Apache-2.0 */
/* CLOCK_MONOTONIC, which knows no clock steps: in nanoseconds, because rate limits are counted exactly. */
#ifndef TB_SIM_MONOTONIC_H
#define TB_SIM_MONOTONIC_H

#include <stdint.h>
#include <time.h>

static inline int64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t monotonic_ms(void)
{
    return monotonic_ns() / 1000000;
}

/* A time of monotonic_ns() for pthread_cond_timedwait(3). */
static inline struct timespec monotonic_timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
}

#endif
