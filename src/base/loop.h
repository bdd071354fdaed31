/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event loop of epoll and timers, for one thread.
 */
#ifndef TB_BASE_LOOP_H
#define TB_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/timer.h"

#define LOOP_EVENTS_MAX 64 /* taken from the kernel at once */

struct watch {
    int fd;
    void (*ready)(struct watch *watch, uint32_t events); /* EPOLLIN, EPOLLOUT, ... */
};

struct loop {
    int epoll_fd;
    int64_t now_ms;  /* CLOCK_BOOTTIME at the beginning of this turn, or later */
    int64_t turn_us; /* the same, in microseconds, never later */
    struct timers timers;
    struct epoll_event events[LOOP_EVENTS_MAX]; /* of this turn */
    int event_count;
};

int loop_init(struct loop *loop);
void loop_close(struct loop *loop);

/* Registers WATCH, which must stay in memory until it is removed, for EVENTS: EPOLLIN, ..., edge-triggered
 * with EPOLLET. 0 or a negative errno. */
int loop_add(struct loop *loop, struct watch *watch, uint32_t events);
int loop_change(struct loop *loop, struct watch *watch, uint32_t events);

/* No event of WATCH is delivered after this, not even one that was taken in this turn. */
void loop_remove(struct loop *loop, struct watch *watch);

/* Sets now_ms again, for a delay that must not begin before something that happened in this turn. */
void loop_update_time(struct loop *loop);

/* Starts a timer DELAY_MS from now_ms. */
void loop_timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms);
void loop_timer_stop(struct loop *loop, struct timer *timer);

/* One turn: waits for events, until the next timer is due or for MAX_WAIT_MS (-1: no limit); then calls the
 * timers that are due, then the watches that are ready. 0 or a negative errno of epoll_wait(). */
int loop_turn(struct loop *loop, int64_t max_wait_ms);

/* Milliseconds of CLOCK_BOOTTIME, which continues during suspend and has no clock steps; and microseconds. */
int64_t clock_boot_ms(void);
int64_t clock_boot_us(void);

/* Milliseconds since the epoch, by the host's clock. */
int64_t clock_wall_ms(void);

#define CLOCK_TEXT_BYTES 32

/* WALL_MS as "2026-11-29T15:25:44.123Z" (ISO 8601, UTC). */
void clock_format(int64_t wall_ms, char ret[CLOCK_TEXT_BYTES]);

#endif
