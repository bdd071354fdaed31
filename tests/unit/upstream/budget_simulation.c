/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The budget against a server that counts for itself (budget_world.h). Each test runs many seeds.
 */
#include "base/util.h"
#include "budget_world.h"

#define SEEDS unit_rounds(10)

static struct budget_world world;

static int64_t run(int64_t seconds)
{
    int64_t before = world.granted;

    budget_world_run(&world, seconds);
    return world.granted - before;
}

/* The share of the limit that the client gets in SECONDS. */
static double run_share(int64_t seconds)
{
    return (double)run(seconds) / (double)seconds / budget_world_rate(&world);
}

static unsigned pick(unsigned a, unsigned b)
{
    return unit_random() % 2 ? a : b;
}

/* SYNCHRONOUS: two tokens for one call would never be there. */
static const struct {
    const char *limit;
    bool synchronous;
} limits[] = {
    {"100:1,2000:60", false}, {"50:1", false}, {"1:1", true}, {"3:60", false}, {"20:1,100:10", false}};

static struct plan configured(int i)
{
    return (struct plan){.limit = limits[i].limit,
                         .configured = limits[i].limit,
                         .in_flight_max = pick(8, CALLS_MAX),
                         .latency_ms = pick(2, 40),
                         .asynchronous = limits[i].synchronous ? 0 : pick(0, 50)};
}

START_TEST(a_configured_limit_is_never_passed_and_used_up)
{
    int i;

    for (i = 0; i < SEEDS; i++) {
        struct plan plan = configured(_i);

        budget_world_open(&world, &plan);
        ck_assert_double_ge(run_share(600), 0.95);
        ck_assert_uint_eq(world.refusals, 0);
        budget_world_close(&world);
    }
}
END_TEST

/* Answers that take longer than the buckets to fill, and times without calls: as long as it is not a refusal,
 * it may be slower. */
START_TEST(a_configured_limit_is_never_passed_however_late_the_answers)
{
    int i;

    for (i = 0; i < 2 * SEEDS; i++) {
        struct plan plan = configured(_i);

        plan.latency_ms = pick(500, 5000);
        plan.pauses = pick(0, 1);
        budget_world_open(&world, &plan);
        budget_world_run(&world, 600);
        ck_assert_uint_eq(world.refusals, 0);
        ck_assert_int_gt(world.granted, 0);
        budget_world_close(&world);
    }
}
END_TEST

/* As after a start of tbproxyd: the first refusal makes the twin a twin again. */
START_TEST(one_refusal_is_enough_to_find_an_empty_bucket)
{
    int i;

    for (i = 0; i < SEEDS; i++) {
        struct plan plan = configured(_i);

        budget_world_open(&world, &plan);
        budget_world_use_up(&world);
        budget_world_run(&world, 900);
        ck_assert_uint_eq(world.episodes, 1);
        ck_assert_int_gt(world.granted, 0);
        budget_world_close(&world);
    }
}
END_TEST

/* Limits that are learned. FIRST: episodes of refusals in the first minute. A limit of a second is found at
 * once, a bucket of a minute hides it until it is empty; then the pace goes down in steps of a second. SHARE
 * of the limit: the pace goes from 70 % to somewhat more than all of it. Where a call is a whole second's
 * worth, it takes longer to grow. */
static const struct {
    const char *limit;
    bool synchronous;
    unsigned first;
    double share;
} learned_limits[] = {{"1:1", true, 10, 0.65},         {"50:1", false, 8, 0.85},
                      {"20:1,100:10", false, 8, 0.85}, {"100:1,2000:60", false, 15, 0.85},
                      {"2000:60", false, 15, 0.85},    {"100:60", false, 15, 0.85}};

static struct plan learned(int i)
{
    return (struct plan){.limit = learned_limits[i].limit,
                         .configured = "",
                         .learn = true,
                         .in_flight_max = pick(8, CALLS_MAX),
                         .latency_ms = pick(10, 100),
                         .asynchronous = learned_limits[i].synchronous ? 0 : pick(0, 50)};
}

/* Then: no more than 4 episodes in any minute, and 2 on average; at least 75 % of the limit. It takes the
 * pace a minute to be where it was refused. */
START_TEST(a_limit_is_learned)
{
    int i, minute;

    for (i = 0; i < SEEDS; i++) {
        struct plan plan = learned(_i);

        budget_world_open(&world, &plan);
        budget_world_run(&world, 120);
        ck_assert_double_ge(run_share(480), learned_limits[_i].share);
        ck_assert_uint_ge(world.episodes, 1);
        ck_assert_uint_le(world.minute_episodes[0], learned_limits[_i].first);
        for (minute = 1; minute < 10; minute++)
            ck_assert_uint_le(world.minute_episodes[minute], 5);
        ck_assert_uint_le(world.episodes - world.minute_episodes[0], 2 * 9);
        budget_world_close(&world);
    }
}
END_TEST

/* Less than five tokens a minute are too few to learn from: all that holds it back is that it is closed, for
 * 0.8 s at least, after each refusal. */
START_TEST(a_limit_of_few_tokens_a_minute_is_not_learned)
{
    struct plan plan = {"3:60", "", .learn = true, .in_flight_max = CALLS_MAX, .latency_ms = 20};
    int i, minute;

    for (i = 0; i < SEEDS; i++) {
        budget_world_open(&world, &plan);
        budget_world_run(&world, 600);
        for (minute = 1; minute < 10; minute++)
            ck_assert_uint_le(world.minute_episodes[minute], 75);
        ck_assert_int_ge(world.granted, 3 * 9);
        budget_world_close(&world);
    }
}
END_TEST

/* The pace takes a minute to its ceiling and then grows by 5 % a second, or with every call where they are
 * fewer: twice the limit is reached after 15 of them, a hundred times after 95. */
static const struct {
    const char *before, *after;
    int seconds;
} changes[] = {{"50:1", "100:1", 90}, {"20:1", "40:1", 90}, {"2:1", "4:1", 180}, {"5:1", "500:1", 240}};

/* The pace has settled at the limit BEFORE, and is anywhere between two refusals. */
static void settle_at(const char *before)
{
    struct plan plan = learned(1);

    plan.limit = before;
    plan.in_flight_max = CALLS_MAX;
    budget_world_open(&world, &plan);
    budget_world_run(&world, 180 + unit_random() % 60);
}

START_TEST(a_limit_that_rises_is_followed)
{
    int i, seconds;

    for (i = 0; i < SEEDS; i++) {
        settle_at(changes[_i].before);
        budget_world_change_limit(&world, changes[_i].after);
        for (seconds = 0; budget_pace(&world.budget) < 0.9 * budget_world_rate(&world); seconds++) {
            ck_assert_int_le(seconds, changes[_i].seconds);
            budget_world_run(&world, 1);
        }
        budget_world_close(&world);
    }
}
END_TEST

/* 0.7 * 0.7 * 0.7 of somewhat more than twice the limit is below it: after 3 episodes. Another may come when
 * the pace has grown again within the minute. */
START_TEST(a_limit_that_is_halved_costs_few_refusals)
{
    int i;

    for (i = 0; i < SEEDS; i++) {
        unsigned episodes, refusals;

        settle_at(changes[_i].after);
        episodes = world.episodes;
        refusals = world.refusals;
        budget_world_change_limit(&world, changes[_i].before);
        budget_world_run(&world, 60);
        ck_assert_uint_le(world.episodes - episodes, 4);
        ck_assert_uint_le(world.refusals - refusals, 20);
        ck_assert_double_ge(run_share(120), 0.6);
        budget_world_close(&world);
    }
}
END_TEST

/* Half of the limit is left: at least 40 % of it is had. MODE 0: learned, 1: configured and learned, 2:
 * configured. */
static void share_with_others(int i, int mode)
{
    struct plan plan = learned(i);
    int minute;

    plan.others = 50;
    plan.configured = mode == 0 ? "" : plan.limit;
    plan.learn = mode != 2;
    budget_world_open(&world, &plan);
    budget_world_run(&world, 120);
    ck_assert_double_ge(run_share(480), 0.4);
    /* Without a pace, all that holds it back is that it is closed, for 0.8 s at least, after each refusal. */
    for (minute = 2; minute < 10; minute++)
        ck_assert_uint_le(world.minute_episodes[minute], plan.learn ? 20 : 75);
    budget_world_close(&world);
}

START_TEST(others_use_half_of_the_limit)
{
    int i, mode;

    for (i = 0; i < SEEDS; i++)
        for (mode = 0; mode < 3; mode++)
            share_with_others(_i, mode);
}
END_TEST

/* A limit of one token a second leaves half a token, which is the least pace: it gets some of it. */
START_TEST(others_use_half_of_the_smallest_limit)
{
    struct plan plan = {"1:1", "", .learn = true, .in_flight_max = 8, .latency_ms = 20, .others = 50};
    int i, minute;

    for (i = 0; i < SEEDS; i++) {
        budget_world_open(&world, &plan);
        ck_assert_double_ge(run_share(600), 0.1);
        for (minute = 1; minute < 10; minute++)
            ck_assert_uint_le(world.minute_episodes[minute], 30);
        budget_world_close(&world);
    }
}
END_TEST

UNIT_SUITE(budget_simulation)
{
    TCase *tests;
    Suite *suite = unit_suite_create("budget_simulation", &tests);
    int every = (int)ARRAY_SIZE(limits);

    tcase_add_loop_test(tests, a_configured_limit_is_never_passed_and_used_up, 0, unit_rounds(every));
    tcase_add_loop_test(tests, a_configured_limit_is_never_passed_however_late_the_answers, 0,
                        unit_rounds(every));
    tcase_add_loop_test(tests, one_refusal_is_enough_to_find_an_empty_bucket, 0, unit_rounds(every));
    tcase_add_loop_test(tests, a_limit_is_learned, 0, unit_rounds((int)ARRAY_SIZE(learned_limits)));
    tcase_add_test(tests, a_limit_of_few_tokens_a_minute_is_not_learned);
    tcase_add_loop_test(tests, a_limit_that_rises_is_followed, 0, unit_rounds((int)ARRAY_SIZE(changes)));
    tcase_add_loop_test(tests, a_limit_that_is_halved_costs_few_refusals, 0, unit_rounds(3));
    tcase_add_loop_test(tests, others_use_half_of_the_limit, 1, unit_rounds((int)ARRAY_SIZE(learned_limits)));
    tcase_add_test(tests, others_use_half_of_the_smallest_limit);
    return suite;
}
