/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "spool_world.h"
#include "unit.h"

static const struct {
    const char *query;
    bool right;
} queries[] = {
    {"", true},
    {"number=1", true},
    {"number=8796093022207", true},
    {"number=8796093022208", false},
    {"number=0", false},
    {"number=", false},
    {"number=-1", false},
    {"number=1x", false},
    {"number=99999999999999999999", false},
    {"state=waiting", true},
    {"state=aside&client=uid:0&entity=DEVICE/1", true},
    {"state=delivered", false},
    {"rows=1", true},
    {"rows=1000", true},
    {"rows=0", false},
    {"rows=1001", false},
    {"after=17&bodies=true", true},
    {"after=0", false},
    {"bodies=false", false},
    {"client=", false},
    {"entity=", false},
    {"colour=red", false},
};

START_TEST(what_a_filter_is)
{
    struct spool_filter filter;
    const char *reason = NULL;
    int r = spool_filter_parse(queries[_i].query, &filter, &reason);

    ck_assert_msg(r == (queries[_i].right ? 0 : -EINVAL), "%s", queries[_i].query);
    if (r < 0)
        ck_assert_str_ne(reason, "");
}
END_TEST

START_TEST(texts_have_a_greatest_length)
{
    char query[SPOOL_FILTER_ENTITY_MAX + 10] = "entity=";
    struct spool_filter filter;
    const char *reason;
    size_t length = strlen(query);

    memset(query + length, 'x', SPOOL_FILTER_ENTITY_MAX - 1);
    ck_assert_int_eq(spool_filter_parse(query, &filter, &reason), 0);
    ck_assert_uint_eq(strlen(filter.entity), SPOOL_FILTER_ENTITY_MAX - 1);
    query[length + SPOOL_FILTER_ENTITY_MAX - 1] = 'x';
    ck_assert_int_eq(spool_filter_parse(query, &filter, &reason), -EINVAL);
}
END_TEST

/* ---- pages ---- */

static struct spool_file file;

/* Odd writes are of "uid 1", others of "uid 2"; each third is of another entity; each fourth is set aside. */
static void set_up(void)
{
    const struct spool_answer answer = {.at_ms = clock_wall_ms(), .reason = "x"};
    int64_t number;

    world_directory();
    world_open(&file);
    for (number = 1; number <= 24; number++) {
        world_insert(&file, number, number % 3 ? "DEVICE/1" : "DEVICE/2", "{}");
        ck_assert_int_eq(spool_file_begin(&file), 0);
        if (number % 4 == 0)
            ck_assert_int_eq(spool_file_set_aside(&file, spool_last_id(number), &answer), 0);
        ck_assert_int_eq(spool_file_commit(&file), 0);
    }
}

static void tear_down(void)
{
    spool_file_close(&file);
}

/* The numbers of all rows that QUERY selects, read in pages of ROWS: "1 2 3". */
static const char *numbers(const char *query, unsigned rows)
{
    static char text[200];
    struct spool_filter filter;
    const char *reason;
    size_t length = 0;

    text[0] = '\0';
    ck_assert_int_eq(spool_filter_parse(query, &filter, &reason), 0);
    filter.rows = rows;
    do {
        const struct spool_row *row;
        struct list found;

        list_init(&found);
        ck_assert_int_eq(spool_filter_read(&filter, &file, &found, &filter.after_id), 0);
        list_for_each(row, &found, link)
            length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%d", length ? " " : "",
                                       (int)spool_number(row->id));
        spool_rows_free(&found);
    } while (filter.after_id != 0);
    return text;
}

static const struct {
    const char *query, *numbers;
} selections[] = {
    {"", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24"},
    {"bodies=true", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24"},
    {"state=aside", "4 8 12 16 20 24"},
    {"state=waiting&client=uid%202", "2 6 10 14 18 22"},
    {"client=uid%201&entity=DEVICE/2", "3 9 15 21"},
    {"state=aside&entity=DEVICE/2", "12 24"},
    {"client=uid", ""},
    {"number=7", "7"},
    {"number=7&state=aside", ""},
    {"number=25", ""},
    {"after=24117247", "23 24"}, /* 23 * 2^20 - 1 */
};

START_TEST(pages_of_any_size_have_the_same_rows)
{
    unsigned rows;

    for (rows = 1; rows <= 25; rows++)
        ck_assert_str_eq(numbers(selections[_i].query, rows), selections[_i].numbers);
}
END_TEST

START_TEST(all_parts_of_a_write)
{
    struct buf body = BUF_INIT(100);
    int64_t id;

    buf_append_string(&body, "{}");
    ck_assert_int_eq(spool_file_begin(&file), 0);
    ck_assert_int_eq(spool_file_halve(&file, spool_last_id(1), &body, &body, &id), 0);
    ck_assert_int_eq(spool_file_commit(&file), 0);
    ck_assert_str_eq(numbers("number=1", 1), "1 1");
    ck_assert_str_eq(numbers("number=2", 5), "2");
    buf_free(&body);
}
END_TEST

UNIT_SUITE(spool_filter)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_filter", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, what_a_filter_is, 0, ARRAY_SIZE(queries));
    tcase_add_test(tests, texts_have_a_greatest_length);
    tcase_add_loop_test(tests, pages_of_any_size_have_the_same_rows, 0, ARRAY_SIZE(selections));
    tcase_add_test(tests, all_parts_of_a_write);
    return suite;
}
