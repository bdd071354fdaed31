/* SPDX-License-Identifier: Apache-2.0 */
/* What many rows share, and what clients send that hardly any share. */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spool_world.h"
#include "unit.h"

#define DEVICE "DEVICE:784f394c-42b6-435a-983c-%012d"
#define TARGET "/api/plugins/telemetry/DEVICE/784f394c-42b6-435a-983c-%012d/timeseries/%d"

static struct spool_file file;
static const struct spool_answer accepted = {.at_ms = 1700000000000, .status = 200};

static void set_up(void)
{
    world_directory();
    world_open(&file);
}

static void tear_down(void)
{
    ck_assert_int_eq(spool_file_check_totals(&file), 0);
    spool_file_close(&file);
}

static struct spool_row *row_of(int64_t number, int device, int kind)
{
    char key[80], target[120];
    struct spool_row *row;

    snprintf(key, sizeof(key), DEVICE, device);
    snprintf(target, sizeof(target), TARGET, device, kind);
    row = world_row(number, key, "1");
    free(row->target);
    row->target = strdup(target);
    return row;
}

/* Returns what it takes beside its body. */
static size_t insert(int64_t number, int device, int kind)
{
    struct spool_row *row = row_of(number, device, kind);
    size_t size;

    ck_assert_int_eq(spool_file_insert(&file, row), 0);
    size = row->names_size;
    spool_row_free(row);
    return size;
}

static void begin(void)
{
    ck_assert_int_eq(spool_file_begin(&file), 0);
}

static void commit(void)
{
    ck_assert_int_eq(spool_file_commit(&file), 0);
}

static void ck_target(int64_t number, int device, int kind)
{
    struct list rows;
    char target[120];

    list_init(&rows);
    snprintf(target, sizeof(target), TARGET, device, kind);
    ck_assert_int_eq(spool_file_find(&file, number, true, 1, &rows), 0);
    ck_assert_str_eq(CONTAINER_OF(rows.next, struct spool_row, link)->target, target);
    ck_assert_str_eq(CONTAINER_OF(rows.next, struct spool_row, link)->operation, "saveEntityTelemetry");
    ck_assert_str_eq(CONTAINER_OF(rows.next, struct spool_row, link)->content_type, "application/json");
    spool_rows_free(&rows);
}

static int count(const char *table)
{
    sqlite3_stmt *statement;
    char sql[80];
    int rows;

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    ck_assert_int_eq(sqlite3_prepare_v2(file.db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    rows = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return rows;
}

START_TEST(entities_share_a_target)
{
    size_t first;

    begin();
    first = insert(1, 1, 7);
    ck_assert_uint_gt(first, 0); /* the entity's name */
    ck_assert_uint_eq(insert(2, 1, 7), 0);
    ck_assert_uint_eq(insert(3, 2, 7), first);
    commit();
    ck_target(1, 1, 7);
    ck_target(2, 1, 7);
    ck_target(3, 2, 7);
    ck_assert_int_eq(count("kinds"), 1);
    ck_assert_int_eq(count("entities"), 2);
}
END_TEST

/* They stand in their rows, which take so much more, as do the parts of these. */
START_TEST(further_kinds_count_for_their_rows)
{
    const struct buf half = {(char *)(uintptr_t) "x", 1, 1, 1};
    int64_t before, first;
    size_t size = 0;
    int i;

    begin();
    for (i = 1; i <= SPOOL_KINDS_MAX; i++)
        size = insert(i, 1, i);
    ck_assert_uint_eq(size, 0);
    size = insert(i, 1, i);
    ck_assert_uint_gt(size, strlen("/api/plugins/telemetry/DEVICE//timeseries/"));
    ck_assert_uint_eq(insert(i + 1, 1, 1), 0); /* a known one */
    before = file.totals.bytes[SPOOL_WAITING];
    ck_assert_int_eq(spool_file_halve(&file, spool_last_id(i), &half, &half, &first), 0);
    ck_assert_int_eq(file.totals.bytes[SPOOL_WAITING] - before, 1 + SPOOL_ROW_BYTES + (int64_t)size);
    commit();
    ck_assert_int_eq(count("kinds"), SPOOL_KINDS_MAX);
    ck_target(1, 1, 1);
    ck_target(i, 1, i);
    ck_target(i + 1, 1, 1);
}
END_TEST

START_TEST(a_target_that_no_client_can_send)
{
    struct spool_row *row = row_of(1, 1, 1);

    begin();
    row->target[5] = '\1';
    ck_assert_int_eq(spool_file_insert(&file, row), -EINVAL);
    free(row->target);
    row->target = calloc(1, SPOOL_TARGET_SIZE + 1);
    memset(row->target, 'x', SPOOL_TARGET_SIZE);
    ck_assert_int_eq(spool_file_insert(&file, row), -EINVAL);
    row->target[SPOOL_TARGET_SIZE - 1] = '\0';
    ck_assert_int_eq(spool_file_insert(&file, row), 0);
    commit();
    spool_row_free(row);
}
END_TEST

/* While others keep many rows in the file, names of entities that have none any more are forgotten. */
START_TEST(names_of_entities_are_bounded)
{
    const int others = 1100, all = SPOOL_ENDED_MAX + SPOOL_ENTITIES_NEW;
    int i;

    begin();
    for (i = 1; i <= others; i++)
        insert(i, i % 50, 1);
    ck_assert_int_eq(spool_file_set_aside(&file, spool_last_id(1), &accepted), 0);
    for (; i <= all; i++) {
        insert(i, i, 1);
        ck_assert_int_eq(spool_file_end(&file, spool_last_id(i), SPOOL_DELIVERED, &accepted), 0);
    }
    commit();
    ck_assert_int_le(count("entities"), 50 + SPOOL_ENTITIES_NEW);
    ck_target(1, 1, 1);
    ck_target(others, others % 50, 1);
}
END_TEST

UNIT_SUITE(spool_names)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_names", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, entities_share_a_target);
    tcase_add_test(tests, further_kinds_count_for_their_rows);
    tcase_add_test(tests, a_target_that_no_client_can_send);
    tcase_add_test(tests, names_of_entities_are_bounded);
    return suite;
}
