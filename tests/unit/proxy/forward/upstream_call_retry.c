/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are refused, given up, late, or sent again. */
#include <stdio.h>

#include "base/util.h"
#include "proxy/forward/upstream_call.h"
#include "unit.h"
#include "upstream_call_world.h"

#define ALICE    1000
#define NEVER_MS (1000 * MINUTE_MS)
#define EXACT_MS 10 /* precision of deadlines */

static struct world world;

static struct result {
    int status;
    int64_t took_ms;
} results[200];

static void set_up(void)
{
    world_open(&world);
    memset(results, 0, sizeof(results));
}

static void tear_down(void)
{
    world_close(&world);
}

static void note(struct local *local)
{
    results[local->serial] = (struct result){local->status, local->answered_ms - local->begun_ms};
}

static struct local *begin_waiting(enum kind kind, int64_t wait_ms)
{
    struct wish it = {
        .kind = kind, .user = ALICE, .entity = 1, .writer = 1, .wait_ms = wait_ms, .answered = note};

    return world_begin(&world, &it);
}

static struct local *begin(enum kind kind)
{
    return begin_waiting(kind, WORLD_NO_WISH);
}

static void run_all(void)
{
    world_run_all(&world, 10 * MINUTE_MS);
    world_assert_idle(&world);
}

/* The server takes no more calls. */
static void refuse_all(void)
{
    server_limit(&world.server, "1:1000000");
    begin(DEVICE);
    world_run_all(&world, MINUTE_MS);
    ck_assert_int_eq(results[world.serial].status, 200);
    world.server.call_count = 0;
}

/* After max_retries the client sees the 429, and only then. */
START_TEST(a_429_is_retried_so_often)
{
    world.services.own_request_options.retry.max_retries = (unsigned)_i;
    refuse_all();
    begin(TELEMETRY);
    run_all();
    ck_assert_int_eq(results[2].status, 429);
    ck_assert_uint_eq(world.server.call_count, (unsigned)_i + 1);
}
END_TEST

START_TEST(a_call_that_acts_is_not_retried)
{
    refuse_all();
    begin(RPC);
    run_all();
    ck_assert_int_eq(results[2].status, 429);
    ck_assert_uint_eq(world.server.call_count, 1);
}
END_TEST

START_TEST(retries_can_be_off)
{
    world.services.own_request_options.retry.off = true;
    refuse_all();
    begin(TELEMETRY);
    run_all();
    ck_assert_int_eq(results[2].status, 429);
    ck_assert_uint_eq(world.server.call_count, 1);
    ck_assert_int_le(world.services.budget.closed_until_ms, world_now(&world));
}
END_TEST

START_TEST(a_refused_call_has_taken_nothing)
{
    world.services.own_request_options.retry.off = true;
    refuse_all();
    world_run(&world, 1); /* that one is taken out */
    world_budget(&world, "10:1000", false, 64);
    begin(TELEMETRY);
    run_all();
    world_run(&world, 1);
    ck_assert_double_eq_tol(budget_tokens(&world.services.budget, world_now(&world), 0), 10, 0.001);
}
END_TEST

static void assert_retried(unsigned serial, int64_t least_ms)
{
    ck_assert_int_eq(results[serial].status, 200);
    ck_assert_int_ge(results[serial].took_ms, least_ms);
}

/* Requests that arrived while it was closed were not sent either. */
START_TEST(a_429_of_two_operations_closes_the_budget_for_all)
{
    world.server.retry_after_ms = 7000;
    refuse_all();
    begin(TELEMETRY);
    world_run(&world, 100);
    begin(DEVICE); /* finds out that it is not the limit of one */
    world_run(&world, 100);
    ck_assert_uint_eq(world.server.call_count, 2);
    begin(DEVICE);
    begin(READ);
    begin(DEVICE_API); /* but calls that the server does not count pass */
    world_run(&world, 6700);
    ck_assert_int_eq(results[6].status, 200);
    ck_assert_uint_eq(world.server.call_count, 3);
    server_limit(&world.server, "");
    run_all();
    assert_retried(2, 7000);
    assert_retried(3, 7000);
    assert_retried(4, 6800);
    assert_retried(5, 6800);
}
END_TEST

START_TEST(a_longer_retry_after_is_not_waited_for)
{
    world.server.retry_after_ms = 30000 + _i;
    world.config.queue.max_wait_ms = NEVER_MS;
    refuse_all();
    begin(TELEMETRY);
    run_all();
    ck_assert_int_eq(results[2].status, 429);
    ck_assert_uint_eq(world.server.call_count, _i ? 1 : 4);
}
END_TEST

START_TEST(a_value_stored_before_its_429_is_stored_once)
{
    server_limit(&world.server, "1:1");
    world.server.retry_after_ms = 1500;
    begin(TELEMETRY);
    run_all();
    ck_assert_uint_eq(world.server.refused_after_execution, 4);
    ck_assert_uint_eq(world.server.writes[1].executions, 4);
    ck_assert_uint_eq(world.server.writes[1].points, 1);
    ck_assert_int_eq(results[1].status, 429);
}
END_TEST

/* They were refused together, and are sent again together. */
START_TEST(a_refused_merge_is_retried_as_one)
{
    unsigned i;

    world_budget(&world, "", false, 1);
    begin(DEVICE);
    world_run(&world, 0);
    for (i = 0; i < 10; i++)
        begin(TELEMETRY);
    server_limit(&world.server, "1:1000000");
    world_run(&world, 200);
    ck_assert_uint_eq(world.server.call_count, 2);
    server_limit(&world.server, "");
    run_all();
    ck_assert_uint_eq(world.server.call_count, 3);
    for (i = 2; i <= 11; i++)
        ck_assert_int_eq(results[i].status, 200);
}
END_TEST

/* ---- deadlines ---- */

static void assert_late(unsigned serial, int64_t wait_ms)
{
    ck_assert_int_eq(results[serial].status, 503);
    ck_assert_int_ge(results[serial].took_ms, wait_ms);
    ck_assert_int_le(results[serial].took_ms, wait_ms + EXACT_MS);
}

static const int64_t waits[] = {0, 1, 1000, 29999, 30000};

/* The deadline of the queue or of the client, whichever is nearer. */
START_TEST(a_deadline_in_the_queue)
{
    world.services.budget.closed_until_ms = world_now(&world) + NEVER_MS;
    begin_waiting(TELEMETRY, waits[_i]);
    begin_waiting(TELEMETRY, 31000);
    begin(TELEMETRY);
    run_all();
    assert_late(1, waits[_i]);
    assert_late(2, 30000);
    assert_late(3, 30000);
    ck_assert_uint_eq(world.server.call_count, 0);
    ck_assert_uint_eq(world_refusals(&world, METRICS_REFUSED_TOO_LATE), 3);
}
END_TEST

static void begin_another(struct local *local)
{
    (void)local;
    begin_waiting(TELEMETRY, 0);
}

START_TEST(a_client_that_does_not_want_to_wait_need_not)
{
    begin(DEVICE)->wish.answered = begin_another; /* it arrives within a turn of the loop */
    run_all();
    ck_assert_int_eq(results[2].status, 200);
}
END_TEST

/* The server's time does not count: it is exactly 50 ms for every call. */
START_TEST(a_deadline_while_backing_off)
{
    int64_t wait_ms = 500 + 250 * _i;

    world.server.travel_min_ms = world.server.travel_max_ms = 0;
    world.server.work_min_ms = world.server.work_max_ms = 50;
    world.services.own_request_options.retry.max_retries = 100;
    server_limit(&world.server, "1:1000000"); /* each is executed and then refused; later, refused at once */
    begin_waiting(TELEMETRY, wait_ms);
    run_all();
    assert_late(1, wait_ms + 50);
    ck_assert_uint_ge(world.server.call_count, 1);
}
END_TEST

START_TEST(a_full_queue_refuses)
{
    unsigned i;

    world.services.budget.closed_until_ms = world_now(&world) + 10;
    world.forward.queue.max_count = 3;
    for (i = 0; i < 4; i++)
        begin(TELEMETRY);
    ck_assert_uint_eq(world_refusals(&world, METRICS_REFUSED_QUEUE_FULL), 1);
    run_all();
    for (i = 1; i <= 4; i++)
        ck_assert_int_eq(results[i].status, i < 4 ? 200 : 503);
}
END_TEST

/* Requests that need not wait take no room, even if they arrived in the same turn. */
START_TEST(only_waiting_requests_fill_the_queue)
{
    unsigned i;

    world.forward.queue.max_count = 3;
    for (i = 0; i < 50; i++)
        begin(TELEMETRY);
    run_all();
    for (i = 1; i <= 50; i++)
        ck_assert_int_eq(results[i].status, 200);
}
END_TEST

/* ---- clients that go ---- */

/* Several in one call; the first is its lead. The server answers with STATUS, unless that is 0. */
static void begin_merged(struct local **locals, size_t count, int status)
{
    size_t i;

    world_budget(&world, "", false, 1);
    world.server.work_min_ms = 10;
    begin(DEVICE);
    world_run(&world, 5);
    world.server.next_status = status;
    for (i = 0; i < count; i++)
        locals[i] = begin(TELEMETRY);
    while (forwarding_of(&locals[0]->exchange)->state != FORWARDING_SENT)
        world_run(&world, 1);
    ck_assert_ptr_eq(forwarding_of(&locals[0]->exchange)->call,
                     forwarding_of(&locals[count - 1]->exchange)->call);
}

/* Its target, headers and body are sent again after it has gone. */
START_TEST(the_others_stay_when_the_lead_goes)
{
    struct local *locals[3];

    begin_merged(locals, 3, 401);
    if (_i)
        world_cut(locals[0]);
    else
        world_hang_up(locals[0]);
    run_all();
    ck_assert_int_eq(world.server.next_status, 0);
    ck_assert_int_eq(results[2].status, _i ? 0 : WORLD_HUNG_UP);
    ck_assert_int_eq(results[3].status, 200);
    ck_assert_int_eq(results[4].status, 200);
    ck_assert_uint_eq(world.server.writes[4].points, 1);
}
END_TEST

START_TEST(a_call_ends_when_all_have_gone)
{
    struct local *locals[2];

    begin_merged(locals, 2, 0);
    world_hang_up(locals[1]);
    ck_assert_uint_eq(world.services.budget.in_flight, 1);
    world_hang_up(locals[0]);
    ck_assert_uint_eq(world.services.budget.in_flight, 0);
    run_all();
}
END_TEST

START_TEST(a_call_that_is_given_up_counts)
{
    struct local *local;

    world_budget(&world, "10:1000", false, 64);
    world.server.session_ms = _i ? world_now(&world) + MINUTE_MS : 0;
    local = begin(TELEMETRY);
    world_run(&world, 0);
    world_hang_up(local);
    world_run(&world, 2);
    ck_assert_double_eq_tol(budget_tokens(&world.services.budget, world_now(&world), 0), _i ? 10 : 8, 0.1);
}
END_TEST

/* The client sends no more, but may read: it gets a response that comes soon, but nothing is retried for it.
 */
START_TEST(nothing_is_retried_for_a_client_that_may_be_gone)
{
    struct local *locals[3];

    if (_i)
        world.server.retry_after_ms = 500;
    begin_merged(locals, 3, _i ? 429 : 500); /* after 500 the call is split: that is no retry */
    loop_timer_start(&world.services.loop, &locals[0]->exchange.hang_up_timer, 2000);
    run_all();
    ck_assert_int_eq(results[2].status, _i ? WORLD_HUNG_UP : 200);
    ck_assert_int_eq(results[3].status, 200);
}
END_TEST

/* ---- other ends ---- */

START_TEST(without_a_session_all_are_answered)
{
    unsigned i;

    world.server.faults.no_session = 1000;
    for (i = 0; i < 100; i++)
        begin(i % 2 ? TELEMETRY : READ);
    run_all();
    for (i = 1; i <= 100; i++)
        ck_assert_int_eq(results[i].status, 502);
}
END_TEST

START_TEST(urgency_goes_first)
{
    static const unsigned urgencies[] = {5, 1, 7, 3};
    unsigned i;

    world_budget(&world, "", false, 1);
    for (i = 0; i < ARRAY_SIZE(urgencies); i++)
        world_begin(&world, &(struct wish){.kind = RPC,
                                           .user = ALICE,
                                           .urgency = urgencies[i],
                                           .wait_ms = WORLD_NO_WISH,
                                           .answered = note});
    run_all();
    ck_assert_int_lt(results[2].took_ms, results[4].took_ms);
    ck_assert_int_lt(results[4].took_ms, results[1].took_ms);
    ck_assert_int_lt(results[1].took_ms, results[3].took_ms);
}
END_TEST

UNIT_SUITE(upstream_call_retry)
{
    TCase *tests;
    Suite *suite = unit_suite_create("call, retries", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_429_is_retried_so_often, 0, 5);
    tcase_add_test(tests, a_call_that_acts_is_not_retried);
    tcase_add_test(tests, retries_can_be_off);
    tcase_add_test(tests, a_refused_call_has_taken_nothing);
    tcase_add_test(tests, a_429_of_two_operations_closes_the_budget_for_all);
    tcase_add_loop_test(tests, a_longer_retry_after_is_not_waited_for, 0, 2);
    tcase_add_test(tests, a_value_stored_before_its_429_is_stored_once);
    tcase_add_test(tests, a_refused_merge_is_retried_as_one);
    tcase_add_loop_test(tests, a_deadline_in_the_queue, 0, (int)ARRAY_SIZE(waits));
    tcase_add_test(tests, a_client_that_does_not_want_to_wait_need_not);
    tcase_add_loop_test(tests, a_deadline_while_backing_off, 0, 20);
    tcase_add_test(tests, a_full_queue_refuses);
    tcase_add_test(tests, only_waiting_requests_fill_the_queue);
    tcase_add_loop_test(tests, the_others_stay_when_the_lead_goes, 0, 2);
    tcase_add_test(tests, a_call_ends_when_all_have_gone);
    tcase_add_loop_test(tests, a_call_that_is_given_up_counts, 0, 2);
    tcase_add_loop_test(tests, nothing_is_retried_for_a_client_that_may_be_gone, 0, 2);
    tcase_add_test(tests, without_a_session_all_are_answered);
    tcase_add_test(tests, urgency_goes_first);
    return suite;
}
