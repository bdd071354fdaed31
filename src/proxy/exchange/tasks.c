/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/tasks.h"

/* A step that handles little takes time, too: system calls. */
#define STEP_BYTES 1024

void tasks_init(struct tasks *tasks)
{
    list_init(&tasks->principals);
}

void task_init(struct task *task, struct principal *principal)
{
    task->principal = principal;
    list_init(&task->link);
}

void tasks_add(struct tasks *tasks, struct task *task)
{
    struct principal *principal = task->principal;

    if (!list_is_empty(&task->link))
        return;
    if (list_is_empty(&principal->tasks))
        list_append(&tasks->principals, &principal->tasks_link);
    list_append(&principal->tasks, &task->link);
}

void task_remove(struct task *task)
{
    if (list_is_empty(&task->link))
        return;
    list_remove(&task->link);
    if (list_is_empty(&task->principal->tasks))
        list_remove(&task->principal->tasks_link);
}

/* Takes the task whose turn it is; the principal goes to the end. */
static struct task *take(struct tasks *tasks)
{
    struct principal *principal = CONTAINER_OF(tasks->principals.next, struct principal, tasks_link);
    struct task *task = CONTAINER_OF(principal->tasks.next, struct task, link);

    list_remove(&principal->tasks_link);
    list_append(&tasks->principals, &principal->tasks_link);
    task_remove(task);
    return task;
}

void tasks_run(struct tasks *tasks)
{
    size_t bytes = 0;

    while (bytes < TASKS_TURN_BYTES && tasks_are_pending(tasks)) {
        struct task *task = take(tasks);

        bytes += STEP_BYTES + task->step(task);
    }
}
