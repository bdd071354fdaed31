/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timer.h"

#include <errno.h>
#include <stdlib.h>

/* The heap is 1-based: the children of I are 2I and 2I+1; heap[I-1] holds place I. Positions that count down
 * from SIZE_MAX are places in timers->expiring. */
#define EXPIRING_POSITION(index) (SIZE_MAX - (index))

static void place(struct timers *timers, struct timer *timer, size_t position)
{
    timers->heap[position - 1] = timer;
    timer->position = position;
}

static void sift_up(struct timers *timers, struct timer *timer, size_t position)
{
    while (position > 1 && timers->heap[position / 2 - 1]->due_ms > timer->due_ms) {
        place(timers, timers->heap[position / 2 - 1], position);
        position /= 2;
    }
    place(timers, timer, position);
}

static void sift_down(struct timers *timers, struct timer *timer, size_t position)
{
    for (;;) {
        size_t child = 2 * position;

        if (child > timers->count)
            break;
        if (child < timers->count && timers->heap[child]->due_ms < timers->heap[child - 1]->due_ms)
            child++;
        if (timers->heap[child - 1]->due_ms >= timer->due_ms)
            break;
        place(timers, timers->heap[child - 1], position);
        position = child;
    }
    place(timers, timer, position);
}

static int grow(struct timers *timers)
{
    size_t capacity = timers->capacity ? 2 * timers->capacity : 64;
    struct timer **heap, **expiring;

    if (timers->count < timers->capacity)
        return 0;
    heap = reallocarray(timers->heap, capacity, sizeof(struct timer *));
    if (!heap)
        return -ENOMEM;
    timers->heap = heap;
    expiring = reallocarray(timers->expiring, capacity, sizeof(struct timer *));
    if (!expiring)
        return -ENOMEM;
    timers->expiring = expiring;
    timers->capacity = capacity;
    return 0;
}

int timer_start(struct timers *timers, struct timer *timer, int64_t due_ms)
{
    int r;

    timer_stop(timers, timer);
    r = grow(timers);
    if (r < 0)
        return r;
    timer->due_ms = due_ms;
    timers->count++;
    sift_up(timers, timer, timers->count);
    return 0;
}

void timer_stop(struct timers *timers, struct timer *timer)
{
    size_t position = timer->position;
    struct timer *last;

    if (position == 0)
        return;
    timer->position = 0;
    if (position > timers->count) {
        timers->expiring[EXPIRING_POSITION(position)] = NULL;
        return;
    }
    last = timers->heap[timers->count - 1];
    timers->count--;
    if (last == timer)
        return;
    if (position > 1 && timers->heap[position / 2 - 1]->due_ms > last->due_ms)
        sift_up(timers, last, position);
    else
        sift_down(timers, last, position);
}

int64_t timers_next(const struct timers *timers)
{
    return timers->count ? timers->heap[0]->due_ms : INT64_MAX;
}

void timers_run(struct timers *timers, int64_t now_ms)
{
    size_t count = 0;
    size_t i;

    while (timers->count > 0 && timers->heap[0]->due_ms <= now_ms) {
        struct timer *timer = timers->heap[0];

        timer_stop(timers, timer);
        timer->position = EXPIRING_POSITION(count);
        timers->expiring[count++] = timer;
    }
    for (i = 0; i < count; i++) {
        struct timer *timer = timers->expiring[i];

        if (!timer) /* stopped or started again by one before it */
            continue;
        timer->position = 0;
        timer->expired(timer);
    }
}

void timers_free(struct timers *timers)
{
    free(timers->heap);
    free(timers->expiring);
    *timers = (struct timers){0};
}
