/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers, ordered by due time. To start one needs no memory, so it cannot fail. The caller passes the time
 * in, so tests can use a virtual clock. Times are in milliseconds; the programs use CLOCK_BOOTTIME.
 */
#ifndef TB_BASE_TIMER_H
#define TB_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t due_ms;
    void (*expired)(struct timer *timer); /* called once; may start the timer again */
    struct timer **link;                  /* what points to it; NULL: not started */
    struct timer *next, *child;           /* none of them is due earlier than its parent */
};

struct timers {
    struct timer *root;     /* due first */
    struct timer *expiring; /* taken from the heap in this run, but not called yet */
};

/* Starts a timer, which must stay in memory until it expires or is stopped, or changes when it is due. */
void timer_start(struct timers *timers, struct timer *timer, int64_t due_ms);

/* Stops a timer. It need not be started. */
void timer_stop(struct timers *timers, struct timer *timer);

static inline bool timer_is_started(const struct timer *timer)
{
    return timer->link;
}

/* When the next timer is due; INT64_MAX if there is none. */
int64_t timers_next(const struct timers *timers);

/* Calls every timer that is due at NOW_MS, the earliest first. One that is started meanwhile waits for the
 * next call even if it is due, so the function always returns. */
void timers_run(struct timers *timers, int64_t now_ms);

#endif
