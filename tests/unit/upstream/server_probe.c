/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_probe.h"
#include "unit.h"

#define TURNS 1000

static struct loop loop;
static struct detection detection;

/* Nobody listens there, so nothing is told. */
static struct transport_options options(const struct detection *of)
{
    ck_assert_ptr_eq(of, &detection);
    return (struct transport_options){.url = "http://127.0.0.1:1", .connect_timeout_ms = 60000};
}

static void set_up(void)
{
    ck_assert_int_eq(loop_init(&loop), 0);
    detection = (struct detection){0};
    detection_open(&detection, &loop, options);
}

static void tear_down(void)
{
    detection_close(&detection);
    loop_close(&loop);
}

static void wait_for_answers(void)
{
    int i;

    ck_assert_ptr_nonnull(detection.transport);
    for (i = 0; i < TURNS && detection.transport; i++) {
        detection_run(&detection);
        if (detection.transport)
            ck_assert_int_eq(loop_turn(&loop, detection_is_pending(&detection) ? 0 : 1000), 0);
    }
    ck_assert_ptr_null(detection.transport);
}

/* The next question comes after MINUTES; then they have passed. */
static void assert_asks_after(int64_t minutes)
{
    ck_assert(timer_is_started(&detection.again));
    ck_assert_int_eq(detection.again.due_ms - loop.now_ms, minutes * 60000);
    timers_run(&loop.timers, detection.again.due_ms);
    wait_for_answers();
}

START_TEST(what_is_unknown_is_asked_for_again)
{
    int round;

    for (round = 0; round < 2; round++) {
        detection_session_changed(&detection, SESSION_READY);
        wait_for_answers();
        assert_asks_after(1);
        assert_asks_after(5);
        assert_asks_after(30);
        ck_assert(!timer_is_started(&detection.again));
        detection_session_changed(&detection, SESSION_READY);
        ck_assert_ptr_null(detection.transport);
        detection_session_changed(&detection, SESSION_OFFLINE); /* and then all anew */
    }
}
END_TEST

START_TEST(nothing_is_left_when_it_is_closed)
{
    detection_session_changed(&detection, SESSION_READY);
    wait_for_answers();
    detection_close(&detection);
    ck_assert(!timer_is_started(&detection.again));
}
END_TEST

Suite *detection_suite(void)
{
    TCase *tests;
    Suite *suite = unit_suite_create("detection", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_unknown_is_asked_for_again);
    tcase_add_test(tests, nothing_is_left_when_it_is_closed);
    return suite;
}
