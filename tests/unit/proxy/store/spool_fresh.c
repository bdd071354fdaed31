/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are in the index by entity, and rows that are not yet: nobody can tell. */
#include "proxy/store/spool_fresh.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "spool_world.h"
#include "unit.h"

#define NUMBERS      30000
#define ENTITIES     5
#define TRANSACTIONS 120
#define OPERATIONS   150 /* of a transaction */

enum fate { UNUSED, WAITS, ASIDE, GONE };

static struct spool_file file;
static unsigned char fates[NUMBERS], fates_before[NUMBERS];
static const struct spool_answer answer = {.at_ms = 1700000000000, .status = 400, .reason = "a test"};

static void set_up(void)
{
    world_directory();
    world_open(&file);
    memset(fates, UNUSED, sizeof(fates));
}

static void tear_down(void)
{
    ck_assert_int_eq(spool_file_check_totals(&file), 0);
    spool_file_close(&file);
}

static char *key_of(size_t number)
{
    static char key[] = "entity 0";

    key[sizeof(key) - 2] = (char)('0' + number % ENTITIES);
    return key;
}

static size_t chance(size_t below)
{
    return unit_random() % below;
}

/* ---- what is expected ---- */

/* The first write after NUMBER that waits, of the same entity as NUMBER; 0: there is none. */
static size_t next_that_waits(size_t number)
{
    for (number += ENTITIES; number < NUMBERS; number += ENTITIES)
        if (fates[number] == WAITS)
            return number;
    return 0;
}

static void check_rows(size_t after, size_t max_rows)
{
    struct spool_page page = {max_rows, SIZE_MAX, spool_last_id((int64_t)after)};
    size_t number = after, count = 0;
    struct spool_row *row;
    struct list rows;

    list_init(&rows);
    ck_assert_int_eq(spool_file_read(&file, key_of(after), page, &rows), 0);
    list_for_each(row, &rows, link) {
        number = next_that_waits(number);
        ck_assert_int_eq(row->id, spool_last_id((int64_t)number));
        ck_assert_int_eq(row->state, SPOOL_WAITING);
        count++;
    }
    ck_assert_uint_le(count, max_rows);
    ck_assert(count == max_rows || next_that_waits(number) == 0);
    spool_rows_free(&rows);
}

static void check_entities(void)
{
    struct spool_entity found[ENTITIES + 1];
    int64_t cursor = 0;
    int count = spool_file_next_entities(&file, &cursor, found, ENTITIES + 1), expected = 0, i;
    size_t entity;

    for (entity = 0; entity < ENTITIES; entity++)
        expected += next_that_waits(entity) != 0;
    ck_assert_int_eq(count, expected);
    for (i = 0; i < count; i++) {
        entity = (size_t)(found[i].key[strlen(found[i].key) - 1] - '0');
        ck_assert_int_eq(found[i].first_id, spool_last_id((int64_t)next_that_waits(entity)));
    }
    spool_file_entities_free(found, (size_t)count);
}

/* ---- what happens ---- */

static void change(size_t number)
{
    int64_t id = spool_last_id((int64_t)number);
    struct spool_row *row;
    size_t what = chance(100);

    if (fates[number] == UNUSED) {
        row = world_row((int64_t)number, key_of(number), "x");
        ck_assert_int_eq(spool_file_insert(&file, row), 0);
        spool_row_free(row);
        fates[number] = WAITS;
    } else if (fates[number] == WAITS && what < 80) {
        ck_assert_int_eq(spool_file_end(&file, id, SPOOL_DELIVERED, &answer), 0);
        fates[number] = GONE;
    } else if (fates[number] == WAITS) {
        ck_assert_int_eq(spool_file_set_aside(&file, id, &answer), 0);
        fates[number] = ASIDE;
    } else if (fates[number] == ASIDE) {
        ck_assert_int_eq(spool_file_retry(&file, id), 0);
        fates[number] = WAITS;
    }
}

static void run_transaction(void)
{
    bool fails = chance(20) == 0;
    size_t i;

    memcpy(fates_before, fates, sizeof(fates));
    ck_assert_int_eq(spool_file_begin(&file), 0);
    for (i = 0; i < OPERATIONS; i++) {
        change(ENTITIES + chance(NUMBERS - ENTITIES));
        if (chance(50) == 0)
            check_rows(chance(NUMBERS), 1 + chance(40));
    }
    if (fails) {
        file.failure = -EIO;
        memcpy(fates, fates_before, sizeof(fates));
    }
    ck_assert_int_eq(spool_file_commit(&file), fails ? -EIO : 0);
}

START_TEST(rows_are_found_at_random)
{
    size_t i;

    for (i = 0; i < TRANSACTIONS; i++) {
        run_transaction();
        if (chance(3) == 0)
            spool_file_maintain(&file);
        if (chance(15) == 0) {
            spool_file_close(&file);
            world_open(&file);
        }
        check_rows(chance(NUMBERS), 1 + chance(40));
        check_entities();
    }
}
END_TEST

START_TEST(a_list_that_is_full)
{
    size_t number;

    ck_assert_int_eq(spool_file_begin(&file), 0);
    for (number = NUMBERS - 1; number >= NUMBERS - SPOOL_FRESH_MAX - 1000; number--)
        change(number);
    ck_assert_uint_eq(file.fresh.count, SPOOL_FRESH_MAX);
    check_entities();
    check_rows(0, SIZE_MAX);
    check_rows(NUMBERS - 2000, 7);
    ck_assert_int_eq(spool_file_commit(&file), 0);
    ck_assert_uint_gt(file.fresh.count, 0);
    spool_file_maintain(&file);
    ck_assert_uint_eq(file.fresh.count, 0);
    check_rows(0, SIZE_MAX);
}
END_TEST

static void change_file(const char *sql)
{
    sqlite3 *db;

    spool_file_close(&file);
    ck_assert_int_eq(sqlite3_open(world_path(), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    world_open(&file);
}

START_TEST(a_list_is_read_again)
{
    int64_t number;

    ck_assert_int_eq(spool_file_begin(&file), 0);
    for (number = 1; number <= SPOOL_FRESH_MAX + 1; number++) {
        struct spool_row *row = world_row(number, "a", "body");

        ck_assert_int_eq(spool_file_insert(&file, row), 0);
        spool_row_free(row);
    }
    ck_assert_int_eq(spool_file_commit(&file), 0);
    change_file("SELECT 1");
    ck_assert_uint_eq(file.fresh.count, SPOOL_FRESH_MAX);
    change_file("UPDATE rows SET state = 4");
    ck_assert_uint_eq(file.fresh.count, 0); /* too many */
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], SPOOL_FRESH_MAX + 1);
}
END_TEST

START_TEST(halves_of_a_row_that_is_not_in_the_index)
{
    struct buf one = BUF_INIT(10), two = BUF_INIT(10);
    struct list rows;
    int64_t id = 0;

    world_insert(&file, 10, "a", "onetwo");
    buf_append_string(&one, "one");
    buf_append_string(&two, "two");
    ck_assert_int_eq(spool_file_begin(&file), 0);
    ck_assert_int_eq(spool_file_halve(&file, spool_last_id(10), &one, &two, &id), 0);
    ck_assert_int_eq(spool_file_commit(&file), 0);
    list_init(&rows);
    ck_assert_int_eq(spool_file_read(&file, "a", (struct spool_page){9, SIZE_MAX, 0}, &rows), 0);
    ck_assert_int_eq(CONTAINER_OF(rows.next, struct spool_row, link)->id, id);
    ck_assert_int_eq(CONTAINER_OF(rows.previous, struct spool_row, link)->id, spool_last_id(10));
    spool_rows_free(&rows);
    buf_free(&one);
    buf_free(&two);
}
END_TEST

UNIT_SUITE(spool_fresh)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_fresh", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, rows_are_found_at_random);
    tcase_add_test(tests, a_list_that_is_full);
    tcase_add_test(tests, a_list_is_read_again);
    tcase_add_test(tests, halves_of_a_row_that_is_not_in_the_index);
    return suite;
}
