/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/spool/spool_batch.h"
#include "proxy/spool/spool_boot.h"
#include "spool_delivery_world.h"

START_TEST(rows_are_delivered_and_merged)
{
    delivery_store_many(1, 100);
    delivery_run_all(SECOND_MS);
    delivery_assert_stored(1, 100);
    ck_assert(!world.server.overtaken);
    ck_assert(!world.server.disordered);
    ck_assert_uint_le(world.server.call_count, 3);
    ck_assert(!spool_entities_find(&spool.entities, "DEVICE:1"));
    ck_assert_uint_eq(list_count(&spool.delivery.slots), 0);
    ck_assert_uint_eq(spool.entities.bytes.used, 0);
    ck_assert_uint_eq(world_count(&world, METRICS_SPOOL_DELIVERED), 100);
}
END_TEST

START_TEST(what_waits_at_the_start_is_delivered)
{
    world_stop_server(&world);
    world_report(&world, FAILOVER_UNREACHABLE);
    delivery_store_many(1, 10);
    delivery_store_many(2, 10);
    spool_entities_forget(&spool.entities);
    delivery_restart();
    world_start_server(&world);
    delivery_run_all(5 * SECOND_MS);
    delivery_assert_stored(1, 20);
}
END_TEST

/* While the first look goes on, the writer says that it had another file, and that this one is new. */
START_TEST(what_another_file_has_is_looked_for_from_its_start)
{
    const unsigned count = SPOOL_LOOK_ENTITIES; /* the next page is empty */
    struct tb_error err = {0};
    unsigned i;

    world_stop_server(&world);
    world_report(&world, FAILOVER_UNREACHABLE);
    for (i = 0; i < count; i++)
        delivery_store_many(i, 1);
    delivery_restart();
    while (spool.look.cursor == 0)
        world_run(&world, 1);
    spool.writer.replaced(&spool.writer, &err);
    spool.writer.opened(&spool.writer, count + 1, &err);
    ck_assert(!spool.entities.all_known);
    world_start_server(&world);
    delivery_run_all(10 * SECOND_MS);
    delivery_assert_stored(1, count);
    ck_assert(spool.entities.all_known);
}
END_TEST

START_TEST(entities_go_side_by_side_one_call_for_each)
{
    unsigned i;

    for (i = 0; i < 200; i++)
        delivery_store_many(i, 5);
    delivery_run_all(10 * SECOND_MS);
    delivery_assert_stored(1, 1000);
    ck_assert_uint_eq(world.server.most_writes_of_one, 1);
    ck_assert_uint_eq(list_count(&spool.delivery.slots), 0);
    ck_assert_uint_le(world.server.call_count, 2 * 200);
}
END_TEST

START_TEST(attributes_and_telemetry_of_an_entity_keep_their_order)
{
    unsigned i;

    for (i = 1; i <= 20; i++)
        delivery_store(
            &(struct delivery_write){.kind = i % 3 ? ATTRIBUTES : TELEMETRY, .entity = 1, .serial = i});
    delivery_run_all(5 * SECOND_MS);
    ck_assert_uint_eq(world.server.attributes[1][0], 20);
    ck_assert(!world.server.overtaken);
    ck_assert_uint_eq(world.server.most_writes_of_one, 1);
}
END_TEST

/* ---- failures ---- */

START_TEST(a_failing_server_is_asked_five_times_in_ten_minutes)
{
    world.server.bad_status = 500;
    delivery_store_many(2, 1);
    delivery_store_many(1, 100);
    delivery_store_bad(1, 50000);
    delivery_store_many(1, 100);
    world_run(&world, 9 * MINUTE_MS);
    delivery_assert_stored(1, 1);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 201);
    ck_assert_uint_ge(world.server.call_count, 5);
    ck_assert_uint_le(world.server.call_count, 15);
    delivery_run_all(8 * MINUTE_MS);
    delivery_assert_stored(1, 201);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), 1);
    ck_assert_int_eq(delivery_aside()->status, 500);
    ck_assert_int_ge(delivery_aside()->attempts, 5);
    ck_assert_uint_le(world.server.call_count, 40);
}
END_TEST

/* They are many more than are delivered side by side. */
START_TEST(entities_that_rest_do_not_delay_others_of_their_user)
{
    const unsigned failing = 200, others = 40;
    unsigned i, round;

    world.server.bad_status = 500;
    for (i = 1; i <= failing; i++)
        delivery_store_bad(i, 50000 + i);
    world_run(&world, 20 * SECOND_MS);
    for (round = 0; round < 10; round++) {
        for (i = 1; i <= others; i++)
            delivery_store_many(failing + i, 5);
        world_run(&world, SECOND_MS / 5);
        ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), failing);
        world_run(&world, SECOND_MS / 2);
    }
}
END_TEST

START_TEST(a_restart_does_not_forget_the_attempts)
{
    world.server.bad_status = 500;
    delivery_store_bad(1, 50000);
    world_run(&world, 5 * MINUTE_MS);
    delivery_restart();
    world_run(&world, SECOND_MS);
    delivery_run_all(15 * MINUTE_MS);
    ck_assert_int_ge(delivery_aside()->attempts, 5);
    ck_assert_uint_le(world.server.call_count, 15);
}
END_TEST

START_TEST(unauthorized_rows_wait_until_the_credential_has_passed)
{
    world.server.bad_status = 401;
    delivery_store_bad(1, 50000);
    world_run(&world, MINUTE_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 1);
    world.services.upstream.accepted_ms = world_now(&world) + MINUTE_MS;
    delivery_run_all(15 * MINUTE_MS);
    ck_assert_int_eq(delivery_aside()->status, 401);
}
END_TEST

/* ---- set aside without a call ---- */

#define CHANGED "it is not a write of telemetry or attributes: the file has been changed"

static const struct {
    struct delivery_write write;
    const char *reason;
} strangers[] = {
    {{.entity = 1, .url = "https://other.example"}, "it was written for another server"},
    {{.entity = 1, .tenant = "13814000-1dd2-11b2-8080-808080808080"}, NULL},
    {{.entity = 1, .boot_id = "another", .boot_ms = 5},
     "the time is not known: it was written before a restart of the host, whose clock was not set"},
    {{.entity = 1, .target = "/api/auth/logout"}, CHANGED},
    {{.entity = 1, .target = "/api/plugins/telemetry/DEVICE/1/timeseries/ANY?x HTTP/1.1"}, CHANGED},
    {{.entity = 1, .target = "/api/plugins/telemetry/DEVICE/1/timeseries/ANY?x\r\nX: y"}, CHANGED},
};

START_TEST(what_can_never_be_delivered_is_set_aside)
{
    unsigned i;

    for (i = 0; i < 10; i++)
        delivery_store(&strangers[_i].write);
    delivery_store_many(1, 10);
    delivery_run_all(5 * SECOND_MS);
    delivery_assert_stored(1, 10);
    if (!strangers[_i].reason) /* there is no session that tells the tenant */
        return;
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), 10);
    ck_assert_str_eq(delivery_aside()->reason, strangers[_i].reason);
    ck_assert_uint_eq(world_count(&world, METRICS_SPOOL_SET_ASIDE), 10);
}
END_TEST

START_TEST(rows_without_times_get_those_of_their_arrival)
{
    int64_t arrived_ms = world_now(&world) - 10000;
    unsigned i;

    for (i = 1; i <= 200; i++)
        delivery_store(&(struct delivery_write){
            .entity = 1, .serial = i, .boot_id = spool_boot_id(), .boot_ms = arrived_ms + (i + 1) / 2});
    delivery_run_all(5 * SECOND_MS);
    for (i = 1; i <= 200; i++) {
        int64_t ts_ms = world.server.writes[i].ts_ms;
        int64_t expected_ms =
            upstream_clock_now_ms(&world.services.upstream.clock) - world_now(&world) + arrived_ms;

        ck_assert_uint_eq(world.server.writes[i].points, 1);
        ck_assert_int_le(llabs(ts_ms - expected_ms - i), 5000);
        ck_assert(i == 1 || ts_ms > world.server.writes[i - 1].ts_ms);
    }
}
END_TEST

/* Without its times, the server would give it those of its delivery. */
START_TEST(what_is_too_large_with_its_times_is_set_aside)
{
    const char element[] = "{\"w1\":50000},", *last = "{\"w1\":50000}]";
    const unsigned grown = sizeof("{\"ts\":1700000000000,\"values\":{\"w1\":50000}},") - 1;
    const unsigned most = (SPOOL_BODY_MAX - 1) / grown; /* a comma less, two brackets more */
    CLEANUP(buf_free) struct buf body = BUF_INIT(SPOOL_BODY_MAX);
    unsigned i;

    buf_append_string(&body, "[");
    for (i = 1; i < most + (unsigned)_i; i++)
        buf_append_string(&body, element);
    buf_append_string(&body, last);
    delivery_store(&(struct delivery_write){
        .entity = 1, .body = body.data, .boot_id = spool_boot_id(), .boot_ms = world_now(&world)});
    delivery_store_many(1, 1);
    delivery_run_all(5 * SECOND_MS);
    delivery_assert_stored(1, 1);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), (unsigned)_i);
    if (_i)
        ck_assert_str_eq(delivery_aside()->reason, "with a time for each value it would exceed 1 MiB");
    ck_assert_uint_eq(world_count(&world, METRICS_SPOOL_SET_ASIDE), (unsigned)_i);
}
END_TEST

/* ---- outages ---- */

START_TEST(an_outage_of_an_hour_takes_few_calls)
{
    unsigned before;

    world_stop_server(&world);
    delivery_store_many(1, 100);
    delivery_store_many(2, 100);
    world_run(&world, 60 * MINUTE_MS);
    ck_assert_uint_le(world.server.call_count, 200);
    before = world.server.call_count;
    world_start_server(&world);
    delivery_run_all(2 * SECOND_MS);
    delivery_assert_stored(1, 200);
    ck_assert_uint_le(world.server.call_count, before + 10);
}
END_TEST

START_TEST(a_gateway_that_fails_is_waited_out)
{
    world.server.faults.error_503 = 1000;
    delivery_store_many(1, 10);
    world_run(&world, 10 * MINUTE_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 10);
    ck_assert_uint_le(world.server.call_count, 40);
    world.server.faults.error_503 = 0;
    delivery_run_all(40 * SECOND_MS);
    delivery_assert_stored(1, 10);
}
END_TEST

START_TEST(at_random_nothing_is_lost_or_doubled)
{
    unsigned i;

    world.server.faults = (struct server_faults){
        .reset = 50, .lost = 50, .late = 20, .error_503 = 50, .error_500 = 10, .unauthorized = 20};
    world.late_delivery = true;
    for (i = 0; i < 20; i++) {
        delivery_store_many(unit_random() % 100, unit_random() % 50);
        world_run(&world, unit_random() % 3000);
        if (unit_random() % 5 == 0)
            delivery_restart();
    }
    delivery_run_all(60 * MINUTE_MS);
    for (i = 1; i <= delivery_serial(); i++) {
        ck_assert_uint_eq(world.server.writes[i].points, 1);
        ck_assert_int_eq(world.server.writes[i].ts_ms, 1000 + i);
    }
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), 0);
    ck_assert_uint_eq(world.server.most_writes_of_one > 0, 1);
}
END_TEST

/* ---- turns ---- */

START_TEST(the_limit_is_used_and_kept)
{
    unsigned i;

    world_budget(&world, "50:1", false, 64);
    server_limit(&world.server, "50:1");
    for (i = 0; i < 100; i++)
        delivery_store(&(struct delivery_write){.kind = TELEMETRY, .entity = i, .serial = i + 1});
    for (i = 0; i < 100; i++) /* they do not go with the others */
        delivery_store(&(struct delivery_write){.kind = ATTRIBUTES, .entity = i, .serial = 1000 + i});
    delivery_run_all(60 * SECOND_MS);
    ck_assert_uint_eq(world.server.refused, 0);
    ck_assert_int_le(world_now(&world) - WORLD_START_MS,
                     400 * 1000 / 45 + 500); /* two tokens for each call */
}
END_TEST

static unsigned answered;

static void answer_noted(struct local *local)
{
    answered += local->status == 200;
}

/* Requests of devices: one token each. */
static void ask(unsigned count)
{
    while (count-- > 0)
        world_begin(&world, &(struct wish){.kind = DEVICE,
                                           .user = 1000,
                                           .entity = count,
                                           .wait_ms = WORLD_NO_WISH,
                                           .answered = answer_noted});
}

START_TEST(live_requests_go_first_but_the_spool_has_every_tenth_token)
{
    unsigned before, i;

    world_budget(&world, "50:1", false, 64);
    server_limit(&world.server, "50:1");
    answered = 0;
    ask(1000);
    for (i = 0; i < 200; i++)
        delivery_store(&(struct delivery_write){.entity = i, .serial = i + 1});
    world_run(&world, 10 * SECOND_MS);
    before = 200 - (unsigned)delivery_rows(SPOOL_WAITING);
    ck_assert_uint_ge(answered, 400);
    ck_assert_uint_ge(before, 40); /* of 550 tokens, a tenth of the turns, two tokens each */
    ck_assert_uint_le(before, 60);
    world_run_all(&world, 10 * MINUTE_MS);
    delivery_run_all(MINUTE_MS);
}
END_TEST

/* Not one round of all entities for each batch. */
START_TEST(a_user_with_many_entities_does_not_delay_others)
{
    const unsigned many = 240, few = 5;
    unsigned i;

    world_budget(&world, "10:1", false, 64);
    server_limit(&world.server, "10:1");
    for (i = 1; i <= many; i++)
        delivery_store(&(struct delivery_write){.entity = i, .serial = i, .principal = "uid:1001"});
    world_run(&world, 2 * SECOND_MS);
    for (i = 1; i <= few; i++)
        delivery_store(&(struct delivery_write){.entity = many + i, .serial = many + i});
    world_run(&world, 4 * SECOND_MS);
    delivery_assert_stored(many + 1, few);
    ck_assert_uint_gt(delivery_rows(SPOOL_WAITING), many / 2);
}
END_TEST

START_TEST(a_refusal_by_the_limit_is_waited_out)
{
    server_limit(&world.server, "10:1");
    world_budget(&world, "", true, 64);
    delivery_store_many(1, 10);
    delivery_store_many(2, 10);
    delivery_store_many(3, 10);
    server_use_up(&world.server);
    delivery_run_all(2 * MINUTE_MS);
    delivery_assert_stored(1, 30);
}
END_TEST

/* ---- the file, the stop ---- */

START_TEST(what_waits_again_goes_to_whatever_server_there_is)
{
    struct spool_file *file = &spool.writer.file;
    const struct spool_row *row;

    delivery_store(&(struct delivery_write){.entity = 1, .serial = 1, .url = "https://other.example"});
    delivery_run_all(SECOND_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), 1);
    row = delivery_aside();
    ck_assert_int_eq(spool_file_begin(file), 0);
    ck_assert_int_eq(spool_file_retry(file, row->id), 0);
    ck_assert_int_eq(spool_file_commit(file), 0);
    spool_look_found(&spool, row);
    delivery_run_all(SECOND_MS);
    delivery_assert_stored(1, 1);
}
END_TEST

START_TEST(what_could_not_be_noted_is_noted_later_and_not_sent_again)
{
    delivery_store_many(1, 10);
    while (world.server.call_count == 0)
        world_run(&world, 1);
    delivery_file_error = -EIO;
    world_run(&world, 5 * SECOND_MS);
    delivery_file_error = 0;
    delivery_run_all(5 * SECOND_MS);
    delivery_assert_stored(1, 10);
    ck_assert_uint_eq(world.server.call_count, 1);
}
END_TEST

START_TEST(a_stop_begins_no_call)
{
    delivery_store_many(1, 10);
    while (world.server.call_count == 0)
        world_run(&world, 1);
    delivery_store_many(2, 10);
    world.services.draining = true;
    ck_assert(!spool_delivery_is_idle(&spool.delivery));
    world_run(&world, SECOND_MS);
    ck_assert(spool_delivery_is_idle(&spool.delivery));
    ck_assert_uint_eq(world.server.call_count, 1);
    world.services.draining = false;
    delivery_restart();
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 10);
    delivery_run_all(SECOND_MS);
    delivery_assert_stored(1, 20);
}
END_TEST

START_TEST(batches_in_memory_are_bounded)
{
    char body[40000];
    unsigned i;

    memset(body, 'x', sizeof(body));
    memcpy(body, "{\"ts\":1,\"values\":{\"w1\":1}}", 26);
    memset(body + 26, ' ', sizeof(body) - 27);
    body[sizeof(body) - 1] = '\0';
    world_stop_server(&world);
    for (i = 0; i < 200; i++)
        delivery_store(&(struct delivery_write){.entity = i % 100, .body = body});
    world_run(&world, 10 * SECOND_MS);
    world_start_server(&world);
    while (delivery_rows(SPOOL_WAITING) > 0) {
        world_run(&world, 1);
        ck_assert_uint_le(spool.entities.bytes.used, SPOOL_DELIVERY_BYTES + (1 << 20));
    }
}
END_TEST

UNIT_SUITE(spool_delivery)
{
    TCase *tcase;
    Suite *suite = unit_suite_create("spool_delivery", &tcase);

    tcase_add_checked_fixture(tcase, delivery_open, delivery_close);
    tcase_add_test(tcase, rows_are_delivered_and_merged);
    tcase_add_test(tcase, what_waits_at_the_start_is_delivered);
    tcase_add_test(tcase, what_another_file_has_is_looked_for_from_its_start);
    tcase_add_test(tcase, entities_go_side_by_side_one_call_for_each);
    tcase_add_test(tcase, attributes_and_telemetry_of_an_entity_keep_their_order);
    tcase_add_test(tcase, a_failing_server_is_asked_five_times_in_ten_minutes);
    tcase_add_test(tcase, entities_that_rest_do_not_delay_others_of_their_user);
    tcase_add_test(tcase, a_restart_does_not_forget_the_attempts);
    tcase_add_test(tcase, unauthorized_rows_wait_until_the_credential_has_passed);
    tcase_add_loop_test(tcase, what_can_never_be_delivered_is_set_aside, 0,
                        (int)(sizeof(strangers) / sizeof(strangers[0])));
    tcase_add_test(tcase, rows_without_times_get_those_of_their_arrival);
    tcase_add_loop_test(tcase, what_is_too_large_with_its_times_is_set_aside, 0, 2);
    tcase_add_test(tcase, an_outage_of_an_hour_takes_few_calls);
    tcase_add_test(tcase, a_gateway_that_fails_is_waited_out);
    tcase_add_test(tcase, at_random_nothing_is_lost_or_doubled);
    tcase_add_test(tcase, the_limit_is_used_and_kept);
    tcase_add_test(tcase, live_requests_go_first_but_the_spool_has_every_tenth_token);
    tcase_add_test(tcase, a_user_with_many_entities_does_not_delay_others);
    tcase_add_test(tcase, a_refusal_by_the_limit_is_waited_out);
    tcase_add_test(tcase, what_waits_again_goes_to_whatever_server_there_is);
    tcase_add_test(tcase, what_could_not_be_noted_is_noted_later_and_not_sent_again);
    tcase_add_test(tcase, a_stop_begins_no_call);
    tcase_add_test(tcase, batches_in_memory_are_bounded);
    return suite;
}
