/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timer.h"

#include "base/util.h"
#include "unit.h"

#define TIMERS 200

struct probe {
    struct timer timer;
    int64_t due_ms;        /* what the model says; -1: not started */
    int64_t restart_ms;    /* -1: the callback does not start it again */
    struct timer *stopped; /* what the callback stops */
    struct timer *moved;   /* what the callback starts for moved_ms */
    int64_t moved_ms;
};

static struct timers timers;
static struct probe probes[TIMERS];
static size_t fired[10 * TIMERS];
static size_t fired_count;

static void expired(struct timer *timer)
{
    struct probe *probe = CONTAINER_OF(timer, struct probe, timer);

    ck_assert(!timer_is_started(timer));
    ck_assert_uint_lt(fired_count, ARRAY_SIZE(fired));
    fired[fired_count++] = (size_t)(probe - probes);
    if (probe->restart_ms >= 0)
        timer_start(&timers, timer, probe->restart_ms);
    if (probe->stopped)
        timer_stop(&timers, probe->stopped);
    if (probe->moved)
        timer_start(&timers, probe->moved, probe->moved_ms);
}

static void set_up(void)
{
    size_t i;

    timers = (struct timers){0};
    fired_count = 0;
    for (i = 0; i < TIMERS; i++)
        probes[i] = (struct probe){.timer.expired = expired, .due_ms = -1, .restart_ms = -1};
}

static void start(size_t i, int64_t due_ms)
{
    timer_start(&timers, &probes[i].timer, due_ms);
    ck_assert(timer_is_started(&probes[i].timer));
}

/* Runs at NOW_MS and checks which probes were called, in which order. */
static void assert_fires(int64_t now_ms, const size_t *expected, size_t count)
{
    size_t i;

    fired_count = 0;
    timers_run(&timers, now_ms);
    ck_assert_uint_eq(fired_count, count);
    for (i = 0; i < count; i++)
        ck_assert_uint_eq(fired[i], expected[i]);
}

#define ASSERT_FIRES(now_ms, ...)                                                                            \
    assert_fires(now_ms, (size_t[]){__VA_ARGS__}, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t))
#define ASSERT_NONE(now_ms) assert_fires(now_ms, NULL, 0)

START_TEST(timers_expire_once_and_in_order)
{
    ck_assert_int_eq(timers_next(&timers), INT64_MAX);
    ASSERT_NONE(1000);
    start(0, 30);
    start(1, 10);
    start(2, 20);
    start(3, 40);
    ck_assert_int_eq(timers_next(&timers), 10);
    ASSERT_NONE(9);
    ASSERT_FIRES(30, 1, 2, 0);
    ck_assert(!timer_is_started(&probes[0].timer));
    ck_assert_int_eq(timers_next(&timers), 40);
    ASSERT_NONE(39);
    ASSERT_FIRES(INT64_MAX, 3);
    ck_assert_int_eq(timers_next(&timers), INT64_MAX);
}
END_TEST

START_TEST(timers_can_be_moved_and_stopped)
{
    start(0, 10);
    start(1, 20);
    start(0, 30);
    ck_assert_int_eq(timers_next(&timers), 20);
    start(1, 5);
    timer_stop(&timers, &probes[2].timer);
    timer_stop(&timers, &probes[1].timer);
    timer_stop(&timers, &probes[1].timer);
    ck_assert(!timer_is_started(&probes[1].timer));
    ASSERT_FIRES(100, 0);
    timer_stop(&timers, &probes[0].timer);
}
END_TEST

START_TEST(a_callback_starts_its_timer_again)
{
    start(0, 10);
    probes[0].restart_ms = 20;
    ASSERT_FIRES(10, 0);
    ASSERT_NONE(19);
    ASSERT_FIRES(20, 0);
}
END_TEST

START_TEST(a_callback_stops_another)
{
    start(0, 10);
    start(1, 11);
    start(2, 12);
    probes[0].stopped = &probes[1].timer;
    ASSERT_FIRES(20, 0, 2);
    ASSERT_NONE(20);
}
END_TEST

/* "A timer that is started while this runs and is due already waits for the next call." */
START_TEST(a_timer_restarted_for_now_waits_for_the_next_call)
{
    start(0, 10);
    start(1, 1000); /* others may be waiting */
    probes[0].restart_ms = 15;
    ASSERT_FIRES(20, 0);
    ck_assert(timer_is_started(&probes[0].timer));
    ck_assert_int_eq(timers_next(&timers), 15);
    ASSERT_FIRES(20, 0);
}
END_TEST

/* "Calls every timer that is due." */
START_TEST(a_timer_restarted_in_the_past_does_not_push_others_out)
{
    start(0, 10);
    start(1, 11);
    start(2, 12);
    probes[0].restart_ms = 5;
    ASSERT_FIRES(20, 0, 1, 2);
    ck_assert(timer_is_started(&probes[0].timer));
}
END_TEST

START_TEST(a_callback_moves_another)
{
    start(0, 10);
    start(1, 11);
    start(2, 12);
    probes[0].moved = &probes[1].timer;
    probes[0].moved_ms = 50;
    ASSERT_FIRES(20, 0, 2);
    ck_assert_int_eq(timers_next(&timers), 50);
    ASSERT_FIRES(50, 1);
    start(0, 60);
    start(1, 61);
    probes[0].moved_ms = 55; /* due already: for the next call */
    ASSERT_FIRES(70, 0);
    ASSERT_FIRES(70, 1);
}
END_TEST

/* More than the heap has room for at first, each started again while others wait for their call. */
START_TEST(callbacks_start_many)
{
    size_t i;

    for (i = 0; i < TIMERS; i += 2) {
        start(i, 10);
        probes[i].restart_ms = 30;
        probes[i].moved = &probes[i + 1].timer;
        probes[i].moved_ms = 40;
    }
    timers_run(&timers, 20);
    ck_assert_uint_eq(fired_count, TIMERS / 2);
    timers_run(&timers, 30);
    ck_assert_uint_eq(fired_count, TIMERS);
    for (i = 0; i < TIMERS; i++)
        probes[i].moved = NULL;
    timers_run(&timers, 40);
    ck_assert_uint_eq(fired_count, 2 * TIMERS);
}
END_TEST

/* The timer that is due first by the model; TIMERS if none is started. */
static size_t model_first(void)
{
    size_t i, best = TIMERS;

    for (i = 0; i < TIMERS; i++)
        if (probes[i].due_ms >= 0 && (best == TIMERS || probes[i].due_ms < probes[best].due_ms))
            best = i;
    return best;
}

/* Runs at NOW_MS: times that are not descending, none missing, none too early. */
static void run_against_model(int64_t now_ms)
{
    int64_t last_ms = 0;
    size_t i;

    fired_count = 0;
    timers_run(&timers, now_ms);
    for (i = 0; i < fired_count; i++) {
        struct probe *probe = &probes[fired[i]];

        ck_assert_int_ge(probe->due_ms, last_ms);
        ck_assert_int_le(probe->due_ms, now_ms);
        last_ms = probe->due_ms;
        probe->due_ms = -1;
    }
    i = model_first();
    ck_assert(i == TIMERS || probes[i].due_ms > now_ms);
}

START_TEST(a_random_schedule_agrees_with_a_model)
{
    int64_t now_ms = 0;
    int step;

    for (step = 0; step < 20000; step++) {
        size_t i = unit_random() % TIMERS;
        size_t first;

        switch (unit_random() % 8) {
        case 0:
            now_ms += unit_random() % 50;
            run_against_model(now_ms);
            break;
        case 1:
        case 2:
            timer_stop(&timers, &probes[i].timer);
            probes[i].due_ms = -1;
            break;
        default:
            probes[i].due_ms = now_ms + unit_random() % 300;
            start(i, probes[i].due_ms);
        }
        first = model_first();
        ck_assert_int_eq(timers_next(&timers), first == TIMERS ? INT64_MAX : probes[first].due_ms);
        ck_assert_int_eq(timer_is_started(&probes[i].timer), probes[i].due_ms >= 0);
    }
    run_against_model(INT64_MAX);
    ck_assert_uint_eq(model_first(), TIMERS);
}
END_TEST

UNIT_SUITE(timer)
{
    TCase *tests;
    Suite *suite = unit_suite_create("timer", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, timers_expire_once_and_in_order);
    tcase_add_test(tests, timers_can_be_moved_and_stopped);
    tcase_add_test(tests, a_callback_starts_its_timer_again);
    tcase_add_test(tests, a_callback_stops_another);
    tcase_add_test(tests, a_timer_restarted_for_now_waits_for_the_next_call);
    tcase_add_test(tests, a_timer_restarted_in_the_past_does_not_push_others_out);
    tcase_add_test(tests, a_callback_moves_another);
    tcase_add_test(tests, callbacks_start_many);
    tcase_add_test(tests, a_random_schedule_agrees_with_a_model);
    return suite;
}
