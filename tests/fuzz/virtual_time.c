/* SPDX-License-Identifier: Apache-2.0 */
#include "virtual_time.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define START_MS INT64_C(1000000)
#define EPOCH_MS INT64_C(1795415381000) /* the wall clock when the others were 0 */

/* Turns of the loop in which nothing comes and no time passes. */
#define BUSY_TURNS_MAX 20000

static struct {
    int64_t now_ms;
    int64_t (*idle)(int64_t max_ms);
    unsigned turns; /* since time passed, or something was done */
} time_of = {.now_ms = START_MS};

int __real_epoll_wait(int fd, struct epoll_event *events, int max, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout);
int64_t __wrap_clock_wall_ms(void);

void virtual_time_begin(int64_t (*idle)(int64_t max_ms))
{
    time_of.now_ms = START_MS;
    time_of.idle = idle;
    time_of.turns = 0;
}

void virtual_time_end(void)
{
    time_of.idle = NULL;
}

int64_t virtual_time_ms(void)
{
    return time_of.now_ms;
}

int64_t __wrap_clock_wall_ms(void)
{
    return EPOCH_MS + time_of.now_ms;
}

/* Takes the place of the library's. The fuzzer itself measures its time with CLOCK_REALTIME. */
int __attribute__((visibility("default"))) clock_gettime(clockid_t clock, struct timespec *ret)
{
    if (clock == CLOCK_REALTIME || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID)
        return (int)syscall(SYS_clock_gettime, clock, ret);
    ret->tv_sec = time_of.now_ms / 1000;
    ret->tv_nsec = time_of.now_ms % 1000 * 1000000;
    return 0;
}

int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    int64_t passed_ms;
    int n;

    if (!time_of.idle)
        return __real_epoll_wait(fd, events, max, timeout);
    must(++time_of.turns < BUSY_TURNS_MAX);
    n = __real_epoll_wait(fd, events, max, 0);
    while (n == 0 && timeout != 0) {
        passed_ms = time_of.idle(timeout);
        if (passed_ms != 0)
            time_of.turns = 0;
        if (passed_ms >= 0) {
            time_of.now_ms += passed_ms;
            break;
        }
        n = __real_epoll_wait(fd, events, max, 0);
    }
    return n;
}
