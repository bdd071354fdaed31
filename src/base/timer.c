/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pairing heap: a tree whose nodes have any number of children. To start a timer makes it a child of the
 * root, or the root; to take one out merges its children, in pairs. Timers are its nodes themselves.
 */
#include "base/timer.h"

/* The heap of A and B, whose siblings do not matter. */
static struct timer *merge(struct timer *a, struct timer *b)
{
    struct timer *first = b->due_ms < a->due_ms ? b : a;
    struct timer *second = first == a ? b : a;

    second->next = first->child;
    if (second->next)
        second->next->link = &second->next;
    second->link = &first->child;
    first->child = second;
    return first;
}

/* The heap of the siblings in LIST; NULL if there is none. */
static struct timer *merge_siblings(struct timer *list)
{
    struct timer *pairs = NULL, *heap = NULL, *next;

    for (; list; list = next) {
        struct timer *pair = list;

        next = list->next;
        if (next) {
            struct timer *other = next;

            next = other->next;
            pair = merge(pair, other);
        }
        pair->next = pairs;
        pairs = pair;
    }
    for (; pairs; pairs = next) {
        next = pairs->next;
        heap = heap ? merge(heap, pairs) : pairs;
    }
    return heap;
}

static void add(struct timers *timers, struct timer *heap)
{
    if (timers->root)
        heap = merge(timers->root, heap);
    heap->next = NULL;
    heap->link = &timers->root;
    timers->root = heap;
}

void timer_start(struct timers *timers, struct timer *timer, int64_t due_ms)
{
    timer_stop(timers, timer);
    timer->due_ms = due_ms;
    add(timers, timer);
}

void timer_stop(struct timers *timers, struct timer *timer)
{
    struct timer *children;

    if (!timer->link)
        return;
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->link = NULL;
    children = merge_siblings(timer->child);
    timer->child = NULL;
    if (children)
        add(timers, children);
}

int64_t timers_next(const struct timers *timers)
{
    return timers->root ? timers->root->due_ms : INT64_MAX;
}

void timers_run(struct timers *timers, int64_t now_ms)
{
    struct timer **end = &timers->expiring, *timer;

    while (timers->root && timers->root->due_ms <= now_ms) {
        timer = timers->root;
        timer_stop(timers, timer);
        timer->next = NULL;
        timer->link = end;
        *end = timer;
        end = &timer->next;
    }
    while ((timer = timers->expiring)) {
        timer_stop(timers, timer);
        timer->expired(timer);
    }
}
