/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers on a clock that the caller reads: a binary heap ordered by due time. Knows no clock of its own, so
 * tests run it on a virtual one. Times are milliseconds, of CLOCK_BOOTTIME in the programs.
 */
#ifndef TB_BASE_TIMER_H
#define TB_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t due_ms;
    size_t position;                      /* 0: not started; else where it is kept */
    void (*expired)(struct timer *timer); /* called once; the timer may be started again in it */
};

struct timers {
    struct timer **heap;
    struct timer **expiring; /* taken from the heap in this run, not called yet */
    size_t count;
    size_t capacity;
};

/* Starts or moves a timer. 0 or -ENOMEM. The timer must stay in memory until it expired or was stopped. */
int timer_start(struct timers *timers, struct timer *timer, int64_t due_ms);

/* Harmless for a timer that is not started. */
void timer_stop(struct timers *timers, struct timer *timer);

static inline bool timer_is_started(const struct timer *timer)
{
    return timer->position != 0;
}

/* When the next timer is due; INT64_MAX where there is none. */
int64_t timers_next(const struct timers *timers);

/* Calls every timer that is due at NOW_MS, earliest first. A timer that is started while this runs and is due
 * already waits for the next call, so that the function always returns. */
void timers_run(struct timers *timers, int64_t now_ms);

void timers_free(struct timers *timers);

#endif
