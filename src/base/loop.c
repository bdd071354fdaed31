/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_boot_us(void)
{
    return clock_us(CLOCK_BOOTTIME);
}

int64_t clock_boot_ms(void)
{
    return clock_boot_us() / 1000;
}

int64_t clock_wall_ms(void)
{
    return clock_us(CLOCK_REALTIME) / 1000;
}

void clock_format(int64_t wall_ms, char ret[CLOCK_TEXT_BYTES])
{
    int64_t milliseconds = (wall_ms % 1000 + 1000) % 1000;
    time_t seconds = (time_t)((wall_ms - milliseconds) / 1000);
    struct tm utc = {0};
    size_t length;

    gmtime_r(&seconds, &utc);
    length = strftime(ret, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(ret + length, CLOCK_TEXT_BYTES - length, ".%03dZ", (int)milliseconds);
}

int loop_init(struct loop *loop)
{
    *loop = (struct loop){.now_ms = clock_boot_ms()};
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return loop->epoll_fd < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    loop->epoll_fd = -1;
}

static int control(struct loop *loop, int operation, struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    return epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, struct watch *watch, uint32_t events)
{
    return control(loop, EPOLL_CTL_ADD, watch, events);
}

int loop_change(struct loop *loop, struct watch *watch, uint32_t events)
{
    return control(loop, EPOLL_CTL_MOD, watch, events);
}

void loop_remove(struct loop *loop, struct watch *watch)
{
    int i;

    control(loop, EPOLL_CTL_DEL, watch, 0);
    for (i = 0; i < loop->event_count; i++)
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
}

void loop_timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms)
{
    timer_start(&loop->timers, timer, loop->now_ms + delay_ms);
}

void loop_timer_stop(struct loop *loop, struct timer *timer)
{
    timer_stop(&loop->timers, timer);
}

/* The timeout for epoll_wait(): milliseconds until the nearer of the two limits; -1 for none. */
static int wait_ms(const struct loop *loop, int64_t max_wait_ms)
{
    int64_t next = timers_next(&loop->timers);
    int64_t wait = max_wait_ms;

    if (next != INT64_MAX) {
        int64_t until = next - clock_boot_ms();

        if (until < 0)
            until = 0;
        if (wait < 0 || until < wait)
            wait = until;
    }
    return wait > INT_MAX ? INT_MAX : (int)wait;
}

void loop_update_time(struct loop *loop)
{
    loop->now_ms = clock_boot_ms();
}

int loop_turn(struct loop *loop, int64_t max_wait_ms)
{
    int n = epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX, wait_ms(loop, max_wait_ms));
    int i;

    /* After a stop or a suspend, what came meanwhile is seen before anything is sent. */
    if (n < 0 && errno == EINTR)
        n = epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX, 0);
    if (n < 0 && errno != EINTR)
        return -errno;
    loop->event_count = n < 0 ? 0 : n;
    loop->turn_us = clock_boot_us();
    loop->now_ms = loop->turn_us / 1000;
    /* Timers first: after a suspend, those that are overdue expire before any request is served. */
    timers_run(&loop->timers, loop->now_ms);
    for (i = 0; i < loop->event_count; i++) {
        struct watch *watch = loop->events[i].data.ptr;

        if (watch)
            watch->ready(watch, loop->events[i].events);
    }
    loop->event_count = 0;
    return 0;
}
