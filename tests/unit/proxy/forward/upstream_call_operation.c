/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of one operation, shared limits, and both: which requests they hold back. "Today" in the bounds is a
 * budget that does not distinguish operations: the same requests, as if all were for one.
 */
#include "base/util.h"
#include "upstream_call_actor.h"

#define ROUNDS     (size_t) unit_rounds(3)
#define OPERATIONS 5 /* kinds that the server counts */
#define OTHERS     16
#define FOUR       4
#define NEVER      "1:100000" /* but the first */

static struct world world;
static struct crowd crowd;

/* What the proxy knows of the shared limit, and whether it learns. */
struct knowledge {
    const char *limit;
    bool learn;
};

static void open_world(const char *limit, const struct knowledge *knowledge)
{
    world_open(&world);
    world.late_delivery = unit_random() % 2;
    world.config.merge.mode = MERGE_MODE_OFF;
    world.config.join.reads = false;
    world_budget(&world, knowledge->limit, knowledge->learn, 64);
    server_limit(&world.server, limit);
    crowd_init(&crowd, &world, 700); /* 43 requests a second from 16 programs, with 20 ms for each */
}

/* Programs on connections of their own. */
static void add_others(void)
{
    crowd_add(&crowd, DEVICE, OTHERS / 2, 0, 4);
    crowd_add(&crowd, ATTRIBUTES, OTHERS / 2, 0, 4);
}

static void add_four(enum kind kind)
{
    crowd_add(&crowd, kind, FOUR, 0, 4);
}

static unsigned answered(size_t first, size_t end, unsigned before)
{
    unsigned count = 0;

    for (; first < end; first++)
        count += crowd.actors[first].answers;
    return count - before;
}

/* How many requests of the first OTHERS get a response in so many ms. */
static unsigned others_in(int64_t ms)
{
    unsigned before = answered(0, OTHERS, 0);

    crowd_go_on(&crowd, ms);
    return answered(0, OTHERS, before);
}

static void close_world(void)
{
    crowd_end(&crowd);
    world_close(&world);
}

/* ---- a limit of one operation ---- */

static const struct knowledge unlimited[] = {{"", true}, {"", false}, {"1000:1", true}, {"1000:1", false}};

/* Nine tenths of the rate of all others without the four, in 28 s. */
static unsigned nine_tenths(void)
{
    unsigned count;

    open_world("", &unlimited[0]);
    add_others();
    count = others_in(28 * SECOND_MS);
    close_world();
    return count * 9 / 10;
}

static const char *const own_limits[] = {"1:1", "5:60", "20:10", "1:30", NEVER};

/* All others keep nine tenths of their rate, from the start, and the four get what their limit gives. */
START_TEST(four_connections_hold_back_nobody_else)
{
    unsigned least = nine_tenths();
    size_t i, round;

    for (i = 0; i < ARRAY_SIZE(unlimited); i++)
        for (round = 0; round < ROUNDS; round++) {
            struct server_limit *own;

            open_world("", &unlimited[i]);
            own = server_limit_operation(&world.server, "/rpc/", own_limits[_i]);
            add_others();
            add_four(RPC);
            ck_assert_uint_ge(others_in(28 * SECOND_MS), least);
            ck_assert_uint_ge(own->refused, 1);
            ck_assert_uint_le(own->refused, 28 * (FOUR - 1));
            close_world();
        }
}
END_TEST

/* Not even the others in its own flow: all are of one user. */
START_TEST(nor_in_its_own_flow)
{
    unsigned least = nine_tenths();
    size_t i;

    open_world("", &unlimited[0]);
    server_limit_operation(&world.server, "/rpc/", "1:1");
    add_others();
    add_four(RPC);
    for (i = 0; i < crowd.count; i++)
        crowd.actors[i].wish.user = 1000;
    ck_assert_uint_ge(others_in(28 * SECOND_MS), least);
    close_world();
}
END_TEST

/* Longer than any request may wait, or not. */
START_TEST(retry_after_stops_its_operation_only)
{
    static const int64_t retry_after_ms[] = {3600 * SECOND_MS, 25 * SECOND_MS};
    unsigned least = nine_tenths();
    struct server_limit *own;
    size_t i;

    open_world("", &unlimited[0]);
    own = server_limit_operation(&world.server, "/rpc/", NEVER);
    own->retry_after_ms = retry_after_ms[_i];
    add_others();
    add_four(RPC);
    ck_assert_uint_ge(others_in(56 * SECOND_MS), 2 * least);
    for (i = 0; i < OTHERS; i++)
        ck_assert_int_le(crowd.actors[i].longest_ms, 1500);
    ck_assert_uint_le(own->refused, 4 * FOUR);
    close_world();
}
END_TEST

static int64_t unused_ms;

static void note(struct local *local)
{
    *(int64_t *)local->wish.owner = local->answered_ms - local->begun_ms;
}

static struct local *begin(enum kind kind, int64_t *took_ms)
{
    struct wish wish = {.kind = kind,
                        .user = 1000,
                        .entity = 1,
                        .writer = 1,
                        .wait_ms = WORLD_NO_WISH,
                        .answered = note,
                        .owner = took_ms};

    *took_ms = -1;
    return world_begin(&world, &wish);
}

/* There were no other operations before: the budget is closed for it alone, too. */
START_TEST(a_later_operation_finds_out)
{
    struct server_limit *own;
    int64_t took_ms;

    open_world("", &unlimited[_i]);
    own = server_limit_operation(&world.server, "/rpc/", NEVER);
    own->retry_after_ms = 3600 * SECOND_MS;
    begin(RPC, &unused_ms);
    begin(RPC, &unused_ms);
    world_run(&world, SECOND_MS);
    ck_assert_uint_eq(own->refused, 1);
    ck_assert_int_gt(budget_closed_ms(&world.services.budget, world_now(&world)), 28 * SECOND_MS);
    begin(DEVICE, &took_ms);
    world_run(&world, SECOND_MS);
    ck_assert_int_ge(took_ms, 0);
    ck_assert_int_lt(took_ms, 100);
    ck_assert_int_eq(budget_closed_ms(&world.services.budget, world_now(&world)), 0);
    begin(DEVICE, &took_ms);
    world_run(&world, SECOND_MS);
    ck_assert_int_ge(took_ms, 0);
    ck_assert_int_lt(took_ms, 100);
    close_world();
}
END_TEST

/* A pace that was learned from one operation alone does not apply to all for long. */
START_TEST(a_pace_of_one_does_not_stay_that_of_all)
{
    size_t round;

    for (round = 0; round < ROUNDS; round++) {
        unsigned least = nine_tenths();

        open_world("", &unlimited[0]);
        server_limit_operation(&world.server, "/rpc/", "1:1");
        add_others();
        add_four(RPC);
        crowd_go_on_from(&crowd, OTHERS, 2 * MINUTE_MS);
        ck_assert_double_gt(budget_pace(&world.services.budget), 0);
        ck_assert_double_lt(budget_pace(&world.services.budget), 4);
        others_in(2 * MINUTE_MS);
        ck_assert_uint_ge(others_in(28 * SECOND_MS), least);
        close_world();
    }
}
END_TEST

/* More than one such limit at a time: they look like a shared limit at first. */
START_TEST(three_limits_of_operations_are_found)
{
    size_t round;

    for (round = 0; round < ROUNDS; round++) {
        unsigned least = nine_tenths();

        open_world("", &unlimited[0]);
        server_limit_operation(&world.server, "/rpc/", "1:1");
        server_limit_operation(&world.server, "/timeseries/", "5:10");
        server_limit_operation(&world.server, "/values/", "3:10");
        add_others();
        add_four(RPC);
        add_four(TELEMETRY);
        add_four(READ);
        others_in(8 * MINUTE_MS);
        ck_assert_uint_ge(others_in(28 * SECOND_MS), least);
        close_world();
    }
}
END_TEST

/* ---- a shared limit ---- */

static const char *const all_limits[] = {"3:1", "10:1", "50:1", "200:1", "600:60", "20:1,300:60"};

static void add_everybody(void)
{
    crowd.think_max_ms = 20;
    crowd_add(&crowd, TELEMETRY, 16, 0, 4);
    crowd_add(&crowd, ATTRIBUTES, 8, 0, 4);
    crowd_add(&crowd, READ, 8, 1000, 4);
    crowd_add(&crowd, DEVICE, 8, 1001, 8);
    crowd_add(&crowd, RPC, 4, 0, 4);
}

/* The number of refusals before the limit is known varies by about 20 of the 64 calls in flight. */
#define AVERAGED (size_t) unit_rounds(15)
#define NOISE    (60. / (double)AVERAGED)

/* Refusals in two minutes, on average. USED_UP: nothing is left of the limit at the start. */
static double refusals(const char *limit, const struct knowledge *knowledge, bool is_one_operation,
                       bool used_up)
{
    unsigned count = 0;
    size_t round;

    for (round = 0; round < AVERAGED; round++) {
        open_world(limit, knowledge);
        world.is_one_operation = is_one_operation;
        add_everybody();
        if (used_up)
            server_use_up(&world.server);
        crowd_go_on(&crowd, 2 * MINUTE_MS);
        count += world.server.refused;
        close_world();
    }
    return count / (double)AVERAGED;
}

/* At most one for each operation: while a limit is learned, and if a configured one was used up by others. */
START_TEST(a_limit_of_all_costs_few_refusals_more)
{
    const struct knowledge known[] = {{"", true}, {all_limits[_i], true}, {all_limits[_i], false}};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(known); i++)
        ck_assert_double_le(refusals(all_limits[_i], &known[i], false, i > 0),
                            refusals(all_limits[_i], &known[i], true, i > 0) + OPERATIONS + NOISE);
}
END_TEST

START_TEST(a_configured_limit_is_kept_by_all)
{
    struct knowledge known = {all_limits[_i], _i % 2};

    ck_assert_double_eq(refusals(all_limits[_i], &known, false, false), 0);
}
END_TEST

/* ---- both ---- */

static unsigned tokens_in(int64_t ms)
{
    unsigned before = world.server.tokens;

    crowd_go_on(&crowd, ms);
    return world.server.tokens - before;
}

/* All together have nine tenths of their rate without the four, and their limit refuses few. */
static void run_both(const struct knowledge *knowledge)
{
    unsigned refused, without;

    open_world("50:1", knowledge);
    server_limit_operation(&world.server, "/rpc/", "5:10");
    add_everybody();
    crowd.count -= FOUR;
    crowd_go_on(&crowd, MINUTE_MS);
    without = tokens_in(2 * MINUTE_MS);
    refused = world.server.refused;
    crowd.count += FOUR;
    ck_assert_uint_ge(tokens_in(2 * MINUTE_MS), without * 9 / 10);
    ck_assert_uint_le(world.server.refused, refused + 2 * 3 + OPERATIONS);
    close_world();
}

START_TEST(both_limits_hold_each_their_own)
{
    static const struct knowledge known[] = {{"", true}, {"50:1", true}, {"50:1", false}};
    size_t round;

    for (round = 0; round < ROUNDS; round++)
        run_both(&known[_i]);
}
END_TEST

/* ---- waiting ---- */

/* Requests of a closed operation wait no longer than others, and count like others. */
START_TEST(held_back_requests_obey_the_bounds_of_the_queue)
{
    struct server_limit *own;
    int64_t took_ms[8], other_ms;
    size_t i;

    open_world("", &unlimited[0]);
    world.forward.queue.max_count = 4;
    world.config.queue.max_wait_ms = 3000;
    begin(DEVICE, &other_ms);
    world_run(&world, SECOND_MS);
    own = server_limit_operation(&world.server, "/rpc/", NEVER);
    own->retry_after_ms = 20 * SECOND_MS;
    begin(RPC, &unused_ms);
    begin(RPC, &unused_ms);
    world_run(&world, 100);
    for (i = 0; i < 6; i++)
        begin(RPC, &took_ms[i]);
    world_run(&world, 100);
    ck_assert_uint_eq(world.forward.queue.count, 4);
    ck_assert_int_eq(took_ms[3], -1);
    ck_assert_int_eq(took_ms[4], 0); /* full */
    world_run(&world, 2800);
    ck_assert_int_eq(took_ms[3], -1);
    world_run(&world, 200);
    for (i = 0; i < 4; i++)
        ck_assert_int_eq(took_ms[i], 3000);
    begin(DEVICE, &other_ms);
    world_run(&world, 100);
    ck_assert_int_ge(other_ms, 0);
    close_world();
}
END_TEST

/* Merged, refused, held back, retried: each value is stored once. */
START_TEST(writes_that_are_held_back_are_stored_once)
{
    size_t round;
    unsigned i;

    for (round = 0; round < ROUNDS; round++) {
        open_world("", &unlimited[0]);
        world.config.merge.mode = MERGE_MODE_PRESSURE;
        world.is_one_user = true;
        world.services.own_request_options.retry.max_retries = 10;
        server_limit_operation(&world.server, "/timeseries/", "3:1");
        add_others();
        crowd_add(&crowd, TELEMETRY, 16, 0, 2);
        others_in(20 * SECOND_MS);
        crowd_end(&crowd);
        for (i = 1; i < world.serial; i++)
            ck_assert_uint_le(world.server.writes[i].points, 1);
        ck_assert_uint_gt(world_count(&world, METRICS_MERGED_CALLS), 0);
        ck_assert_uint_eq(crowd.by_status[429], 0);
        ck_assert(!world.server.overtaken);
        world_close(&world);
    }
}
END_TEST

UNIT_SUITE(upstream_call_operation)
{
    TCase *tests;
    Suite *suite = unit_suite_create("call, operations", &tests);

    tcase_add_loop_test(tests, four_connections_hold_back_nobody_else, 0, (int)ARRAY_SIZE(own_limits));
    tcase_add_test(tests, nor_in_its_own_flow);
    tcase_add_loop_test(tests, retry_after_stops_its_operation_only, 0, 2);
    tcase_add_loop_test(tests, a_later_operation_finds_out, 0, (int)ARRAY_SIZE(unlimited));
    tcase_add_test(tests, a_pace_of_one_does_not_stay_that_of_all);
    tcase_add_test(tests, three_limits_of_operations_are_found);
    tcase_add_loop_test(tests, a_limit_of_all_costs_few_refusals_more, 0,
                        unit_rounds((int)ARRAY_SIZE(all_limits)));
    tcase_add_loop_test(tests, a_configured_limit_is_kept_by_all, 0, (int)ARRAY_SIZE(all_limits));
    tcase_add_loop_test(tests, both_limits_hold_each_their_own, 0, 3);
    tcase_add_test(tests, held_back_requests_obey_the_bounds_of_the_queue);
    tcase_add_test(tests, writes_that_are_held_back_are_stored_once);
    return suite;
}
