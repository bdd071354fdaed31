/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/tasks.h"

#include <string.h>

#include "unit.h"

#define TASKS_OF_ALICE 8
#define MESSAGE_BYTES  65536

/* A task with so much to do. */
struct job {
    struct task task;
    size_t left, bytes; /* steps; of each */
    unsigned done;
};

static struct principals principals;
static struct principal *alice, *bob;
static struct tasks tasks;
static struct job jobs[TASKS_OF_ALICE], bobs;
static struct job *last; /* the job of the last step */

static size_t job_step(struct task *task)
{
    struct job *job = CONTAINER_OF(task, struct job, task);

    last = job;
    job->done++;
    if (--job->left > 0)
        tasks_add(&tasks, task);
    return job->bytes;
}

static void begin(struct job *job, struct principal *principal, size_t left, size_t bytes)
{
    *job = (struct job){.left = left, .bytes = bytes};
    task_init(&job->task, principal);
    job->task.step = job_step;
    tasks_add(&tasks, &job->task);
}

static void set_up(void)
{
    memset(&principals, 0, sizeof(principals));
    principals_open(&principals);
    alice = principal_get(&principals, 1000, 0);
    bob = principal_get(&principals, 1001, 0);
    tasks_init(&tasks);
}

static void tear_down(void)
{
    principal_release(alice);
    principal_release(bob);
    principals_close(&principals);
}

static void begin_alices(size_t left, size_t bytes)
{
    size_t i;

    for (i = 0; i < TASKS_OF_ALICE; i++)
        begin(&jobs[i], alice, left, bytes);
}

static unsigned alices_steps(void)
{
    unsigned steps = 0;
    size_t i;

    for (i = 0; i < TASKS_OF_ALICE; i++)
        steps += jobs[i].done;
    return steps;
}

START_TEST(all_together_handle_so_many_bytes_in_a_turn)
{
    begin_alices(100, MESSAGE_BYTES);
    tasks_run(&tasks);
    ck_assert_uint_eq(alices_steps(), TASKS_TURN_BYTES / MESSAGE_BYTES);
    ck_assert(tasks_are_pending(&tasks));
}
END_TEST

START_TEST(steps_that_handle_nothing_are_bounded_too)
{
    begin_alices(100000, 0);
    tasks_run(&tasks);
    ck_assert_uint_eq(alices_steps(), TASKS_TURN_BYTES / 1024);
}
END_TEST

START_TEST(the_tasks_of_a_user_take_turns)
{
    size_t i;

    begin_alices(100, MESSAGE_BYTES);
    for (i = 0; i < 2 * TASKS_OF_ALICE; i++)
        tasks_run(&tasks);
    for (i = 0; i < TASKS_OF_ALICE; i++)
        ck_assert_uint_eq(jobs[i].done, 2 * TASKS_TURN_BYTES / MESSAGE_BYTES);
}
END_TEST

/* However many tasks Alice has, Bob waits for one step of hers. */
START_TEST(users_take_turns)
{
    begin_alices(100, MESSAGE_BYTES);
    tasks_run(&tasks);
    begin(&bobs, bob, 3, 100);
    tasks_run(&tasks);
    tasks_run(&tasks);
    ck_assert_uint_ge(bobs.done, 2);
    tasks_run(&tasks);
    ck_assert_uint_eq(bobs.done, 3);
    ck_assert_uint_ge(alices_steps(), 5);
}
END_TEST

START_TEST(what_is_done_waits_no_longer)
{
    begin(&bobs, bob, 3, 1);
    tasks_add(&tasks, &bobs.task);
    tasks_run(&tasks);
    ck_assert_uint_eq(bobs.done, 3);
    ck_assert(!tasks_are_pending(&tasks));
    tasks_run(&tasks);
    ck_assert_ptr_eq(last, &bobs);
    ck_assert_uint_eq(bobs.done, 3);
}
END_TEST

START_TEST(what_was_removed_gets_no_turn)
{
    begin(&jobs[0], alice, 1, 1);
    begin(&jobs[1], alice, 1, 1);
    begin(&bobs, bob, 1, 1);
    task_remove(&jobs[0].task);
    task_remove(&jobs[0].task);
    task_remove(&bobs.task);
    tasks_run(&tasks);
    ck_assert_uint_eq(jobs[0].done + bobs.done, 0);
    ck_assert_uint_eq(jobs[1].done, 1);
    ck_assert(!tasks_are_pending(&tasks));
}
END_TEST

UNIT_SUITE(tasks)
{
    TCase *tests;
    Suite *suite = unit_suite_create("tasks", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, all_together_handle_so_many_bytes_in_a_turn);
    tcase_add_test(tests, steps_that_handle_nothing_are_bounded_too);
    tcase_add_test(tests, the_tasks_of_a_user_take_turns);
    tcase_add_test(tests, users_take_turns);
    tcase_add_test(tests, what_is_done_waits_no_longer);
    tcase_add_test(tests, what_was_removed_gets_no_turn);
    return suite;
}
