/* SPDX-License-Identifier: Apache-2.0 */
/* What the server refuses, and the room that its answers and the parts of writes take. */
#include "proxy/spool/spool_room.h"

#include <string.h>

#include "proxy/spool/spool_batch.h"
#include "proxy/spool/spool_boot.h"
#include "spool_delivery_world.h"

START_TEST(the_bad_row_is_found_and_set_aside)
{
    delivery_store_many(1, 300);
    delivery_store_bad(1, 50000);
    delivery_store_many(1, 300);
    delivery_run_all(10 * SECOND_MS);
    delivery_assert_stored(1, 600);
    ck_assert(!world.server.overtaken);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), 1);
    ck_assert_int_eq(delivery_aside()->status, 400);
    ck_assert_str_eq(delivery_aside()->reason, "the server refuses it");
    ck_assert_str_eq(delivery_aside()->body.data, "{\"ts\":51000,\"values\":{\"bad\":1}}");
    ck_assert_uint_eq(world.server.writes[50000].executions, 1);
    ck_assert_uint_le(world.server.call_count, 40);
}
END_TEST

START_TEST(a_bad_entity_is_not_in_the_way_of_others)
{
    unsigned i;

    for (i = 0; i < 100; i++)
        delivery_store_bad(1, 50000 + i);
    delivery_store_many(2, 10);
    delivery_store_many(3, 10);
    delivery_run_all(60 * SECOND_MS);
    delivery_assert_stored(1, 20);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), 100);
}
END_TEST

START_TEST(what_concerns_the_whole_entity_takes_one_call)
{
    static const int statuses[] = {403, 404};
    unsigned i;

    world.server.bad_status = statuses[_i];
    for (i = 0; i < 100; i++)
        delivery_store_bad(1, 50000 + i);
    delivery_run_all(10 * SECOND_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), 100);
    ck_assert_int_eq(delivery_aside()->status, statuses[_i]);
    ck_assert_str_eq(delivery_aside()->reason, "the server refuses it");
    ck_assert_uint_le(world.server.call_count, 2); /* the first row may have gone alone */
}
END_TEST

/* As a firewall does, which looks at what is in a row. */
START_TEST(what_is_forbidden_to_one_user_does_not_harm_another)
{
    const enum kind kind = _i ? ATTRIBUTES : TELEMETRY;
    unsigned i;

    world.server.bad_status = 403;
    for (i = 1; i <= 101; i++)
        delivery_store(
            &(struct delivery_write){.kind = kind,
                                     .entity = 1,
                                     .serial = i,
                                     .bad = i == 51,
                                     .principal = i == 1 || i == 51 || i == 52 ? "uid:1001" : NULL});
    delivery_run_all(10 * SECOND_MS);
    ck_assert_uint_ge(delivery_rows(SPOOL_ASIDE), 1);
    ck_assert_uint_le(delivery_rows(SPOOL_ASIDE), 2);
    for (i = 1; kind == TELEMETRY && i <= 101; i++)
        ck_assert(i == 51 || i == 52 || world.server.writes[i].executions == 1);
    ck_assert_uint_eq(world.server.attributes[1][0], kind == ATTRIBUTES ? 101 : 0);
    ck_assert(!world.server.overtaken);
    ck_assert_uint_le(world.server.call_count, 30);
}
END_TEST

/* Their rows come in turn, so none has two that go together. */
START_TEST(what_concerns_the_whole_entity_takes_few_calls_for_each_user)
{
    static const char *const users[] = {"uid:1000", "uid:1001", "uid:1002"};
    unsigned i;

    world.server.bad_status = 404;
    for (i = 0; i < SPOOL_BATCH_ROWS_MAX; i++)
        delivery_store(&(struct delivery_write){
            .entity = 1, .writer = 1, .serial = 50000 + i, .bad = true, .principal = users[i % 3]});
    delivery_run_all(60 * SECOND_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), SPOOL_BATCH_ROWS_MAX);
    ck_assert_uint_le(world.server.call_count, 20);
}
END_TEST

START_TEST(a_write_is_cut_into_a_bounded_number_of_parts)
{
    CLEANUP(buf_free) struct buf body = BUF_INIT(65536);
    unsigned i;

    buf_append_string(&body, "{\"ts\":51000,\"values\":{\"bad\":1");
    for (i = 0; i < 4 * SPOOL_PARTS_MAX; i++)
        buf_append_string(&body, ",\"bad\":1");
    buf_append_string(&body, "}}");
    delivery_store(&(struct delivery_write){.entity = 1, .body = body.data});
    delivery_run_all(600 * SECOND_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), SPOOL_PARTS_MAX);
    ck_assert_uint_le(world.server.call_count, 3 * SPOOL_PARTS_MAX); /* of 1,025 values */
}
END_TEST

static void set_bounds(int64_t max_rows, int64_t max_bytes)
{
    world.config.spool.max_rows = max_rows;
    world.config.spool.max_bytes = max_bytes;
    spool_configure(&spool);
    spool.room.counted_ms = 0;
    spool_room_count(&spool);
    world_run(&world, 100);
}

static int64_t bytes_in_file(void)
{
    return spool.writer.file.totals.bytes[SPOOL_WAITING] + spool.writer.file.totals.bytes[SPOOL_ASIDE];
}

/* Parts need places as rows do. */
START_TEST(a_write_is_cut_as_long_as_its_user_may_have_more_rows)
{
    const struct delivery_write bad = {
        .entity = 1,
        .serial = 50000,
        .body = "{\"ts\":51000,\"values\":{\"bad\":1,\"bad\":1,\"bad\":1,\"bad\":1,"
                "\"bad\":1,\"bad\":1,\"bad\":1,\"bad\":1}}"};
    const size_t max = _i == 0 ? 5 : 8;

    world_stop_server(&world);
    delivery_store(&bad);
    set_bounds((int64_t)max, 100000);
    world_start_server(&world);
    delivery_run_all(60 * SECOND_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), max);
    ck_assert_str_eq(delivery_aside()->body.data, "{\"ts\":51000,\"values\":{\"bad\":1}}");
    ck_assert_uint_eq(spool.room.bounds.rows.used, max);
    ck_assert_uint_eq(spool.room.bounds.new.rows, 0);
    ck_assert_int_eq((int64_t)spool.room.bounds.bytes.used, bytes_in_file());
}
END_TEST

START_TEST(a_write_without_a_place_for_its_part_says_so)
{
    world_stop_server(&world);
    delivery_store(&(struct delivery_write){
        .entity = 1, .serial = 50000, .body = "{\"ts\":51000,\"values\":{\"bad\":1,\"good\":1}}"});
    set_bounds(1, 100000);
    world_start_server(&world);
    delivery_run_all(60 * SECOND_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), 1);
    ck_assert_int_eq(delivery_aside()->status, 400);
    ck_assert_ptr_nonnull(strstr(delivery_aside()->reason, "too full to cut it"));
}
END_TEST

/* The first ones have the server's answer. */
START_TEST(answers_take_no_more_than_their_user_may_have)
{
    const unsigned count = 100;
    int64_t max;
    unsigned i;

    world_stop_server(&world);
    for (i = 0; i < count; i++)
        delivery_store_bad(1, 50000 + i);
    max = bytes_in_file() + 100;
    set_bounds(1000, max);
    world_start_server(&world);
    delivery_run_all(60 * SECOND_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), count);
    ck_assert_ptr_nonnull(delivery_aside()->answer);
    ck_assert_int_le(bytes_in_file(), max);
    ck_assert_int_eq((int64_t)spool.room.bounds.bytes.used, bytes_in_file());
}
END_TEST

START_TEST(times_count_at_once)
{
    int64_t before;

    world_stop_server(&world);
    set_bounds(1000, 100000);
    delivery_store(&(struct delivery_write){
        .entity = 1, .serial = 1, .boot_id = spool_boot_id(), .boot_ms = world_now(&world)});
    before = bytes_in_file();
    set_bounds(1000, 100000);
    world_run(&world, SECOND_MS);
    ck_assert_int_gt(bytes_in_file(), before);
    ck_assert_int_eq((int64_t)spool.room.bounds.bytes.used, bytes_in_file());
}
END_TEST

UNIT_SUITE(spool_refused)
{
    TCase *tcase;
    Suite *suite = unit_suite_create("spool_refused", &tcase);

    tcase_add_checked_fixture(tcase, delivery_open, delivery_close);
    tcase_add_test(tcase, the_bad_row_is_found_and_set_aside);
    tcase_add_test(tcase, a_bad_entity_is_not_in_the_way_of_others);
    tcase_add_loop_test(tcase, what_concerns_the_whole_entity_takes_one_call, 0, 2);
    tcase_add_loop_test(tcase, what_is_forbidden_to_one_user_does_not_harm_another, 0, 2);
    tcase_add_test(tcase, what_concerns_the_whole_entity_takes_few_calls_for_each_user);
    tcase_add_test(tcase, a_write_is_cut_into_a_bounded_number_of_parts);
    tcase_add_loop_test(tcase, a_write_is_cut_as_long_as_its_user_may_have_more_rows, 0, 2);
    tcase_add_test(tcase, a_write_without_a_place_for_its_part_says_so);
    tcase_add_test(tcase, answers_take_no_more_than_their_user_may_have);
    tcase_add_test(tcase, times_count_at_once);
    return suite;
}
