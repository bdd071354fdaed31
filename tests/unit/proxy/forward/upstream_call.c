/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/upstream_call.h"

#include "base/util.h"
#include "unit.h"
#include "upstream_call_world.h"

#define ALICE 1000
#define BOB   1001

static struct world world;

/* By the serial of a local request. */
static struct {
    int status;
    int64_t took_ms;
    char answer[2048];
} results[2100];

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
    results[local->serial].status = local->status;
    results[local->serial].took_ms = local->answered_ms - local->begun_ms;
    memcpy(results[local->serial].answer, local->answer, sizeof(local->answer));
}

static struct wish wish(enum kind kind)
{
    return (struct wish){
        .kind = kind, .user = ALICE, .entity = 1, .writer = 1, .wait_ms = WORLD_NO_WISH, .answered = note};
}

static struct local *begin(enum kind kind)
{
    struct wish it = wish(kind);

    return world_begin(&world, &it);
}

static void begin_many(enum kind kind, size_t count)
{
    while (count-- > 0)
        begin(kind);
}

/* A call that takes the only place in flight; requests that arrive in the meantime wait. */
static void occupy(void)
{
    world_budget(&world, "", false, 1);
    begin(DEVICE);
    world_run(&world, 0);
    ck_assert_uint_eq(world.services.budget.in_flight, 1);
}

static void run_all(void)
{
    world_run_all(&world, 10 * MINUTE_MS);
    world_assert_idle(&world);
}

static void assert_statuses(unsigned first, unsigned last, int status)
{
    for (; first <= last; first++)
        ck_assert_msg(results[first].status == status, "request %u: %d", first, results[first].status);
}

static void assert_stored(unsigned first, unsigned last)
{
    for (; first <= last; first++)
        ck_assert_msg(world.server.writes[first].points == 1, "write %u: %u", first,
                      world.server.writes[first].points);
}

START_TEST(a_write_that_need_not_wait_is_not_changed)
{
    begin_many(TELEMETRY, 5);
    begin_many(ATTRIBUTES, 5);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 10);
    ck_assert_uint_eq(world.server.largest, 1);
    assert_statuses(1, 10, 200);
    assert_stored(1, 10);
}
END_TEST

/* Calls that are sent in one turn of the loop, if each is made of three bodies of SIZE bytes. */
static unsigned merged_in_a_turn(size_t size)
{
    struct wish it = wish(ATTRIBUTES);
    unsigned before = world.services.budget.in_flight, i;

    it.blanks = size - 100;
    for (i = 0; i < 3 * 8; i++) {
        it.entity = i / 3;
        world_begin(&world, &it);
    }
    queue_end_pass(&world.forward.queue);
    world_budget(&world, "", false, 64);
    forward_run(&world.forward);
    return world.services.budget.in_flight - before;
}

START_TEST(so_much_is_merged_in_one_turn)
{
    occupy();
    ck_assert_uint_eq(merged_in_a_turn(FORWARD_MERGE_BYTES / 3), 2); /* a little less: the second passes it */
    run_all();
    ck_assert_uint_eq(world.server.call_count, 1 + 8);
    assert_statuses(1, 1 + 3 * 8, 200);
    occupy();
    ck_assert_uint_eq(merged_in_a_turn(1000), 8);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 2 + 16);
}
END_TEST

START_TEST(waiting_writes_go_as_one_call)
{
    occupy();
    begin_many(TELEMETRY, 5);
    world_run(&world, 0);
    ck_assert_uint_eq(world.forward.queue.count, 5);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 2);
    ck_assert_uint_eq(world.server.largest, 5);
    ck_assert(!world.server.disordered);
    assert_statuses(1, 6, 200);
    assert_stored(2, 6);
    ck_assert_uint_eq(world_count(&world, METRICS_MERGED_CALLS), 1);
    ck_assert_uint_eq(world_count(&world, METRICS_MERGE_SAVED), 4);
}
END_TEST

START_TEST(attributes_go_as_one_call)
{
    struct wish it = wish(ATTRIBUTES);

    occupy();
    for (it.writer = 1; it.writer <= 5; it.writer++)
        world_begin(&world, &it);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 2);
    ck_assert_uint_eq(world.server.largest, 5);
    assert_statuses(1, 6, 200);
    assert_stored(2, 6);
}
END_TEST

START_TEST(off_merges_nothing)
{
    world.config.merge.mode = MERGE_MODE_OFF;
    occupy();
    begin_many(TELEMETRY, 5);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 6);
    assert_stored(2, 6);
}
END_TEST

START_TEST(always_has_one_write_per_entity_in_flight)
{
    world.config.merge.mode = MERGE_MODE_ALWAYS;
    begin_many(TELEMETRY, 1);
    world_run(&world, 0);
    begin_many(TELEMETRY, 30);
    world_run(&world, 0);
    ck_assert_uint_eq(world.server.call_count, 1);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 2);
    ck_assert_uint_eq(world.server.most_writes_of_one, 1);
    assert_stored(1, 31);
}
END_TEST

START_TEST(entities_and_kinds_are_kept_apart)
{
    struct wish it = wish(TELEMETRY);

    occupy();
    for (it.entity = 1; it.entity <= 3; it.entity++) {
        it.kind = TELEMETRY;
        world_begin(&world, &it);
        world_begin(&world, &it);
        it.kind = ATTRIBUTES;
        world_begin(&world, &it);
    }
    run_all();
    ck_assert_uint_eq(world.server.call_count, 1 + 6);
    assert_statuses(1, 10, 200);
}
END_TEST

START_TEST(a_merged_call_has_at_most_so_many_requests)
{
    occupy();
    begin_many(TELEMETRY, UPSTREAM_CALL_SHARED_MAX);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 2);
    ck_assert_uint_eq(world.server.largest, 1000);
    occupy();
    begin_many(TELEMETRY, UPSTREAM_CALL_SHARED_MAX + 1);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 2 + 3);
}
END_TEST

/* All stamped bodies here have the same length. If three fit, with the signs around them, they go together;
 * with one byte less, the third goes later. */
START_TEST(a_merged_body_has_at_most_so_many_bytes)
{
    size_t one;

    occupy();
    one = begin(TELEMETRY)->exchange.inbound.body.len;
    begin_many(TELEMETRY, 2);
    world.config.merge.max_bytes = (int64_t)(3 * one + strlen("[,,]")) - _i;
    run_all();
    ck_assert_uint_eq(world.server.call_count, 2 + (unsigned)_i);
    ck_assert_int_eq(results[2].took_ms, results[3].took_ms);
    ck_assert_int_eq(results[4].took_ms > results[3].took_ms, _i);
    assert_stored(2, 4);
}
END_TEST

START_TEST(another_header_goes_alone)
{
    struct wish it = wish(TELEMETRY);

    occupy();
    begin(TELEMETRY);
    it.header = "X-Mobile-Token";
    world_begin(&world, &it);
    begin(TELEMETRY);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 3);
    assert_stored(2, 4);
}
END_TEST

/* One of 8 writes is refused, at every place: after three splits, only that one gets the error. */
START_TEST(a_bad_body_fails_alone)
{
    struct wish bad = wish(TELEMETRY);
    unsigned i;

    bad.bad = true;
    world.server.bad_status = _i < 8 ? 400 : 500;
    occupy();
    for (i = 0; i < 8; i++)
        if (i == (unsigned)_i % 8)
            world_begin(&world, &bad);
        else
            begin(TELEMETRY);
    run_all();
    ck_assert_uint_eq(world_count(&world, METRICS_MERGE_SPLITS), 3);
    ck_assert_uint_eq(world.server.call_count, 1 + 1 + 2 * 3);
    for (i = 0; i < 8; i++) {
        bool is_bad = i == (unsigned)_i % 8;

        ck_assert_int_eq(results[2 + i].status, is_bad ? world.server.bad_status : 200);
        ck_assert_uint_eq(world.server.writes[2 + i].points, is_bad ? 0 : 1);
    }
    ck_assert(!world.server.disordered);
}
END_TEST

START_TEST(all_bad_bodies_fail)
{
    struct wish bad = wish(ATTRIBUTES);
    size_t i;

    bad.bad = true;
    occupy();
    for (i = 0; i < 7; i++)
        world_begin(&world, &bad);
    run_all();
    assert_statuses(2, 8, 400);
    ck_assert_uint_eq(world_count(&world, METRICS_MERGE_SPLITS), 6);
}
END_TEST

START_TEST(writes_of_two_users_are_not_merged)
{
    struct wish alices = wish(_i ? ATTRIBUTES : TELEMETRY), bobs = alices;
    unsigned i;

    bobs.user = BOB;
    occupy();
    for (i = 0; i < 3; i++) {
        alices.writer = bobs.writer = i;
        world_begin(&world, &alices);
        world_begin(&world, &bobs);
    }
    run_all();
    ck_assert_uint_eq(world.server.call_count, 1 + 2);
    ck_assert_uint_eq(world.server.largest, 3);
    assert_statuses(2, 7, 200);
    assert_stored(2, 7);
}
END_TEST

/* Bob writes to the entity to which Alice sends bad bodies, under a limit of two writes a second. */
START_TEST(the_search_for_bad_bodies_takes_no_turns_of_another_user)
{
    struct wish bad = wish(TELEMETRY), bobs = wish(TELEMETRY);
    unsigned i;

    bad.bad = true;
    bobs.user = BOB;
    world_budget(&world, "4:1", false, 16);
    for (i = 0; i < 40; i++)
        world_begin(&world, &bad);
    world_run(&world, 3 * SECOND_MS);
    ck_assert_uint_ge(world_count(&world, METRICS_MERGE_SPLITS), 1);
    for (i = 0; i < 5; i++)
        world_begin(&world, &bobs);
    run_all();
    assert_statuses(41, 45, 200);
    assert_stored(41, 45);
    ck_assert_int_le(results[45].took_ms, 3 * SECOND_MS);
}
END_TEST

START_TEST(invalid_json_is_never_merged)
{
    struct wish broken = wish(TELEMETRY);

    broken.broken = true;
    occupy();
    begin(TELEMETRY);
    world_begin(&world, &broken);
    begin(TELEMETRY);
    run_all();
    ck_assert_uint_eq(world_count(&world, METRICS_MERGE_SPLITS), 0);
    ck_assert_uint_eq(world.server.call_count, 3);
    ck_assert_int_eq(results[3].status, 400);
    assert_stored(2, 2);
    assert_stored(4, 4);
}
END_TEST

/* Whether two reads share a call if MEANWHILE is done between them. */
static bool join(const struct wish *second, void (*meanwhile)(void))
{
    unsigned before;

    begin(READ);
    world_run(&world, 0);
    meanwhile();
    world_run(&world, 0);
    before = world.server.call_count;
    world_begin(&world, second);
    world_run(&world, 0);
    return world.server.call_count == before;
}

static void do_nothing(void)
{
}

static void send_write(void)
{
    begin(DEVICE_API); /* a request that may write */
}

static void end_write(void)
{
    while (results[1].status == 0)
        world_run(&world, 1);
}

START_TEST(identical_reads_share_a_call)
{
    struct wish second = wish(READ);

    second.user = BOB;
    ck_assert(join(&second, do_nothing));
    run_all();
    assert_statuses(1, 2, 200);
    ck_assert_str_eq(results[1].answer, results[2].answer);
    ck_assert_uint_eq(world_count(&world, METRICS_JOIN_SAVED), 1);
}
END_TEST

START_TEST(other_reads_do_not)
{
    struct wish second = wish(READ);

    second.entity = 2;
    ck_assert(!join(&second, do_nothing));
    second = wish(READ);
    second.header = "If-None-Match";
    ck_assert(!join(&second, do_nothing));
    world.config.join.reads = false;
    second = wish(READ);
    ck_assert(!join(&second, do_nothing));
}
END_TEST

START_TEST(not_when_a_write_was_sent_since)
{
    struct wish second = wish(READ);

    ck_assert(!join(&second, send_write));
}
END_TEST

/* The write was on its way when the read was sent: the read may have been first at the server. */
START_TEST(not_when_a_write_has_ended_since)
{
    struct wish second = wish(READ);

    world.server.work_min_ms = 5;
    world.server.work_max_ms = 10;
    begin(ATTRIBUTES);
    world_run(&world, 0);
    world.server.work_max_ms = 1000;
    ck_assert(!join(&second, end_write));
}
END_TEST

START_TEST(waiting_reads_share_a_call)
{
    occupy();
    begin_many(READ, 5);
    run_all();
    ck_assert_uint_eq(world.server.call_count, 2);
    assert_statuses(1, 6, 200);
    ck_assert_uint_eq(world_count(&world, METRICS_JOIN_SAVED), 4);
}
END_TEST

/* It does not wait in the flow of another that has asked for much before. */
START_TEST(a_read_does_not_wait_for_a_flood)
{
    struct wish second = wish(READ);
    size_t i;

    occupy();
    for (i = 0; i < 50; i++)
        begin(RPC);
    begin(READ);
    second.user = BOB;
    world_begin(&world, &second);
    run_all();
    ck_assert_int_lt(results[53].took_ms, results[10].took_ms);
    ck_assert_int_eq(results[52].took_ms, results[53].took_ms);
}
END_TEST

UNIT_SUITE(upstream_call)
{
    TCase *tests;
    Suite *suite = unit_suite_create("call", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_write_that_need_not_wait_is_not_changed);
    tcase_add_test(tests, so_much_is_merged_in_one_turn);
    tcase_add_test(tests, waiting_writes_go_as_one_call);
    tcase_add_test(tests, attributes_go_as_one_call);
    tcase_add_test(tests, off_merges_nothing);
    tcase_add_test(tests, always_has_one_write_per_entity_in_flight);
    tcase_add_test(tests, entities_and_kinds_are_kept_apart);
    tcase_add_test(tests, a_merged_call_has_at_most_so_many_requests);
    tcase_add_loop_test(tests, a_merged_body_has_at_most_so_many_bytes, 0, 2);
    tcase_add_test(tests, another_header_goes_alone);
    tcase_add_loop_test(tests, a_bad_body_fails_alone, 0, 16);
    tcase_add_test(tests, all_bad_bodies_fail);
    tcase_add_loop_test(tests, writes_of_two_users_are_not_merged, 0, 2);
    tcase_add_test(tests, the_search_for_bad_bodies_takes_no_turns_of_another_user);
    tcase_add_test(tests, invalid_json_is_never_merged);
    tcase_add_test(tests, identical_reads_share_a_call);
    tcase_add_test(tests, other_reads_do_not);
    tcase_add_test(tests, not_when_a_write_was_sent_since);
    tcase_add_test(tests, not_when_a_write_has_ended_since);
    tcase_add_test(tests, waiting_reads_share_a_call);
    tcase_add_test(tests, a_read_does_not_wait_for_a_flood);
    return suite;
}
