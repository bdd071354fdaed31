/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of one user that fail, or are large, do not hold up those of others.
 */
#include <stdlib.h>
#include <string.h>

#include "proxy/spool/spool_slot.h"
#include "spool_delivery_world.h"

#define ALICE "uid:1000"
#define BOB   "uid:1001"

#define BAD 50000 /* serials of bad rows */

static void store_bad(unsigned entity)
{
    delivery_store(&(struct delivery_write){
        .entity = entity, .writer = 1, .serial = BAD + entity, .principal = ALICE, .bad = true});
}

static void store_of_bob(unsigned entity, unsigned serial)
{
    delivery_store(&(struct delivery_write){.entity = entity, .serial = serial, .principal = BOB});
}

static const struct spool_backlog *find(unsigned entity)
{
    char key[32];

    snprintf(key, sizeof(key), "DEVICE:%u", entity);
    return spool_entities_find(&spool.entities, key);
}

/* ---- answers that look as if the server were away ---- */

static const int away_statuses[] = {0, 302, 408, 502, 503, 504};

START_TEST(a_row_that_fails_does_not_stop_others)
{
    unsigned i;

    world.server.bad_status = away_statuses[_i];
    store_bad(1);
    world_run(&world, MINUTE_MS);
    for (i = 1; i <= 20; i++) {
        store_of_bob(10 + i, i);
        world_run(&world, SECOND_MS / 2);
    }
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 1);
    delivery_assert_stored(2, 18); /* the first waited for the next try; most waited for nothing */
    ck_assert(!spool.delivery.is_away);
}
END_TEST

/* Each of them fails first when nobody else is answered. */
START_TEST(many_rows_that_fail_delay_others_for_a_moment)
{
    unsigned i;

    world.server.bad_status = 502;
    for (i = 1; i <= 20; i++) {
        store_bad(i);
        store_of_bob(100 + i, i);
        world_run(&world, SECOND_MS / 5);
        delivery_assert_stored(1, i);
    }
    world_run(&world, 10 * MINUTE_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 20);
    ck_assert_uint_eq(delivery_rows(SPOOL_ASIDE), 0);
    world.server.bad_status = 200;
    delivery_run_all(7 * MINUTE_MS);
}
END_TEST

static unsigned answered;

static void answer_noted(struct local *local)
{
    answered += local->status == 200;
}

static void ask(void)
{
    world_begin(
        &world,
        &(struct wish){
            .kind = DEVICE, .user = 1001, .entity = 1, .wait_ms = WORLD_NO_WISH, .answered = answer_noted});
    world_run(&world, SECOND_MS / 2);
}

/* The row is alone in the spool. */
START_TEST(an_answer_to_a_request_shows_that_the_server_is_there)
{
    unsigned i, calls;

    answered = 0;
    world.server.bad_status = 502;
    store_bad(1);
    for (i = 0; i < 120; i++)
        ask();
    ck_assert_uint_eq(answered, 120);
    ck_assert(!spool.delivery.is_away);
    ck_assert_uint_ge(find(1)->failures, 2);
    calls = world.server.call_count - 120;
    ck_assert_uint_ge(calls, 3);
    ck_assert_uint_le(calls, 8); /* it rests as after 500 */
}
END_TEST

/* Also if one of them rests for another reason, which takes a place. */
START_TEST(each_try_of_a_server_that_is_away_is_for_another_entity)
{
    unsigned i;

    world.server.bad_status = 500;
    store_bad(9);
    world_run(&world, SECOND_MS);
    world.server.faults.error_503 = 1000;
    for (i = 1; i <= 3; i++) {
        delivery_store(&(struct delivery_write){.entity = i, .serial = i, .principal = ALICE});
        world_run(&world, SECOND_MS / 4);
    }
    store_of_bob(4, 4);
    world_run(&world, SECOND_MS / 4);
    ck_assert_int_gt(find(4)->failed_ms, 0); /* at once: only rows of one user had failed */
    world_run(&world, 2 * MINUTE_MS);
    for (i = 1; i <= 4; i++)
        ck_assert_int_gt(find(i)->failed_ms, 0);
    ck_assert_uint_le(world.server.call_count, 16);
    world.server.faults.error_503 = 0;
    world_run(&world, SPOOL_DELIVERY_AWAY_MAX + SPOOL_DELIVERY_AWAY_MAX / 2);
    delivery_assert_stored(1, 4);
}
END_TEST

/* ---- large rows ---- */

#define LARGE (250 * 1000)

/* One that is alone has the bytes of a user, and what each of its batches grew to before that was known. */
static void store_large(enum kind kind, unsigned count)
{
    const char *start = kind == TELEMETRY ? "{\"ts\":1,\"values\":{\"w1\":50000}" : "{\"w1\":50000";
    char *body = malloc(LARGE + 1);
    unsigned i;

    memset(body, ' ', LARGE);
    memcpy(body, start, strlen(start));
    body[LARGE - 1] = '}';
    body[LARGE] = '\0';
    for (i = 1; i <= count; i++)
        delivery_store(&(struct delivery_write){.kind = kind, .entity = i, .principal = ALICE, .body = body});
    free(body);
    world_run(&world, 5 * SECOND_MS);
    ck_assert_uint_ge(find(1)->owner->bytes.used, SPOOL_DELIVERY_BYTES - SPOOL_ENTITIES_BATCH);
    ck_assert_uint_lt(list_count(&spool.delivery.slots), count);
}

static void assert_others_go_on(void)
{
    unsigned i;

    for (i = 1; i <= 10; i++)
        store_of_bob(100 + i, i);
    world_run(&world, 2 * SECOND_MS);
    delivery_assert_stored(1, 10);
}

/* As many as are sent side by side. */
START_TEST(rows_for_which_the_server_hangs_leave_places_in_flight_to_others)
{
    unsigned i;

    world.server.work_min_ms = world.server.work_max_ms = 60 * MINUTE_MS;
    for (i = 1; i <= 64; i++)
        delivery_store(&(struct delivery_write){.entity = i, .serial = BAD + i, .principal = ALICE});
    world_run(&world, 5 * SECOND_MS);
    ck_assert_uint_eq(find(1)->owner->in_flight, quota_part(quota_part(64)));
    world.server.work_min_ms = world.server.work_max_ms = 5;
    assert_others_go_on();
}
END_TEST

START_TEST(large_rows_for_which_the_server_hangs_leave_room_for_others)
{
    world.server.work_min_ms = world.server.work_max_ms = 60 * MINUTE_MS;
    store_large(TELEMETRY, 40);
    world.server.work_min_ms = world.server.work_max_ms = 5;
    assert_others_go_on();
}
END_TEST

START_TEST(large_rows_that_their_limit_holds_back_leave_room_for_others)
{
    server_limit_operation(&world.server, "/attributes/", "1:3600");
    store_large(ATTRIBUTES, 40);
    assert_others_go_on();
}
END_TEST

UNIT_SUITE(spool_delivery_others)
{
    TCase *tcase;
    Suite *suite = unit_suite_create("spool_delivery_others", &tcase);

    tcase_add_checked_fixture(tcase, delivery_open, delivery_close);
    tcase_add_loop_test(tcase, a_row_that_fails_does_not_stop_others, 0,
                        (int)(sizeof(away_statuses) / sizeof(away_statuses[0])));
    tcase_add_test(tcase, many_rows_that_fail_delay_others_for_a_moment);
    tcase_add_test(tcase, an_answer_to_a_request_shows_that_the_server_is_there);
    tcase_add_test(tcase, each_try_of_a_server_that_is_away_is_for_another_entity);
    tcase_add_test(tcase, rows_for_which_the_server_hangs_leave_places_in_flight_to_others);
    tcase_add_test(tcase, large_rows_for_which_the_server_hangs_leave_room_for_others);
    tcase_add_test(tcase, large_rows_that_their_limit_holds_back_leave_room_for_others);
    return suite;
}
