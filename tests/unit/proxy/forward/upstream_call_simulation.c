/* SPDX-License-Identifier: Apache-2.0 */
/* Crowds of local programs in front of a server with a limit. */
#include <stdio.h>

#include "base/util.h"
#include "upstream_call_actor.h"

#define ROUNDS      (size_t) unit_rounds(3)
#define TRAVEL_MS   3
#define WORK_MS     40
#define CALL_MAX_MS (TRAVEL_MS + WORK_MS + TRAVEL_MS)

static struct world world;
static struct crowd crowd;

/* LIMIT is the server's. CONFIGURED: the proxy knows it; otherwise it learns. */
static void open_world(const char *limit, bool configured)
{
    world_open(&world);
    world.late_delivery = unit_random() % 2;
    world.server.travel_min_ms = unit_random() % 2;
    world.server.travel_max_ms = TRAVEL_MS;
    world.server.work_max_ms = WORK_MS;
    world_budget(&world, configured ? limit : "", !configured, 64);
    server_limit(&world.server, limit);
}

static void add_everybody(int64_t think_max_ms)
{
    crowd_init(&crowd, &world, think_max_ms);
    crowd_add(&crowd, TELEMETRY, 16, 0, 4);
    crowd_add(&crowd, ATTRIBUTES, 8, 0, 4);
    crowd_add(&crowd, READ, 8, 1000, 4);
    crowd_add(&crowd, DEVICE, 8, 1001, 8);
    crowd_add(&crowd, RPC, 4, 0, 4);
    crowd_add(&crowd, DEVICE_API, 2, 0, 4);
}

/* RATE: tokens that come back in a minute. */
static const struct {
    const char *text;
    unsigned capacity, rate;
} limits[] = {{"3:1", 3, 180},       {"10:1", 10, 600},    {"50:1", 50, 3000},
              {"200:1", 200, 12000}, {"600:60", 600, 600}, {"20:1,300:60", 300, 300}};

static const enum merge_mode modes[] = {MERGE_MODE_OFF, MERGE_MODE_PRESSURE, MERGE_MODE_ALWAYS};

/* Nothing is refused, and four fifths of what the server takes is used. */
START_TEST(a_configured_limit_is_never_passed)
{
    size_t i, round;

    for (i = 0; i < ARRAY_SIZE(limits); i++)
        for (round = 0; round < ROUNDS; round++) {
            open_world(limits[i].text, true);
            world.config.merge.mode = modes[round];
            add_everybody(20);
            crowd_run(&crowd, MINUTE_MS / 2);
            ck_assert_msg(world.server.refused == 0, "%s: %u", limits[i].text, world.server.refused);
            ck_assert_uint_ge(world.server.tokens, (limits[i].capacity + limits[i].rate / 2) * 4 / 5);
            crowd_run(&crowd, 100); /* after a pause without calls */
            ck_assert_uint_eq(world.server.refused, 0);
            world_close(&world);
        }
}
END_TEST

/*
 * What is learned. When the first 429 arrives, as many calls as max_in_flight (64) may be under way, and each
 * may be refused: in the first minute at most 64 are. After that the pace meets the limit about once a minute
 * with a few calls under way: at most 3 in each further minute (8 if two pairs hide each other). One more for
 * each operation may be needed to know that it is the shared limit. Three quarters of what the server takes
 * is used. That is so on average: one minute may have three times as many refusals, and half of what the
 * server takes.
 */
#define OPERATIONS         5
#define REFUSED_AT_FIRST   (64 + OPERATIONS)
#define REFUSED_PER_MINUTE (3 + OPERATIONS)
#define REFUSED_TWO_PAIRS  (8 + OPERATIONS)
#define MINUTES            5

START_TEST(an_unknown_limit_is_learned)
{
    unsigned most = strchr(limits[_i].text, ',') ? REFUSED_TWO_PAIRS : REFUSED_PER_MINUTE;
    unsigned minute, refused, tokens, first_refused, first_tokens;

    open_world(limits[_i].text, false);
    add_everybody(20);
    crowd_run(&crowd, MINUTE_MS);
    ck_assert_uint_gt(world.server.refused, 0);
    ck_assert_uint_le(world.server.refused, REFUSED_AT_FIRST);
    first_refused = world.server.refused;
    first_tokens = world.server.tokens;
    for (minute = 1; minute < MINUTES; minute++) {
        refused = world.server.refused;
        tokens = world.server.tokens;
        crowd_run(&crowd, MINUTE_MS);
        ck_assert_uint_le(world.server.refused - refused, 3 * most);
        ck_assert_uint_ge(world.server.tokens - tokens, limits[_i].rate / 2);
    }
    ck_assert_uint_le(world.server.refused - first_refused, (MINUTES - 1) * most);
    ck_assert_uint_ge(world.server.tokens - first_tokens, (MINUTES - 1) * limits[_i].rate * 3 / 4);
    world_close(&world);
}
END_TEST

/* The server changes the configured limit: down, and up again. */
START_TEST(a_changed_limit_is_learned)
{
    unsigned refused, tokens;

    open_world("50:1", true);
    world_budget(&world, "50:1", true, 64);
    add_everybody(20);
    crowd_run(&crowd, MINUTE_MS);
    ck_assert_uint_eq(world.server.refused, 0);
    server_limit(&world.server, "20:1");
    crowd_run(&crowd, MINUTE_MS);
    ck_assert_uint_le(world.server.refused, REFUSED_AT_FIRST);
    refused = world.server.refused;
    crowd_run(&crowd, MINUTE_MS);
    ck_assert_uint_le(world.server.refused, refused + REFUSED_PER_MINUTE);
    server_limit(&world.server, "100:1");
    crowd_run(&crowd, 2 * MINUTE_MS); /* the pace grows */
    ck_assert_uint_le(world.server.refused, refused + 3 * REFUSED_PER_MINUTE);
    tokens = world.server.tokens;
    crowd_run(&crowd, MINUTE_MS); /* the configured limit still applies */
    ck_assert_uint_ge(world.server.tokens - tokens, 50 * 60 * 4 / 5);
    world_close(&world);
}
END_TEST

/* ---- fairness ---- */

#define FLOOD     1000 /* requests that wait, of one user on many connections, and of one connection */
#define PER_S     20   /* tokens */
#define TURN_MAX  3    /* tokens: the two of a turn, and one that may be left over from the turn before */
#define DEAREST   2
#define FLOOD_UID 500

static void flood(int64_t user)
{
    struct wish wish = {.user = user, .wait_ms = WORLD_NO_WISH};
    static const enum kind kinds[] = {RPC, DEVICE, READ, TELEMETRY};
    unsigned i;

    for (i = 0; i < FLOOD; i++) {
        wish.kind = kinds[unit_random() % ARRAY_SIZE(kinds)];
        wish.entity = wish.kind == DEVICE ? i : i % 4; /* the same as of the polite programs */
        wish.urgency = 1 + unit_random() % 7;
        world_begin(&world, &wish);
    }
}

/*
 * A polite client waits for at most one turn of each other flow, and for its own tokens. While there is
 * always something to send, the bucket is never full, so it fills without a pause: the wait is the time in
 * which so many tokens come back. Then there is the call itself.
 */
START_TEST(a_flood_takes_one_turn)
{
    size_t polite, i;

    for (polite = 1; polite <= 4; polite++) {
        size_t others = 2 + polite - 1;
        int64_t bound_ms = (int64_t)(TURN_MAX * others + DEAREST) * 1000 / PER_S + CALL_MAX_MS + 2;

        open_world("20:1", true);
        world.config.queue.max_wait_ms = 60 * MINUTE_MS;
        flood(FLOOD_UID);
        flood(WORLD_TCP(1000));
        world_run(&world, 5 * SECOND_MS);
        crowd_init(&crowd, &world, 500);
        for (i = 0; i < polite; i++)
            crowd_add(&crowd, (enum kind)((i + unit_random()) % DEVICE_API), 1, 0, 4);
        for (i = 0; i < polite; i++)
            loop_timer_start(&world.services.loop, &crowd.actors[i].timer, 0);
        world_run(&world, 20 * SECOND_MS);
        ck_assert_uint_ge(world.forward.queue.count, FLOOD / 2);
        for (i = 0; i < polite; i++) {
            ck_assert_uint_ge(crowd.actors[i].answers, 5);
            ck_assert_int_le(crowd.actors[i].longest_ms, bound_ms);
        }
        ck_assert_uint_eq(world.server.refused, 0);
        for (i = 0; i < polite; i++)
            loop_timer_stop(&world.services.loop, &crowd.actors[i].timer);
        world_close(&world);
    }
}
END_TEST

/* ---- order ---- */

static void add_faults(void)
{
    world.server.faults = (struct server_faults){
        .reset = 10, .lost = 10, .late = 3, .error_500 = 5, .error_503 = 10, .unauthorized = 10};
}

/* Values of writers that wait for each response; several write to one entity. */
START_TEST(order_is_kept)
{
    size_t mode, round;

    for (mode = 0; mode < ARRAY_SIZE(modes); mode++)
        for (round = 0; round < 2 * ROUNDS; round++) {
            open_world("40:1", round % 3 != 2);
            if (round % 3 == 0)
                world_budget(&world, "", false, 3), server_limit(&world.server, "");
            world.config.merge.mode = modes[mode];
            world.is_one_user = true;
            add_faults();
            crowd_init(&crowd, &world, 10);
            crowd.bad_per_thousand = 30;
            crowd_add(&crowd, round % 2 ? TELEMETRY : ATTRIBUTES, 32, round % 3 ? 0 : 1000, 3);
            crowd_run(&crowd, 20 * SECOND_MS);
            ck_assert(!world.server.overtaken);
            ck_assert(!world.server.disordered);
            if (modes[mode] == MERGE_MODE_ALWAYS)
                ck_assert_uint_eq(world.server.most_writes_of_one, 1);
            if (modes[mode] == MERGE_MODE_OFF)
                ck_assert_uint_eq(world.server.largest, 1);
            else
                ck_assert_uint_gt(world.server.largest, 1);
            world_close(&world);
        }
}
END_TEST

/* A read that begins after a write was answered finds it, or a later one, whoever wrote it. */
START_TEST(a_read_finds_what_was_written)
{
    size_t round;

    for (round = 0; round < 4 * ROUNDS; round++) {
        open_world("100:1", round % 2);
        if (round % 4 == 0)
            world_budget(&world, "", false, 8), server_limit(&world.server, "");
        world.config.merge.mode = modes[round % 3];
        add_faults();
        crowd_init(&crowd, &world, 60);
        crowd_add(&crowd, ATTRIBUTES, 2 + round % 6, 0, 2);
        crowd_add(&crowd, READ, 24, 0, 2);
        crowd_run(&crowd, 20 * SECOND_MS);
        ck_assert_uint_gt(world_count(&world, METRICS_JOIN_SAVED), 100);
        ck_assert_uint_eq(crowd.stale, 0);
        world_close(&world);
    }
}
END_TEST

UNIT_SUITE(upstream_call_simulation)
{
    TCase *tests;
    Suite *suite = unit_suite_create("call, simulation", &tests);

    tcase_add_test(tests, a_configured_limit_is_never_passed);
    tcase_add_loop_test(tests, an_unknown_limit_is_learned, 0, unit_rounds((int)ARRAY_SIZE(limits)));
    tcase_add_test(tests, a_changed_limit_is_learned);
    tcase_add_test(tests, a_flood_takes_one_turn);
    tcase_add_test(tests, order_is_kept);
    tcase_add_test(tests, a_read_finds_what_was_written);
    return suite;
}
