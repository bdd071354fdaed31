/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that a program can make more of than there is time for: it is done in steps, and all of it together
 * is bounded in each turn of the loop, so that requests wait for one such portion at most. Principals take
 * turns of one step, and so do the tasks of a principal.
 */
#ifndef TB_PROXY_EXCHANGE_TASKS_H
#define TB_PROXY_EXCHANGE_TASKS_H

#include "base/list.h"
#include "proxy/exchange/principal.h"

/* Most bytes of all steps in one turn of the loop; the last step may exceed it. */
#define TASKS_TURN_BYTES 131072

struct task {
    struct principal *principal; /* whose it is; the owner keeps a reference */
    /* Does a little, and returns how many bytes it has handled. Adds the task again if more is to be done. */
    size_t (*step)(struct task *task);
    struct list link; /* in principal->tasks while it waits for its turn */
};

struct tasks {
    struct list principals; /* those with tasks; it is the turn of the first */
};

void tasks_init(struct tasks *tasks);

/* The owner sets STEP. */
void task_init(struct task *task, struct principal *principal);

/* TASK gets a turn, after the others that wait. Harmless if it waits already. */
void tasks_add(struct tasks *tasks, struct task *task);

/* TASK no longer waits. Harmless if it does not. */
void task_remove(struct task *task);

/* Does as much as one turn of the loop may. */
void tasks_run(struct tasks *tasks);

/* Whether there is more to do. */
static inline bool tasks_are_pending(const struct tasks *tasks)
{
    return !list_is_empty(&tasks->principals);
}

#endif
