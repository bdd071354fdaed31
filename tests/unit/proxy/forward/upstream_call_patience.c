/* SPDX-License-Identifier: Apache-2.0 */
/* While there is no login, each member of a call waits as long as it may itself. */
#include "base/util.h"
#include "proxy/forward/upstream_call.h"
#include "unit.h"
#include "upstream_call_world.h"

#define LOGIN_MS 5000
#define SOON_MS  1000 /* for requests that want to wait only so long */
#define WORK_MS  100  /* more than a call takes */

static struct world world;

static struct result {
    int status;
    int64_t took_ms;
} results[100];

static void set_up(void)
{
    world_open(&world);
    world.config.merge.mode = MERGE_MODE_ALWAYS;
    world.is_one_user = true;
    world.server.session_ms = world_now(&world) + LOGIN_MS;
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

static struct local *begin(enum kind kind, int64_t wait_ms)
{
    struct wish it = {.kind = kind,
                      .user = WORLD_TCP((int64_t)world.serial),
                      .entity = 1,
                      .writer = world.serial + 1,
                      .wait_ms = wait_ms,
                      .answered = note};

    return world_begin(&world, &it);
}

/* Three requests. Number IMPATIENT wants to wait for SOON_MS only. They meet in the queue, or each arrives
 * when the others already wait for the login. */
static void begin_three(enum kind kind, unsigned impatient, bool in_turn)
{
    unsigned i;

    for (i = 1; i <= 3; i++) {
        begin(kind, i == impatient ? SOON_MS : WORLD_NO_WISH);
        if (in_turn)
            world_run(&world, 0);
    }
    world_run(&world, 0);
}

static void run_all(void)
{
    world_run_all(&world, 10 * MINUTE_MS);
    world_assert_idle(&world);
}

static void assert_result(unsigned serial, int status, int64_t took_ms, int64_t more_ms)
{
    ck_assert_msg(results[serial].status == status && results[serial].took_ms >= took_ms &&
                      results[serial].took_ms <= took_ms + more_ms,
                  "request %u: %d after %lld ms", serial, results[serial].status,
                  (long long)results[serial].took_ms);
}

static const struct {
    enum kind kind;
    unsigned impatient;
    bool in_turn;
} cases[] = {
    {READ, 1, false},      {READ, 2, false},       {READ, 3, false},       {READ, 1, true},
    {READ, 2, true},       {READ, 3, true},        {TELEMETRY, 1, false},  {TELEMETRY, 2, false},
    {TELEMETRY, 3, false}, {ATTRIBUTES, 1, false}, {ATTRIBUTES, 2, false}, {ATTRIBUTES, 3, false},
};

START_TEST(each_waits_as_long_as_it_may)
{
    unsigned i;

    begin_three(cases[_i].kind, cases[_i].impatient, cases[_i].in_turn);
    ck_assert_uint_eq(world.services.budget.in_flight, 1);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 1);
    for (i = 1; i <= 3; i++) {
        bool late = i == cases[_i].impatient;

        assert_result(i, late ? 503 : 200, late ? SOON_MS : LOGIN_MS, late ? 0 : WORK_MS);
        if (cases[_i].kind != READ) /* a request that got a 503 is not written */
            ck_assert_uint_eq(world.server.writes[i].executions, !late);
    }
}
END_TEST

START_TEST(the_last_body_is_sent_unchanged)
{
    begin(_i ? TELEMETRY : ATTRIBUTES, SOON_MS);
    begin(_i ? TELEMETRY : ATTRIBUTES, WORLD_NO_WISH);
    begin(_i ? TELEMETRY : ATTRIBUTES, SOON_MS);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 1);
    assert_result(1, 503, SOON_MS, 0);
    assert_result(2, 200, LOGIN_MS, WORK_MS);
    assert_result(3, 503, SOON_MS, 0);
    ck_assert_uint_eq(world.server.writes[1].executions, 0);
    ck_assert_uint_eq(world.server.writes[2].executions, 1);
    ck_assert_uint_eq(world_count(&world, METRICS_MERGED_CALLS), 0);
}
END_TEST

START_TEST(a_call_ends_when_nobody_waits_for_it_any_more)
{
    begin(READ, SOON_MS);
    begin(READ, SOON_MS);
    run_all();
    assert_result(1, 503, SOON_MS, 0);
    assert_result(2, 503, SOON_MS, 0);
    ck_assert_uint_eq(world.server.call_count, 0);
}
END_TEST

START_TEST(a_request_that_does_not_want_to_wait_does_not)
{
    begin(READ, WORLD_NO_WISH);
    begin(READ, 0);
    world_run(&world, 0);
    begin(READ, 0);
    run_all();
    assert_result(1, 200, LOGIN_MS, WORK_MS);
    assert_result(2, 503, 0, 1);
    assert_result(3, 503, 0, 1);
}
END_TEST

/* limits.session_wait_ms counts from the time that each begins to wait. */
START_TEST(the_longest_wait_for_a_login_is_that_of_each)
{
    world.services.own_request_options.session_wait_ms = 3000;
    begin(READ, WORLD_NO_WISH);
    world_run(&world, 1500);
    begin(READ, WORLD_NO_WISH);
    world_run(&world, 1500);
    begin(READ, WORLD_NO_WISH);
    run_all();
    assert_result(1, 503, 3000, 0);
    assert_result(2, 503, 3000, 0);
    assert_result(3, 200, LOGIN_MS - 3000, WORK_MS);
    ck_assert_uint_eq(world.server.call_count, 1);
}
END_TEST

/* The wait goes on after a 429, and for the login that renews the credential. */
START_TEST(also_through_a_429_and_a_401)
{
    static const int statuses[] = {429, 401};
    enum kind kind = _i & 2 ? TELEMETRY : READ;

    world.server.session_ms = 0;
    world.server.next_status = statuses[_i & 1];
    begin_three(kind, 1 + (unsigned)_i / 4, false);
    world.server.session_ms = world_now(&world) + LOGIN_MS;
    run_all();
    ck_assert_uint_eq(world.server.call_count, 2);
    assert_result(1, _i < 4 ? 503 : 200, _i < 4 ? SOON_MS : LOGIN_MS, WORK_MS);
    assert_result(2, _i < 4 ? 200 : 503, _i < 4 ? LOGIN_MS : SOON_MS, WORK_MS);
    assert_result(3, 200, LOGIN_MS, WORK_MS);
    if (kind == TELEMETRY)
        ck_assert_uint_eq(world.server.writes[_i < 4 ? 1 : 2].executions, 0);
}
END_TEST

/* The wait for the login counts when it waits again. */
START_TEST(all_waits_are_one)
{
    world.server.session_ms = world_now(&world) + 600;
    world.server.next_status = 429; /* the retry would come after 1 s or more */
    begin(READ, WORLD_NO_WISH);
    world_run(&world, 0);
    begin(READ, SOON_MS);
    run_all();
    assert_result(2, 503, SOON_MS, WORK_MS);
    ck_assert_int_eq(results[1].status, 200);
}
END_TEST

START_TEST(without_memory_for_a_merged_body_they_go_alone)
{
    begin_three(ATTRIBUTES, 0, false);
    ck_assert_uint_eq(world.services.budget.in_flight, 1);
    world.services.principals.shares.bodies.max = 0;
    run_all();
    ck_assert_uint_eq(world.server.call_count, 3);
    ck_assert_uint_eq(world.server.largest, 1);
    assert_result(1, 200, LOGIN_MS, WORK_MS);
    assert_result(3, 200, LOGIN_MS, 3 * WORK_MS);
}
END_TEST

START_TEST(a_client_that_hangs_up_before_the_login_writes_nothing)
{
    struct local *locals[3];
    unsigned i;

    for (i = 0; i < 3; i++)
        locals[i] = begin(ATTRIBUTES, WORLD_NO_WISH);
    world_run(&world, SOON_MS);
    world_hang_up(locals[_i]);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 1);
    for (i = 0; i < 3; i++)
        ck_assert_uint_eq(world.server.writes[i + 1].executions, i != (unsigned)_i);
}
END_TEST

UNIT_SUITE(upstream_call_patience)
{
    TCase *tests;
    Suite *suite = unit_suite_create("call, patience", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_waits_as_long_as_it_may, 0, (int)ARRAY_SIZE(cases));
    tcase_add_loop_test(tests, the_last_body_is_sent_unchanged, 0, 2);
    tcase_add_test(tests, a_call_ends_when_nobody_waits_for_it_any_more);
    tcase_add_test(tests, a_request_that_does_not_want_to_wait_does_not);
    tcase_add_test(tests, the_longest_wait_for_a_login_is_that_of_each);
    tcase_add_loop_test(tests, also_through_a_429_and_a_401, 0, 8);
    tcase_add_test(tests, all_waits_are_one);
    tcase_add_test(tests, without_memory_for_a_merged_body_they_go_alone);
    tcase_add_loop_test(tests, a_client_that_hangs_up_before_the_login_writes_nothing, 0, 3);
    return suite;
}
