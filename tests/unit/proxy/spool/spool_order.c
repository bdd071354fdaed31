/* SPDX-License-Identifier: Apache-2.0 */
/* Writes in the mode "outage", on a virtual clock: what is taken, when, and in which order the server gets
 * it. */
#include <errno.h>

#include "base/util.h"
#include "proxy/spool/spool_pending.h"
#include "proxy/spool/spool_room.h"
#include "spool_delivery_world.h"
#include "unit.h"

#define ALICE    1000
#define BOB      1001
#define AFTER_MS 1000
#define EXACT_MS 20 /* with the commit */

static struct result {
    int status;
    int64_t took_ms;
} results[SERVER_SERIALS];

static void set_up(void)
{
    delivery_open();
    world.config.spool.mode = SPOOL_MODE_OUTAGE;
    world.config.spool.after_ms = AFTER_MS;
    world.config.spool.status = 202;
    world.config.spool.max_body_bytes = 100000;
    world.config.spool.max_rows = 100000;
    world.config.spool.max_bytes = 100000000;
    spool_configure(&spool);
    memset(results, 0, sizeof(results));
    world_run(&world, 100);
    ck_assert(spool.entities.all_known);
}

static void note(struct local *local)
{
    results[local->serial] = (struct result){local->status, local->answered_ms - local->begun_ms};
}

static struct local *begin(enum kind kind, unsigned entity, unsigned writer)
{
    return world_begin(&world, &(struct wish){.kind = kind,
                                              .user = ALICE,
                                              .entity = entity,
                                              .writer = writer,
                                              .wait_ms = WORLD_NO_WISH,
                                              .answered = note});
}

static void go_away(void)
{
    world_stop_server(&world);
    begin(DEVICE, 0, 0);
    world_run(&world, 50);
    ck_assert(world.forward.slow_start.is_closed);
}

static void assert_answered(unsigned serial, int status, int64_t after_ms)
{
    ck_assert_int_eq(results[serial].status, status);
    ck_assert_int_ge(results[serial].took_ms, after_ms);
    ck_assert_int_le(results[serial].took_ms, after_ms + EXACT_MS);
}

START_TEST(a_write_waits_a_second_for_the_server_and_later_ones_do_not)
{
    unsigned first;

    go_away();
    first = begin(TELEMETRY, 1, 1)->serial;
    world_run(&world, AFTER_MS + EXACT_MS);
    begin(TELEMETRY, 1, 2);
    begin(ATTRIBUTES, 1, 1);
    begin(TELEMETRY, 2, 1);
    world_run(&world, AFTER_MS + EXACT_MS);
    assert_answered(first, 202, AFTER_MS);
    assert_answered(first + 1, 202, 0);
    assert_answered(first + 2, 202, 0);
    assert_answered(first + 3, 202, AFTER_MS);
    world_start_server(&world);
    delivery_run_all(MINUTE_MS);
    ck_assert_uint_eq(world.server.attributes[1][1], first + 2);
    ck_assert_uint_eq(world.server.writes[first].executions, 1);
    ck_assert_uint_eq(world.server.writes[first + 3].executions, 1);
    ck_assert_uint_eq(spool.entities.records.used, 0);
}
END_TEST

/* On a slow disk, one user does not take the places of all. */
START_TEST(others_can_store_while_one_stores_much)
{
    struct wish bobs = {
        .kind = TELEMETRY, .user = BOB, .entity = 2, .wait_ms = WORLD_NO_WISH, .answered = note};
    unsigned i, first, bob, stored = 0;

    world.config.spool.mode = SPOOL_MODE_ALWAYS;
    first = begin(TELEMETRY, 1, 0)->serial;
    for (i = 1; i < SPOOL_WRITER_WORKS_MAX; i++)
        begin(TELEMETRY, 1, 0);
    bob = world_begin(&world, &bobs)->serial;
    world_run(&world, 10 * SECOND_MS);
    ck_assert_int_eq(results[bob].status, 202);
    for (i = 0; i < SPOOL_WRITER_WORKS_MAX; i++)
        stored += results[first + i].status == 202;
    ck_assert_uint_ge(stored, 2000);
    ck_assert_uint_lt(stored, SPOOL_WRITER_WORKS_MAX * 3 / 4);
    ck_assert_uint_eq(world.services.principals.shares.storing.used, 0);
}
END_TEST

/* Rows of so many entities that one user has no share of the records left, all of them on the way. */
static void use_up_records(size_t by)
{
    struct spool_backlog *backlog;
    char key[40];
    unsigned i;

    for (i = 0; i < SPOOL_ENTITIES_MAX; i++) {
        snprintf(key, sizeof(key), "DEVICE:of alice:%u", i);
        ck_assert_int_eq(spool_entities_get(&spool.entities, "uid:1000", key, &backlog), 0);
        backlog->storing += by;
        spool_entities_tidy(&spool.entities, backlog);
    }
}

START_TEST(a_user_with_many_entities_does_not_send_others_into_the_spool)
{
    struct wish bobs = {
        .kind = ATTRIBUTES, .user = BOB, .entity = 2, .wait_ms = WORLD_NO_WISH, .answered = note};
    unsigned alice, bob;

    use_up_records(1);
    alice = begin(ATTRIBUTES, 1, 1)->serial;
    bob = world_begin(&world, &bobs)->serial;
    world_run(&world, SECOND_MS);
    ck_assert_int_eq(results[alice].status, 503);
    ck_assert_int_eq(results[bob].status, 200);
    ck_assert_uint_eq(world_count(&world, METRICS_SPOOL_STORED), 0);
    ck_assert_uint_eq(world_refusals(&world, METRICS_REFUSED_SPOOL_FULL), 1);
    use_up_records(SIZE_MAX); /* one less */
    ck_assert_uint_eq(spool.entities.records.used, 0);
    alice = begin(ATTRIBUTES, 1, 1)->serial;
    world_run(&world, SECOND_MS);
    ck_assert_int_eq(results[alice].status, 200);
}
END_TEST

/* A file of an older version, or an administrator who retries. */
START_TEST(entities_beyond_the_share_of_their_user_are_delivered_and_others_are_stored_meanwhile)
{
    struct wish bobs = {
        .kind = ATTRIBUTES, .user = BOB, .entity = 2, .wait_ms = WORLD_NO_WISH, .answered = note};
    unsigned i, bob;

    for (i = 0; i < 200; i++)
        delivery_store(
            &(struct delivery_write){.entity = 10 + i, .serial = 1000 + i, .principal = "uid:1000"});
    delivery_restart();
    spool_configure(&spool);
    spool.entities.records.max = 60;
    world_run(&world, 20);
    ck_assert(!spool.entities.all_known);
    bob = world_begin(&world, &bobs)->serial;
    world_run(&world, SECOND_MS);
    ck_assert_int_eq(results[bob].status, 202);
    ck_assert_uint_eq(world.server.attributes[2][0], bob);
    delivery_run_all(MINUTE_MS);
    delivery_assert_stored(1000, 200);
    world_run(&world, 5 * SECOND_MS);
    ck_assert(spool.entities.all_known);
    ck_assert_uint_eq(spool.entities.records.used, 0);
}
END_TEST

/* However long ago the file was read. */
START_TEST(an_entity_that_gets_no_record_is_looked_for_again_soon)
{
    size_t max = spool.entities.records.max;

    world_run(&world, 10 * MINUTE_MS);
    spool.entities.records.max = 0;
    delivery_store(&(struct delivery_write){.entity = 1, .serial = 1});
    spool.entities.records.max = max;
    ck_assert(!spool.entities.all_known);
    world_run(&world, 2 * SPOOL_LOOK_MS);
    ck_assert(spool.entities.all_known);
    delivery_run_all(MINUTE_MS);
    delivery_assert_stored(1, 1);
}
END_TEST

START_TEST(what_waits_follows_the_first_that_is_taken)
{
    unsigned first;

    go_away();
    first = begin(ATTRIBUTES, 1, 1)->serial;
    world_run(&world, AFTER_MS / 2);
    begin(ATTRIBUTES, 1, 1);
    world_run(&world, AFTER_MS / 2 + 2 * EXACT_MS);
    assert_answered(first, 202, AFTER_MS);
    assert_answered(first + 1, 202, AFTER_MS / 2);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 2);
    world_start_server(&world);
    delivery_run_all(MINUTE_MS);
    ck_assert_uint_eq(world.server.attributes[1][1], first + 1);
}
END_TEST

/* LATER, an attribute write of the entity 1, is acknowledged so often, as many writes like it would be. */
static void acknowledge(unsigned times)
{
    struct spool_backlog *backlog = spool_entities_find(&spool.entities, "DEVICE:1");

    while (times-- > 0)
        spool_pending_acknowledged(CONTAINER_OF(backlog->pending.previous, struct spool_pending, link));
}

START_TEST(what_is_left_of_an_attribute_write_takes_no_more_than_its_body)
{
    const struct quota *bodies = &world.services.principals.shares.bodies;
    size_t used;
    unsigned first;

    go_away();
    first = begin(ATTRIBUTES, 1, 1)->serial;
    world_run(&world, AFTER_MS / 2);
    begin(ATTRIBUTES, 1, 2);
    used = bodies->used;
    acknowledge(1000);
    ck_assert_uint_gt(bodies->used, used);
    ck_assert_uint_le(bodies->used, used + used / 2);
    world_run(&world, AFTER_MS);
    ck_assert_int_eq(results[first].status, 202);
    ck_assert_uint_eq(bodies->used, 0);
    world_start_server(&world);
    delivery_run_all(MINUTE_MS);
    ck_assert_uint_eq(world.server.attributes[1][1], first);
}
END_TEST

START_TEST(an_attribute_write_of_which_it_is_not_known_what_is_left_is_not_stored)
{
    struct quota *bodies = &world.services.principals.shares.bodies;
    size_t max = bodies->max;
    unsigned first;

    go_away();
    first = begin(ATTRIBUTES, 1, 1)->serial;
    world_run(&world, AFTER_MS / 2);
    begin(ATTRIBUTES, 1, 2);
    bodies->max = bodies->used;
    acknowledge(1);
    bodies->max = max;
    acknowledge(1);
    world_run(&world, AFTER_MS + EXACT_MS);
    assert_answered(first, 503, AFTER_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 1);
    ck_assert_uint_eq(bodies->used, 0);
    world_start_server(&world);
    delivery_run_all(MINUTE_MS);
}
END_TEST

START_TEST(a_server_that_comes_back_in_time_gets_it_without_the_spool)
{
    unsigned first;

    go_away();
    first = begin(ATTRIBUTES, 1, 1)->serial;
    world_run(&world, AFTER_MS / 2);
    world_start_server(&world);
    world_run(&world, AFTER_MS);
    ck_assert_int_eq(results[first].status, 200);
    ck_assert_uint_eq(world_count(&world, METRICS_SPOOL_STORED), 0);
    ck_assert_uint_eq(spool.entities.records.used, 0);
}
END_TEST

/* A check of the server gets no answer. */
static void be_silent(void)
{
    struct failover *failover = &world.services.upstream.health.failover;

    failover_check(failover, 0, world_now(&world));
    ck_assert_uint_eq(failover_begin_probe(failover, world_now(&world)), 0);
    ck_assert(failover_report_silence(failover, 0));
    forward_health_changed(&world.forward);
}

/* The report of its failure comes before that is dealt with, and after it may be taken. */
START_TEST(what_fails_at_a_server_that_is_away_is_taken)
{
    unsigned first;

    world.server.faults.lost = 1000;
    world.server.work_min_ms = world.server.work_max_ms = AFTER_MS;
    first = begin(TELEMETRY, 1, 1)->serial;
    world_run(&world, AFTER_MS - 60);
    be_silent();
    world_run(&world, 60 + EXACT_MS);
    assert_answered(first, 202, AFTER_MS);
    world.server.faults.lost = 0;
    world_report(&world, FAILOVER_ANSWERED);
    delivery_run_all(MINUTE_MS);
}
END_TEST

/* The earlier one may still become a row, and would be delivered after the later one. */
START_TEST(a_row_waits_for_an_earlier_write_at_the_server)
{
    unsigned slow, taken;

    world.config.spool.after_ms = 0;
    world.server.work_min_ms = world.server.work_max_ms = 3000;
    slow = begin(ATTRIBUTES, 1, 1)->serial;
    world_run(&world, 500);
    world.server.work_min_ms = world.server.work_max_ms = 1;
    world.server.next_status = 503;
    taken = begin(TELEMETRY, 1, 2)->serial;
    world_run(&world, 1500);
    ck_assert_int_eq(results[taken].status, 202);
    ck_assert_int_eq(results[slow].status, 0);
    ck_assert_uint_eq(world.server.writes[taken].executions, 0);
    delivery_run_all(MINUTE_MS);
    ck_assert_int_eq(results[slow].status, 200);
    ck_assert_uint_eq(world.server.writes[taken].executions, 1);
}
END_TEST

START_TEST(a_file_that_fails_is_said)
{
    unsigned first;

    go_away();
    delivery_file_error = -ENOSPC;
    first = begin(TELEMETRY, 1, 1)->serial;
    world_run(&world, AFTER_MS + EXACT_MS);
    assert_answered(first, 503, AFTER_MS);
    ck_assert_uint_eq(world_refusals(&world, METRICS_REFUSED_SPOOL_DISK), 1);
    ck_assert_uint_eq(spool.entities.records.used, 0);
    ck_assert_uint_eq(spool.room.bounds.rows.used, 0);
    delivery_file_error = 0;
    begin(TELEMETRY, 1, 1);
    world_run(&world, AFTER_MS + EXACT_MS);
    assert_answered(first + 1, 202, AFTER_MS);
    world_start_server(&world);
    delivery_run_all(MINUTE_MS);
}
END_TEST

START_TEST(what_may_have_been_executed_and_is_not_stored_does_not_get_503)
{
    unsigned first;

    world.server.faults.lost = 1000;
    delivery_file_error = -ENOSPC;
    first = begin(TELEMETRY, 1, 1)->serial;
    world_run(&world, 2 * AFTER_MS);
    ck_assert_int_eq(results[first].status, 502);
    ck_assert_uint_eq(world_refusals(&world, METRICS_REFUSED_SPOOL_DISK), 1);
    delivery_file_error = 0;
    world.server.faults.lost = 0;
}
END_TEST

START_TEST(a_client_that_leaves_takes_nothing_along)
{
    struct local *local;

    go_away();
    local = begin(TELEMETRY, 1, 1);
    world_run(&world, AFTER_MS - 1); /* it is not taken yet: it gets no response, and nothing is stored */
    world_cut(local);
    local = begin(TELEMETRY, 2, 1);
    world_run(&world, AFTER_MS);
    world_cut(local); /* its row is on the way */
    world_run(&world, EXACT_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 1);
    ck_assert_uint_eq(world.services.principals.shares.bodies.used, 0);
    world_start_server(&world);
    delivery_run_all(MINUTE_MS);
}
END_TEST

/* ---- spool.when_full = "drop-oldest" ---- */

static void drop_oldest(int64_t max_rows, int64_t max_bytes)
{
    world.config.spool.mode = SPOOL_MODE_ALWAYS;
    world.config.spool.when_full = SPOOL_DROP_OLDEST;
    world.config.spool.max_rows = max_rows;
    world.config.spool.max_bytes = max_bytes;
    spool_configure(&spool);
    go_away();
}

/* COUNT writes, one after the other, each of the next entity if they are of DIFFERENT ones. */
static void store(unsigned count, bool different)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        begin(TELEMETRY, different ? 2 + i : 1, 1);
        world_run(&world, EXACT_MS);
    }
}

START_TEST(nothing_is_dropped_for_a_write_that_is_not_stored)
{
    unsigned last;

    drop_oldest(10, 100000);
    store(30, false);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 10);
    spool.next_number--; /* the file has a row with this id */
    last = begin(TELEMETRY, 1, 1)->serial;
    world_run(&world, EXACT_MS);
    ck_assert_int_eq(results[last].status, 503);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 10);
    ck_assert_uint_eq(world_count(&world, METRICS_SPOOL_DROPPED), 20);
}
END_TEST

/* Older rows have brought no names. */
START_TEST(as_much_is_dropped_as_is_stored_with_its_names)
{
    const int64_t max = 10000;

    drop_oldest(1000, max);
    store(200, false);
    store(200, true);
    ck_assert_int_gt(spool.writer.file.totals.bytes[SPOOL_WAITING], max * 9 / 10);
    ck_assert_int_le(spool.writer.file.totals.bytes[SPOOL_WAITING], max);
}
END_TEST

/* As after a reload with a lower bound. Every write makes up for a part of it. */
START_TEST(what_a_user_has_too_much_of_is_dropped)
{
    drop_oldest(10000, 10000000);
    store(SPOOL_DROP_ROWS_MAX + 150, false);
    world.config.spool.max_rows = 100;
    spool_configure(&spool);
    store(1, false);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 151);
    store(1, false);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 100);
    store(10, false);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 100);
    ck_assert_uint_eq(spool.room.bounds.rows.used, 100);
}
END_TEST

/* BLANKS make it large. */
static int store_large(size_t blanks)
{
    unsigned serial = world_begin(&world, &(struct wish){.kind = ATTRIBUTES,
                                                         .user = ALICE,
                                                         .entity = 1,
                                                         .wait_ms = WORLD_NO_WISH,
                                                         .blanks = blanks,
                                                         .answered = note})
                          ->serial;

    world_run(&world, EXACT_MS);
    return results[serial].status;
}

static size_t bytes_in_file(void)
{
    return (size_t)spool.writer.file.totals.bytes[SPOOL_WAITING];
}

/* So that one write does not keep the thread from those of others. */
START_TEST(a_write_for_which_too_many_rows_would_go_is_not_stored)
{
    const size_t max = 250000;
    size_t row, left;

    drop_oldest(100000, (int64_t)max);
    world.config.spool.max_body_bytes = (int64_t)max;
    store(1010, false);
    row = bytes_in_file();
    store(1000, false);
    row = (bytes_in_file() - row) / 1000;
    left = max - bytes_in_file();
    ck_assert_int_eq(store_large(left + (SPOOL_DROP_ROWS_MAX + 20) * row), 503);
    ck_assert_uint_eq(world_count(&world, METRICS_SPOOL_DROPPED), 0);
    ck_assert_int_eq(store_large(left + (SPOOL_DROP_ROWS_MAX - 20) * row), 503);
    spool.room.took_ms = 0; /* of the host's clock, so a slow machine would count much later */
    world_run(&world, 2 * SECOND_MS);
    ck_assert_int_eq(store_large(left + (SPOOL_DROP_ROWS_MAX - 20) * row), 503); /* the file is counted */
    ck_assert_int_eq(store_large(left + (SPOOL_DROP_ROWS_MAX - 20) * row), 202);
    ck_assert_uint_le(bytes_in_file(), max);
    ck_assert_uint_gt(world_count(&world, METRICS_SPOOL_DROPPED), SPOOL_DROP_ROWS_MAX - 40);
}
END_TEST

/* As at the start, with a file so large that the daemon serves before it is open. */
START_TEST(what_must_be_stored_waits_while_the_file_is_being_opened)
{
    struct tb_error none = TB_ERROR_INIT;
    unsigned telemetry, attribute, late, device;

    spool.is_open = false;
    spool.is_opening = true;
    spool.entities.all_known = false;
    late = begin(ATTRIBUTES, 1, 1)->serial;
    world_run(&world, world.config.queue.max_wait_ms - SECOND_MS);
    telemetry = begin(TELEMETRY, 2, 1)->serial;
    attribute = begin(ATTRIBUTES, 2, 1)->serial;
    device = begin(DEVICE, 0, 0)->serial;
    world_run(&world, SECOND_MS + EXACT_MS);
    assert_answered(late, 503, world.config.queue.max_wait_ms);
    ck_assert_int_eq(results[telemetry].status, 200);
    ck_assert_int_eq(results[device].status, 200);
    ck_assert_int_eq(results[attribute].status, 0);
    spool.writer.opened(&spool.writer, 1, &none);
    world_run(&world, SECOND_MS);
    ck_assert_int_eq(results[attribute].status, 202); /* it is not known yet which entities have rows */
    ck_assert_uint_eq(world.server.attributes[2][1], attribute);
    ck_assert(spool.entities.all_known);
}
END_TEST

/* ---- random ---- */

#define WRITERS  12
#define ENTITIES 4
#define WRITES   60 /* of each */

static struct writer {
    unsigned number, entity, left;
    enum kind kind;
    unsigned serial, acknowledged; /* the write under way; the last that was answered with 200 or 202 */
} writers[WRITERS];

static void write_next(struct writer *writer);

static void written(struct local *local)
{
    struct writer *writer = local->wish.owner;

    if (local->status == 200 || local->status == 202)
        writer->acknowledged = local->serial;
    if (writer->kind == TELEMETRY && writer->acknowledged == local->serial)
        results[local->serial].status = local->status;
    write_next(writer);
}

static void write_next(struct writer *writer)
{
    if (writer->left == 0)
        return;
    writer->left--;
    world_begin(&world, &(struct wish){.kind = writer->kind,
                                       .user = WORLD_TCP((int)writer->number),
                                       .entity = writer->entity,
                                       .writer = writer->number,
                                       .wait_ms = WORLD_NO_WISH,
                                       .answered = written,
                                       .owner = writer});
}

static void begin_writers(void)
{
    unsigned i;

    for (i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.number = i,
                                     .entity = unit_random() % ENTITIES,
                                     .left = WRITES,
                                     .kind = unit_random() % 3 == 0 ? TELEMETRY : ATTRIBUTES};
        write_next(&writers[i]);
    }
}

static bool are_done(void)
{
    unsigned i;

    for (i = 0; i < WRITERS; i++)
        if (writers[i].left > 0)
            return false;
    return world.open == 0;
}

/* The server goes, comes, and fails in between. */
static void disturb(void)
{
    world.server.faults = (struct server_faults){
        .reset = unit_random() % 100, .lost = unit_random() % 100, .error_503 = unit_random() % 300};
    if (world.server.is_away)
        world_start_server(&world);
    else if (unit_random() % 3 == 0)
        world_stop_server(&world);
    world_run(&world, 10 + unit_random() % 4000);
}

static void assert_last_value(const struct writer *writer)
{
    unsigned serial;

    if (writer->kind == ATTRIBUTES)
        ck_assert_uint_eq(world.server.attributes[writer->entity][writer->number], writer->acknowledged);
    for (serial = 1; writer->kind == TELEMETRY && serial <= world.serial; serial++)
        if (results[serial].status != 0)
            ck_assert_uint_eq(world.server.writes[serial].points, 1);
}

START_TEST(nothing_is_lost_and_no_old_value_comes_back)
{
    unsigned i;

    world.config.spool.after_ms = unit_random() % 2 * AFTER_MS;
    begin_writers();
    for (i = 0; i < 3000 && !are_done(); i++)
        disturb();
    ck_assert(are_done());
    world.server.faults = (struct server_faults){0};
    if (world.server.is_away)
        world_start_server(&world);
    delivery_run_all(60 * MINUTE_MS);
    ck_assert_uint_gt(world_count(&world, METRICS_SPOOL_STORED), 10);
    for (i = 0; i < WRITERS; i++)
        assert_last_value(&writers[i]);
    ck_assert_uint_eq(spool.entities.records.used, 0);
    ck_assert_uint_eq(world.services.principals.shares.bodies.used, 0);
}
END_TEST

UNIT_SUITE(spool_order)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_order", &tests);

    tcase_add_checked_fixture(tests, set_up, delivery_close);
    tcase_add_test(tests, a_write_waits_a_second_for_the_server_and_later_ones_do_not);
    tcase_add_test(tests, others_can_store_while_one_stores_much);
    tcase_add_test(tests, a_user_with_many_entities_does_not_send_others_into_the_spool);
    tcase_add_test(tests,
                   entities_beyond_the_share_of_their_user_are_delivered_and_others_are_stored_meanwhile);
    tcase_add_test(tests, an_entity_that_gets_no_record_is_looked_for_again_soon);
    tcase_add_test(tests, what_waits_follows_the_first_that_is_taken);
    tcase_add_test(tests, what_is_left_of_an_attribute_write_takes_no_more_than_its_body);
    tcase_add_test(tests, an_attribute_write_of_which_it_is_not_known_what_is_left_is_not_stored);
    tcase_add_test(tests, a_server_that_comes_back_in_time_gets_it_without_the_spool);
    tcase_add_test(tests, what_fails_at_a_server_that_is_away_is_taken);
    tcase_add_test(tests, a_row_waits_for_an_earlier_write_at_the_server);
    tcase_add_test(tests, a_file_that_fails_is_said);
    tcase_add_test(tests, what_may_have_been_executed_and_is_not_stored_does_not_get_503);
    tcase_add_test(tests, a_client_that_leaves_takes_nothing_along);
    tcase_add_test(tests, nothing_is_dropped_for_a_write_that_is_not_stored);
    tcase_add_test(tests, as_much_is_dropped_as_is_stored_with_its_names);
    tcase_add_test(tests, what_a_user_has_too_much_of_is_dropped);
    tcase_add_test(tests, a_write_for_which_too_many_rows_would_go_is_not_stored);
    tcase_add_test(tests, what_must_be_stored_waits_while_the_file_is_being_opened);
    tcase_add_loop_test(tests, nothing_is_lost_and_no_old_value_comes_back, 0, unit_rounds(20));
    return suite;
}
