/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_bounds.h"

#include <errno.h>

#include "unit.h"

#define MAX_ROWS  100
#define MAX_BYTES 10000

static struct spool_bounds bounds;
static struct spool_totals in_file;
static bool is_old;

static void set_up(void)
{
    bounds = (struct spool_bounds){0};
    in_file = (struct spool_totals){0};
    spool_bounds_set(&bounds, MAX_ROWS, MAX_BYTES);
}

static void tear_down(void)
{
    spool_bounds_free(&bounds);
}

static int take(const char *name, size_t bytes)
{
    return spool_bounds_take(&bounds, name, (struct spool_amount){1, bytes}, &in_file, &is_old);
}

/* A row that is in the file at once. */
static int store(const char *name, size_t bytes)
{
    int r = take(name, bytes);

    if (r < 0)
        return r;
    spool_bounds_settle(&bounds, name, (struct spool_amount){1, bytes}, (struct spool_amount){1, bytes});
    in_file.rows[SPOOL_WAITING]++;
    in_file.bytes[SPOOL_WAITING] += (int64_t)bytes;
    return 0;
}

static int store_many(const char *name, size_t bytes)
{
    int count = 0;

    while (store(name, bytes) == 0)
        count++;
    return count;
}

START_TEST(one_that_is_alone_has_all_rows)
{
    ck_assert_int_eq(store_many("uid:1", 1), MAX_ROWS);
    ck_assert_int_eq(store("uid:1", 1), -EDQUOT);
    ck_assert(is_old);
}
END_TEST

START_TEST(bytes_have_a_bound_too)
{
    ck_assert_int_eq(store_many("uid:1", MAX_BYTES / 4), 4);
    ck_assert_int_eq(store("uid:1", 1), -EDQUOT);
    ck_assert_int_eq(store("uid:2", MAX_BYTES / 4), 0);
}
END_TEST

START_TEST(something_is_left_for_others)
{
    int second;

    store_many("uid:1", 1);
    second = store_many("uid:2", 1);
    ck_assert_int_gt(second, 0);
    ck_assert_int_lt(second, MAX_ROWS / 3 + 1);
    ck_assert_int_eq(store("uid:3", 1), 0);
}
END_TEST

START_TEST(what_is_not_stored_does_not_count)
{
    int i;

    for (i = 0; i < 3 * MAX_ROWS; i++) {
        ck_assert_int_eq(take("uid:1", 1), 0);
        spool_bounds_settle(&bounds, "uid:1", (struct spool_amount){1, 1}, (struct spool_amount){0});
    }
    ck_assert_uint_eq(bounds.rows.used, 0);
    ck_assert_uint_eq(bounds.bytes.used, 0);
    ck_assert_uint_eq(bounds.new.rows, 0);
}
END_TEST

/* Rows have left the file: the total says so before it is counted again. */
START_TEST(nobody_is_refused_by_an_old_count)
{
    store_many("uid:1", 1);
    in_file.rows[SPOOL_WAITING] = 0;
    in_file.bytes[SPOOL_WAITING] = 0;
    ck_assert_int_eq(take("uid:1", 1), 0);
    ck_assert(is_old);
    ck_assert_int_eq(take("uid:2", 1), 0);
}
END_TEST

START_TEST(a_count_keeps_what_is_not_stored_yet)
{
    struct spool_share shares[] = {{0, (char[]){"uid:1"}, 7, 700}, {0, (char[]){"uid:2"}, 1, 100}};

    store_many("uid:1", 1);
    store("uid:3", 1);
    ck_assert_int_eq(take("uid:2", 50), 0);
    spool_bounds_count(&bounds, shares, 2);
    ck_assert_uint_eq(bounds.rows.used, 9);
    ck_assert_uint_eq(bounds.bytes.used, 850);
    spool_bounds_settle(&bounds, "uid:2", (struct spool_amount){1, 50}, (struct spool_amount){1, 57});
    ck_assert_uint_eq(bounds.rows.used, 9);
    ck_assert_uint_eq(bounds.bytes.used, 857);
    spool_bounds_count(&bounds, shares, 1);
    ck_assert_uint_eq(bounds.rows.used, 7);
    in_file.rows[SPOOL_WAITING] = 7;
    ck_assert_int_eq(store_many("uid:1", 1), MAX_ROWS - 7);
}
END_TEST

static struct spool_amount replace(const char *name)
{
    struct spool_amount leaves = {0};

    ck_assert_int_eq(spool_bounds_replace(&bounds, name, (struct spool_amount){1, 1}, &leaves), 0);
    return leaves;
}

static void replaced(const char *name, struct spool_amount leaves)
{
    const struct spool_amount row = {1, 1};

    spool_bounds_settle(&bounds, name, row, row);
    spool_bounds_dropped(&bounds, name, leaves, leaves);
}

/* After a reload. What is to be dropped is dropped once. */
START_TEST(what_is_too_much_leaves)
{
    struct spool_share share = {0, (char[]){"uid:1"}, MAX_ROWS, MAX_ROWS};
    struct spool_amount first, second;

    store_many("uid:1", 1);
    spool_bounds_set(&bounds, 40, MAX_BYTES);
    first = replace("uid:1");
    ck_assert_uint_eq(first.rows, MAX_ROWS - 40 + 1);
    ck_assert_uint_eq(first.bytes, 0);
    second = replace("uid:1");
    ck_assert_uint_eq(second.rows, 1);
    spool_bounds_count(&bounds, &share, 1); /* it has begun before */
    ck_assert_uint_eq(replace("uid:1").rows, 1);
    replaced("uid:1", first);
    replaced("uid:1", second);
    replaced("uid:1", (struct spool_amount){1, 0});
    ck_assert_uint_eq(bounds.rows.used, 40);
    ck_assert_uint_eq(bounds.leaving.rows, 0);
    ck_assert_uint_eq(replace("uid:1").rows, 1);
}
END_TEST

/* Each try would take the writer's time. */
START_TEST(what_is_too_much_is_not_tried_again_before_a_count)
{
    struct spool_amount leaves = {0};

    store_many("uid:1", MAX_BYTES / 10);
    spool_bounds_too_much(&bounds, "uid:1", (struct spool_amount){0, 1000});
    ck_assert_int_eq(spool_bounds_replace(&bounds, "uid:1", (struct spool_amount){1, 500}, &leaves), -EDQUOT);
    ck_assert_uint_eq(leaves.bytes, 0);
    ck_assert_int_eq(spool_bounds_replace(&bounds, "uid:1", (struct spool_amount){1, 499}, &leaves), 0);
    spool_bounds_count(&bounds, NULL, 0);
    ck_assert_int_eq(spool_bounds_replace(&bounds, "uid:1", (struct spool_amount){1, 5000}, &leaves), 0);
}
END_TEST

START_TEST(nothing_leaves_because_of_others)
{
    struct spool_amount leaves;

    store_many("uid:1", 1);
    store_many("uid:2", 1);
    leaves = replace("uid:2");
    ck_assert_uint_eq(leaves.rows, 1);
    ck_assert_uint_eq(leaves.bytes, 0);
    replaced("uid:2", leaves);
}
END_TEST

UNIT_SUITE(spool_bounds)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_bounds", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_that_is_alone_has_all_rows);
    tcase_add_test(tests, bytes_have_a_bound_too);
    tcase_add_test(tests, something_is_left_for_others);
    tcase_add_test(tests, what_is_not_stored_does_not_count);
    tcase_add_test(tests, nobody_is_refused_by_an_old_count);
    tcase_add_test(tests, a_count_keeps_what_is_not_stored_yet);
    tcase_add_test(tests, what_is_too_much_leaves);
    tcase_add_test(tests, what_is_too_much_is_not_tried_again_before_a_count);
    tcase_add_test(tests, nothing_leaves_because_of_others);
    return suite;
}
