/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_age.h"

#include "proxy/spool/spool_boot.h"
#include "spool_delivery_world.h"

/* The server is away. */
static void set_up(void)
{
    delivery_open();
    world.config.spool.max_age_hours = 1;
    world_stop_server(&world);
    world_report(&world, FAILOVER_UNREACHABLE);
}

static void tear_down(void)
{
    delivery_close();
}

START_TEST(old_rows_are_dropped)
{
    delivery_store_many(1, SPOOL_AGE_ROWS + 10);
    world_run(&world, 30 * MINUTE_MS);
    delivery_store_many(2, 10);
    world_run(&world, 29 * MINUTE_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), SPOOL_AGE_ROWS + 20);
    world_run(&world, 3 * MINUTE_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 10);
    ck_assert_uint_eq(world_count(&world, METRICS_SPOOL_DROPPED), SPOOL_AGE_ROWS + 10);
    ck_assert_ptr_null(spool_entities_find(&spool.entities, "DEVICE:1"));
    ck_assert_ptr_nonnull(spool_entities_find(&spool.entities, "DEVICE:2"));
    world_start_server(&world);
    delivery_run_all(MINUTE_MS);
    delivery_assert_stored(SPOOL_AGE_ROWS + 11, 10);
}
END_TEST

START_TEST(without_a_bound_none_is_dropped)
{
    world.config.spool.max_age_hours = 0;
    delivery_store_many(1, 10);
    world_run(&world, 300 * MINUTE_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 10);
}
END_TEST

START_TEST(rows_without_a_time_have_no_age)
{
    unsigned i;

    for (i = 0; i < 2 * SPOOL_AGE_ROWS; i++)
        delivery_store(&(struct delivery_write){.entity = 1, .boot_id = spool_boot_id(), .boot_ms = i});
    delivery_store_many(2, 10);
    world_run(&world, 70 * MINUTE_MS);
    ck_assert_uint_eq(delivery_rows(SPOOL_WAITING), 2 * SPOOL_AGE_ROWS);
}
END_TEST

UNIT_SUITE(spool_age)
{
    TCase *tcase;
    Suite *suite = unit_suite_create("spool_age", &tcase);

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, old_rows_are_dropped);
    tcase_add_test(tcase, without_a_bound_none_is_dropped);
    tcase_add_test(tcase, rows_without_a_time_have_no_age);
    return suite;
}
