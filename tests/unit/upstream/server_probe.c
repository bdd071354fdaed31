/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_probe.h"
#include "unit.h"

#define TURNS 1000

static struct loop loop;
static struct server_probe server_probe;

/* Nothing listens there, so nothing is found. */
static struct transport_options options(const struct server_probe *of)
{
    ck_assert_ptr_eq(of, &server_probe);
    return (struct transport_options){.url = "http://127.0.0.1:1", .connect_timeout_ms = 60000};
}

static void set_up(void)
{
    ck_assert_int_eq(loop_init(&loop), 0);
    server_probe = (struct server_probe){0};
    server_probe_open(&server_probe, &loop, options);
}

static void tear_down(void)
{
    server_probe_close(&server_probe);
    loop_close(&loop);
}

static void wait_for_answers(void)
{
    int i;

    ck_assert_ptr_nonnull(server_probe.transport);
    for (i = 0; i < TURNS && server_probe.transport; i++) {
        server_probe_run(&server_probe);
        if (server_probe.transport)
            ck_assert_int_eq(loop_turn(&loop, server_probe_is_pending(&server_probe) ? 0 : 1000), 0);
    }
    ck_assert_ptr_null(server_probe.transport);
}

/* The next question comes after MINUTES; then they have passed. */
static void assert_asks_after(int64_t minutes)
{
    ck_assert(timer_is_started(&server_probe.again));
    ck_assert_int_eq(server_probe.again.due_ms - loop.now_ms, minutes * 60000);
    timers_run(&loop.timers, server_probe.again.due_ms);
    wait_for_answers();
}

START_TEST(what_is_unknown_is_asked_for_again)
{
    int round;

    for (round = 0; round < 2; round++) {
        server_probe_session_changed(&server_probe, SESSION_READY);
        wait_for_answers();
        assert_asks_after(1);
        assert_asks_after(5);
        assert_asks_after(30);
        ck_assert(!timer_is_started(&server_probe.again));
        server_probe_session_changed(&server_probe, SESSION_READY);
        ck_assert_ptr_null(server_probe.transport);
        server_probe_session_changed(&server_probe, SESSION_OFFLINE); /* and then all anew */
    }
}
END_TEST

START_TEST(nothing_is_left_when_it_is_closed)
{
    server_probe_session_changed(&server_probe, SESSION_READY);
    wait_for_answers();
    server_probe_close(&server_probe);
    ck_assert(!timer_is_started(&server_probe.again));
}
END_TEST

UNIT_SUITE(server_probe)
{
    TCase *tests;
    Suite *suite = unit_suite_create("server_probe", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_unknown_is_asked_for_again);
    tcase_add_test(tests, nothing_is_left_when_it_is_closed);
    return suite;
}
