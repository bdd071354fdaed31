/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_batch.h"

#include <stdio.h>

#include "spool_world.h"
#include "unit.h"

#define TELEMETRY  "/api/plugins/telemetry/DEVICE/1/timeseries/ANY"
#define ATTRIBUTES "/api/plugins/telemetry/DEVICE/1/attributes/SERVER_SCOPE"

static struct spool_file file;
static struct spool_batch batch;
static struct spool_batch_bounds bounds;

static void set_up(void)
{
    world_directory();
    world_open(&file);
    bounds = (struct spool_batch_bounds){SPOOL_BATCH_ROWS_MAX, 1 << 20, INT64_MAX};
}

static void tear_down(void)
{
    spool_batch_free(&batch);
    spool_file_close(&file);
}

static void change(char **text, const char *to)
{
    if (to) {
        free(*text);
        *text = strdup(to);
    }
}

/* What is NULL is as in world_row(). */
static void insert(int64_t number, const char *target, const char *url, const char *boot, const char *body)
{
    struct spool_row *row = world_row(number, "e", body);

    change(&row->target, target);
    change(&row->server_url, url);
    change(&row->boot_id, boot);
    ck_assert_int_eq(spool_file_begin(&file), 0);
    ck_assert_int_eq(spool_file_insert(&file, row), 0);
    ck_assert_int_eq(spool_file_commit(&file), 0);
    spool_row_free(row);
}

/* The numbers in the next batch, and its body; static memory. */
static const char *next(void)
{
    static char text[60000];
    size_t length = 0, i;

    spool_batch_free(&batch);
    ck_assert_int_eq(spool_file_begin(&file), 0);
    ck_assert_int_eq(spool_batch_read(&file, "e", &bounds, &batch), 0);
    ck_assert_int_eq(spool_file_commit(&file), 0);
    text[0] = '\0';
    for (i = 0; i < batch.count; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%lld ",
                                   (long long)spool_number(batch.ids[i]));
    snprintf(text + length, sizeof(text) - length, "%s", batch.body.data ? batch.body.data : "");
    return text;
}

START_TEST(telemetry_goes_as_one_array)
{
    insert(1, NULL, NULL, NULL, "{\"ts\":1,\"values\":{\"a\":1.50}}");
    insert(2, NULL, NULL, NULL, "[{\"ts\":2,\"values\":{\"a\":2}},{\"ts\":3,\"values\":{\"a\":3}}]");
    insert(3, ATTRIBUTES, NULL, NULL, "{\"b\":1}");
    ck_assert_str_eq(next(), "1 2 [{\"ts\":1,\"values\":{\"a\":1.50}},{\"ts\":2,\"values\":{\"a\":2}},"
                             "{\"ts\":3,\"values\":{\"a\":3}}]");
    ck_assert(spool_batch_is_telemetry(batch.lead));
}
END_TEST

START_TEST(attributes_go_as_one_object)
{
    insert(1, ATTRIBUTES, NULL, NULL, "{\"a\":1,\"b\":1}");
    insert(2, ATTRIBUTES, NULL, NULL, "{\"a\":2}");
    insert(3, NULL, NULL, NULL, "{\"ts\":1,\"values\":{\"a\":1}}");
    ck_assert_str_eq(next(), "1 2 {\"b\":1,\"a\":2}");
    ck_assert(!spool_batch_is_telemetry(batch.lead));
}
END_TEST

START_TEST(what_cannot_be_merged_goes_alone_byte_for_byte)
{
    insert(1, NULL, NULL, NULL, "{\"ts\":1, \"values\":{\"a\":null}}");
    insert(2, NULL, NULL, NULL, "{\"ts\":1, \"values\":{\"a\":1}}");
    insert(3, NULL, NULL, NULL, "{\"ts\":1, \"values\":{\"a\":null}}");
    ck_assert_str_eq(next(), "1 {\"ts\":1, \"values\":{\"a\":null}}");
    ck_assert_int_eq(spool_file_begin(&file), 0);
    ck_assert_int_eq(spool_file_end(&file, batch.ids[0], SPOOL_DELIVERED, &(struct spool_answer){.at_ms = 1}),
                     0);
    ck_assert_int_eq(spool_file_commit(&file), 0);
    ck_assert_str_eq(next(), "2 {\"ts\":1, \"values\":{\"a\":1}}");
}
END_TEST

START_TEST(an_unknown_path_goes_alone)
{
    insert(1, "/api/unknown", NULL, NULL, "{\"ts\":1,\"values\":{\"a\":1}}");
    insert(2, "/api/unknown", NULL, NULL, "{\"ts\":1,\"values\":{\"a\":1}}");
    ck_assert_str_eq(next(), "1 {\"ts\":1,\"values\":{\"a\":1}}");
}
END_TEST

START_TEST(rows_of_another_server_stay_behind)
{
    insert(1, NULL, NULL, NULL, "{\"ts\":1,\"values\":{\"a\":1}}");
    insert(2, NULL, "https://other.example", NULL, "{\"ts\":1,\"values\":{\"a\":1}}");
    ck_assert_str_eq(next(), "1 {\"ts\":1,\"values\":{\"a\":1}}");
}
END_TEST

START_TEST(rows_without_times_of_one_boot_come_together)
{
    insert(1, NULL, NULL, "boot 1", "{\"a\":1}");
    insert(2, NULL, NULL, "boot 1", "{\"a\":null}");
    insert(3, NULL, NULL, "boot 2", "{\"a\":2}");
    ck_assert_str_eq(next(), "1 2 ");
    ck_assert_str_eq(batch.lead->boot_id, "boot 1");
}
END_TEST

START_TEST(no_row_with_a_later_number_goes)
{
    insert(1, NULL, NULL, NULL, "{\"ts\":1,\"values\":{\"a\":1}}");
    insert(3, NULL, NULL, NULL, "{\"ts\":3,\"values\":{\"a\":3}}");
    bounds.before_id = spool_first_id(2);
    ck_assert_str_eq(next(), "1 {\"ts\":1,\"values\":{\"a\":1}}");
    bounds.before_id = spool_first_id(1);
    ck_assert_str_eq(next(), "");
    ck_assert_ptr_null(batch.lead);
}
END_TEST

START_TEST(an_entity_without_rows_has_no_batch)
{
    ck_assert_str_eq(next(), "");
    ck_assert_uint_eq(batch.count, 0);
}
END_TEST

/* More than one page, and more than go together. */
static void insert_many(unsigned count)
{
    unsigned i;

    ck_assert_int_eq(spool_file_begin(&file), 0);
    for (i = 1; i <= count; i++) {
        struct spool_row *row = world_row(i, "e", "{\"ts\":1,\"values\":{\"a\":1}}");

        ck_assert_int_eq(spool_file_insert(&file, row), 0);
        spool_row_free(row);
    }
    ck_assert_int_eq(spool_file_commit(&file), 0);
}

START_TEST(a_batch_is_bounded)
{
    size_t size = strlen("{\"ts\":1,\"values\":{\"a\":1}}"), i;

    insert_many(SPOOL_BATCH_ROWS_MAX + 1);
    next();
    ck_assert_uint_eq(batch.count, SPOOL_BATCH_ROWS_MAX);
    for (i = 0; i < batch.count; i++)
        ck_assert_int_eq(spool_number(batch.ids[i]), (int64_t)i + 1);
    ck_assert_uint_eq(batch.body.len, batch.count * (size + 1) + 1);
    bounds.max_rows = 65;
    next();
    ck_assert_uint_eq(batch.count, 65);
    bounds.max_bytes = 3 * (size + 2);
    next();
    ck_assert_uint_eq(batch.count, 3);
    bounds.max_bytes--;
    next();
    ck_assert_uint_eq(batch.count, 2);
    bounds.max_bytes = 1;
    next();
    ck_assert_uint_eq(batch.count, 1);
}
END_TEST

START_TEST(a_damaged_row_is_alone)
{
    insert(1, NULL, NULL, NULL, "{\"ts\":1,\"values\":{\"a\":1}}");
    insert(2, NULL, NULL, NULL, "{\"ts\":2,\"values\":{\"a\":1}}");
    next();
    batch.lead->is_damaged = true;
    ck_assert(!spool_batch_is_alike(batch.lead, batch.lead));
}
END_TEST

UNIT_SUITE(spool_batch)
{
    TCase *tcase;
    Suite *suite = unit_suite_create("spool_batch", &tcase);

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, telemetry_goes_as_one_array);
    tcase_add_test(tcase, attributes_go_as_one_object);
    tcase_add_test(tcase, what_cannot_be_merged_goes_alone_byte_for_byte);
    tcase_add_test(tcase, an_unknown_path_goes_alone);
    tcase_add_test(tcase, rows_of_another_server_stay_behind);
    tcase_add_test(tcase, rows_without_times_of_one_boot_come_together);
    tcase_add_test(tcase, no_row_with_a_later_number_goes);
    tcase_add_test(tcase, an_entity_without_rows_has_no_batch);
    tcase_add_test(tcase, a_batch_is_bounded);
    tcase_add_test(tcase, a_damaged_row_is_alone);
    return suite;
}
