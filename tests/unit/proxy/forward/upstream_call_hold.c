/* SPDX-License-Identifier: Apache-2.0 */
/* The server goes away and comes back: requests wait for it. */
#include <stdio.h>

#include "base/util.h"
#include "proxy/forward/upstream_call.h"
#include "unit.h"
#include "upstream_call_world.h"

#define ALICE    1000
#define BOB      1001
#define HOLD_MS  10000
#define EXACT_MS 10 /* precision of deadlines */
#define SOON_MS  600

static struct world world;

static struct result {
    int status;
    int64_t took_ms, answered_ms;
} results[400];

static void set_up(void)
{
    world_open(&world);
    world.config.upstream.hold_ms = HOLD_MS;
    memset(results, 0, sizeof(results));
}

static void tear_down(void)
{
    world_close(&world);
}

static void note(struct local *local)
{
    results[local->serial] =
        (struct result){local->status, local->answered_ms - local->begun_ms, local->answered_ms};
}

static void begin_of(int64_t user, enum kind kind, int64_t wait_ms)
{
    world_begin(&world, &(struct wish){.kind = kind,
                                       .user = user,
                                       .entity = world.serial % SERVER_ENTITIES,
                                       .writer = 1,
                                       .wait_ms = wait_ms,
                                       .answered = note});
}

static void begin(enum kind kind)
{
    begin_of(ALICE, kind, WORLD_NO_WISH);
}

static void run_all(void)
{
    world_run_all(&world, 10 * MINUTE_MS);
    world_assert_idle(&world);
}

static void assert_answered_after(unsigned serial, int status, int64_t ms)
{
    ck_assert_int_eq(results[serial].status, status);
    ck_assert_int_ge(results[serial].took_ms, ms);
    ck_assert_int_le(results[serial].took_ms, ms + EXACT_MS);
}

/* The first request that is refused tells it. */
static void go_away(void)
{
    world_stop_server(&world);
    begin(DEVICE);
    world_run(&world, 50);
    ck_assert(world.forward.slow_start.is_closed);
}

START_TEST(what_was_not_sent_waits_and_is_sent_once)
{
    enum kind kind;

    go_away();
    for (kind = 0; kind < KINDS; kind++)
        begin(kind);
    world_run(&world, 5 * SECOND_MS);
    ck_assert_uint_eq(world.server.refused_connections, 1); /* the others were not even tried */
    ck_assert_uint_eq(world.open, KINDS + 1);
    world_start_server(&world);
    run_all();
    for (kind = 0; kind < KINDS; kind++) {
        ck_assert_int_eq(results[2 + kind].status, 200);
        ck_assert_int_lt(results[2 + kind].took_ms, 5 * SECOND_MS + SOON_MS);
    }
    ck_assert_uint_eq(world.server.writes[2 + RPC].executions, 1);
    ck_assert_uint_eq(world.server.call_count, KINDS + 2);
}
END_TEST

/* A wish, and how long it waits. */
static const struct {
    int64_t wish_ms, hold_ms, waited_ms;
} bounds[] = {
    {WORLD_NO_WISH, HOLD_MS, HOLD_MS}, {2000, HOLD_MS, 2000}, {20000, HOLD_MS, 20000},
    {60000, HOLD_MS, 30000},           {0, HOLD_MS, 0},       {WORLD_NO_WISH, 40000, 30000},
    {WORLD_NO_WISH, 100, 100},
};

START_TEST(it_waits_that_long)
{
    world.config.upstream.hold_ms = bounds[_i].hold_ms;
    world_stop_server(&world);
    begin_of(ALICE, DEVICE, 30000);
    world_run(&world, 50);
    begin_of(ALICE, RPC, bounds[_i].wish_ms);
    run_all();
    assert_answered_after(2, 503, bounds[_i].waited_ms);
    ck_assert_uint_eq(world.server.writes[2].executions, 0);
}
END_TEST

/* The time begins with the outage, not with the arrival of a request that waits for something else. */
START_TEST(a_request_that_waited_before_has_all_that_time)
{
    world_budget(&world, "1:15", false, 64);
    begin(DEVICE);
    begin(DEVICE);
    world_run(&world, 4 * SECOND_MS);
    world_stop_server(&world);
    world_report(&world, FAILOVER_UNREACHABLE);
    run_all();
    assert_answered_after(2, 503, 4 * SECOND_MS + HOLD_MS);
}
END_TEST

START_TEST(a_short_outage_does_not_shorten_the_wait_for_the_limit)
{
    world_budget(&world, "1:25", false, 64);
    begin(DEVICE);
    begin(DEVICE);
    world_run(&world, SECOND_MS);
    world_report(&world, FAILOVER_UNREACHABLE);
    world_run(&world, SECOND_MS);
    world_report(&world, FAILOVER_ANSWERED);
    run_all();
    ck_assert_int_eq(results[2].status, 200);
    ck_assert_int_ge(results[2].took_ms, 24 * SECOND_MS);
}
END_TEST

/* Also if the client asks for a wait. */
START_TEST(it_can_be_off)
{
    world.config.upstream.hold_ms = 0;
    world_stop_server(&world);
    begin_of(ALICE, DEVICE, _i ? 20000 : WORLD_NO_WISH);
    world_run(&world, 50);
    begin_of(ALICE, RPC, _i ? 20000 : WORLD_NO_WISH);
    run_all();
    assert_answered_after(1, 502, 0);
    assert_answered_after(2, 502, 0);
}
END_TEST

/* The server has them when it dies. */
START_TEST(what_may_have_run_waits_if_twice_is_as_good_as_once)
{
    world.server.work_min_ms = world.server.work_max_ms = 1000;
    begin(TELEMETRY);
    begin(READ);
    begin(RPC);
    world_run(&world, 100);
    world_stop_server(&world);
    world_run(&world, 3 * SECOND_MS);
    ck_assert_int_eq(results[3].status, 502);
    world.server.work_min_ms = world.server.work_max_ms = 1;
    world_start_server(&world);
    run_all();
    ck_assert_int_eq(results[1].status, 200);
    ck_assert_int_eq(results[2].status, 200);
    ck_assert_uint_eq(world.server.writes[1].points, 1);
    ck_assert_uint_eq(world.server.writes[3].executions, 0);
}
END_TEST

/* Or a request that is lost again and again could take many times as long as the server may. */
START_TEST(the_time_at_the_server_is_that_of_all_sendings)
{
    world.services.request_options.timeout_ms = 5000;
    world.server.work_min_ms = world.server.work_max_ms = 1000;
    begin(READ);
    world_run(&world, 100);
    world_stop_server(&world);
    world_run(&world, 3 * SECOND_MS);
    world_start_server(&world);
    run_all();
    ck_assert_int_eq(results[1].status, 200);
    ck_assert_int_le(world.server.last_timeout_ms, 4000);
    ck_assert_int_ge(world.server.last_timeout_ms, 3900);
}
END_TEST

START_TEST(at_its_end_what_may_have_run_is_told_so)
{
    world.server.work_min_ms = world.server.work_max_ms = 1000;
    begin(READ);
    world_run(&world, 100);
    world_stop_server(&world);
    run_all();
    ck_assert_int_eq(results[1].status, 502);
    ck_assert_int_ge(results[1].took_ms, HOLD_MS);
    ck_assert_int_le(results[1].took_ms, SECOND_MS + HOLD_MS + EXACT_MS);
}
END_TEST

/* Whatever it waits for then. */
START_TEST(so_is_what_waits_for_the_limit_afterwards)
{
    world_budget(&world, "2:60", false, 64);
    world.server.work_min_ms = world.server.work_max_ms = 1000;
    begin_of(ALICE, READ, 5 * SECOND_MS);
    world_run(&world, 100);
    world_stop_server(&world);
    world_run(&world, 2 * SECOND_MS);
    world_start_server(&world);
    run_all();
    ck_assert_int_eq(results[1].status, 502);
    ck_assert_int_le(results[1].took_ms, 6 * SECOND_MS + EXACT_MS);
    ck_assert_uint_eq(world.server.call_count, 1);
}
END_TEST

START_TEST(a_gateway_error_is_no_answer_to_a_read)
{
    world.server.next_status = _i ? 503 : 502;
    begin(DEVICE);
    run_all();
    ck_assert_int_eq(results[1].status, 200);
    ck_assert_uint_eq(world.server.call_count, 2);
    world.server.next_status = _i ? 503 : 502;
    begin(RPC);
    run_all();
    ck_assert_int_eq(results[2].status, _i ? 503 : 502);
    ck_assert_uint_eq(world.server.call_count, 3);
}
END_TEST

/* Others are answered, so the reason may be the request. */
START_TEST(one_that_fails_at_a_healthy_server_is_sent_again_four_times)
{
    int i;

    world.server.faults.error_503 = 1000;
    begin(DEVICE);
    for (i = 0; i < 100 && results[1].status == 0; i++) {
        world_run(&world, 50);
        world_report(&world, FAILOVER_ANSWERED);
    }
    ck_assert_int_eq(results[1].status, 503);
    ck_assert_uint_eq(world.server.call_count, 5);
    ck_assert_int_ge(results[1].took_ms, 3750 * 8 / 10);
    ck_assert_int_le(results[1].took_ms, 3750 * 12 / 10 + 50);
}
END_TEST

/* Each third failure looks like an outage, which a probe denies at once. */
START_TEST(failures_do_not_go_round_in_circles)
{
    int i;

    world.server.faults.error_503 = 1000;
    for (i = 0; i < 20; i++)
        begin(DEVICE);
    for (i = 0; i < 1000; i++) {
        world_run(&world, 10);
        if (world.forward.slow_start.is_closed)
            world_report(&world, FAILOVER_ANSWERED);
    }
    run_all();
    for (i = 1; i <= 20; i++) {
        ck_assert_int_eq(results[i].status, 503);
        ck_assert_int_ge(results[i].took_ms, 3750 * 8 / 10); /* not in one moment of a fault */
    }
    ck_assert_uint_le(world.server.call_count, 20 * 5);
}
END_TEST

START_TEST(a_retry_after_beyond_the_deadline_is_an_answer)
{
    world.server.retry_after_ms = HOLD_MS + 1000;
    world.server.next_status = 503;
    begin(DEVICE);
    run_all();
    assert_answered_after(1, 503, 0);
    ck_assert_uint_eq(world.server.call_count, 1);
}
END_TEST

START_TEST(the_time_runs_from_the_first_failure)
{
    go_away();
    world_run(&world, 6 * SECOND_MS);
    world_report(&world, FAILOVER_ANSWERED); /* but not for long */
    run_all();
    assert_answered_after(1, 503, HOLD_MS);
    ck_assert_uint_eq(world.server.refused_connections, 2);
}
END_TEST

START_TEST(their_order_stays)
{
    unsigned i;

    world_budget(&world, "", false, 1);
    go_away();
    for (i = 0; i < 9; i++) {
        begin(RPC);
        world_run(&world, 10);
    }
    world_start_server(&world);
    run_all();
    for (i = 2; i <= 10; i++)
        ck_assert_int_lt(results[i - 1].answered_ms, results[i].answered_ms);
}
END_TEST

START_TEST(who_fills_the_queue_is_refused_and_not_his_neighbour)
{
    unsigned i;

    world.forward.queue.max_count = 9;
    go_away();
    for (i = 0; i < 20; i++)
        begin(DEVICE);
    for (i = 0; i < 2; i++)
        begin_of(BOB, DEVICE, WORLD_NO_WISH);
    world_run(&world, SECOND_MS);
    ck_assert_uint_eq(world_refusals(&world, METRICS_REFUSED_QUEUE_FULL), 12); /* the first waits, too */
    world_start_server(&world);
    run_all();
    for (i = 2; i <= 9; i++)
        ck_assert_int_eq(results[i].status, 200);
    for (; i <= 21; i++)
        ck_assert_int_eq(results[i].status, 503);
    for (; i <= 23; i++)
        ck_assert_int_eq(results[i].status, 200);
}
END_TEST

START_TEST(on_return_users_take_turns_and_the_server_is_not_flooded)
{
    unsigned i, before, most = 0;

    world.server.work_min_ms = world.server.work_max_ms = 20;
    go_away();
    for (i = 0; i < 200; i++)
        begin(RPC);
    for (i = 0; i < 10; i++)
        begin_of(BOB, RPC, WORLD_NO_WISH);
    world_run(&world, 2 * SECOND_MS);
    world_start_server(&world);
    world_run(&world, 0);
    ck_assert_uint_eq(world.services.budget.in_flight, 1);
    before = world.server.call_count;
    world_run(&world, 30); /* a round: then two more */
    ck_assert_uint_eq(world.server.call_count, before + 2);
    run_all();
    for (i = 1; i <= 211; i++) {
        ck_assert_int_eq(results[i].status, 200);
        most += i <= 201 && results[i].answered_ms < results[211].answered_ms;
    }
    ck_assert_uint_lt(most, 40);
}
END_TEST

UNIT_SUITE(upstream_call_hold)
{
    TCase *tests;
    Suite *suite = unit_suite_create("call, hold", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_was_not_sent_waits_and_is_sent_once);
    tcase_add_loop_test(tests, it_waits_that_long, 0, (int)ARRAY_SIZE(bounds));
    tcase_add_test(tests, a_request_that_waited_before_has_all_that_time);
    tcase_add_test(tests, a_short_outage_does_not_shorten_the_wait_for_the_limit);
    tcase_add_loop_test(tests, it_can_be_off, 0, 2);
    tcase_add_test(tests, what_may_have_run_waits_if_twice_is_as_good_as_once);
    tcase_add_test(tests, the_time_at_the_server_is_that_of_all_sendings);
    tcase_add_test(tests, at_its_end_what_may_have_run_is_told_so);
    tcase_add_test(tests, so_is_what_waits_for_the_limit_afterwards);
    tcase_add_loop_test(tests, a_gateway_error_is_no_answer_to_a_read, 0, 2);
    tcase_add_test(tests, one_that_fails_at_a_healthy_server_is_sent_again_four_times);
    tcase_add_test(tests, failures_do_not_go_round_in_circles);
    tcase_add_test(tests, a_retry_after_beyond_the_deadline_is_an_answer);
    tcase_add_test(tests, the_time_runs_from_the_first_failure);
    tcase_add_test(tests, their_order_stays);
    tcase_add_test(tests, who_fills_the_queue_is_refused_and_not_his_neighbour);
    tcase_add_test(tests, on_return_users_take_turns_and_the_server_is_not_flooded);
    return suite;
}
