/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers in a binary heap ordered by due time. The caller passes the time in, so tests can use a virtual
 * clock. Times are in milliseconds; the programs use CLOCK_BOOTTIME.
 */
#ifndef TB_BASE_TIMER_H
#define TB_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t due_ms;
    size_t position;                      /* 0: not started; otherwise where it is kept */
    void (*expired)(struct timer *timer); /* called once; may start the timer again */
};

struct timers {
    struct timer **heap;
    struct timer **expiring; /* taken from the heap in this run, but not called yet */
    size_t count;
    size_t capacity;
};

/* Starts a timer, which must stay in memory until it expires or is stopped, or changes when it is due. 0 or
 * -ENOMEM. */
int timer_start(struct timers *timers, struct timer *timer, int64_t due_ms);

/* Stops a timer. It need not be started. */
void timer_stop(struct timers *timers, struct timer *timer);

static inline bool timer_is_started(const struct timer *timer)
{
    return timer->position != 0;
}

/* When the next timer is due; INT64_MAX if there is none. */
int64_t timers_next(const struct timers *timers);

/* Calls every timer that is due at NOW_MS, the earliest first. One that is started meanwhile waits for the
 * next call even if it is due, so the function always returns. */
void timers_run(struct timers *timers, int64_t now_ms);

void timers_free(struct timers *timers);

#endif
