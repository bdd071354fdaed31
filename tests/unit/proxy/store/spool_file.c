/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_file.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "spool_world.h"
#include "unit.h"

static const struct spool_page all = {SIZE_MAX, SIZE_MAX, 0};
static struct spool_answer refused = {
    .status = 400, .answer = "{\"message\":\"no\"}", .reason = "refused by the server"};
static struct spool_answer accepted = {.status = 200};

static struct spool_file file;
static struct list rows;

static void set_up(void)
{
    refused.at_ms = accepted.at_ms = clock_wall_ms();
    world_directory();
    world_open(&file);
    list_init(&rows);
}

static void tear_down(void)
{
    spool_rows_free(&rows);
    ck_assert_int_eq(spool_file_check_totals(&file), 0);
    spool_file_close(&file);
}

static struct spool_row *row_at(size_t index)
{
    struct spool_row *row;

    list_for_each(row, &rows, link)
        if (index-- == 0)
            return row;
    return NULL;
}

/* The numbers of the rows, as in "1 2 3"; empties the list. */
static const char *numbers(void)
{
    static char text[1000];
    struct spool_row *row;
    size_t length = 0;

    text[0] = '\0';
    list_for_each(row, &rows, link)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%lld", length ? " " : "",
                                   (long long)spool_number(row->id));
    spool_rows_free(&rows);
    return text;
}

/* Bodies of the rows of ENTITY, in their order; empties the list. */
static const char *bodies(const char *entity)
{
    static char text[1000];
    struct spool_row *row;

    ck_assert_int_eq(spool_file_read(&file, entity, all, &rows), 0);
    text[0] = '\0';
    list_for_each(row, &rows, link) {
        strcat(text, row->body.data ? row->body.data : "");
        strcat(text, ";");
    }
    spool_rows_free(&rows);
    return text;
}

static void begin(void)
{
    ck_assert_int_eq(spool_file_begin(&file), 0);
}

static void commit(void)
{
    ck_assert_int_eq(spool_file_commit(&file), 0);
}

static void reopen(void)
{
    spool_file_close(&file);
    world_open(&file);
}

#define ck_row_text(row, field, text) ck_assert_str_eq((row)->field, text)

START_TEST(a_row_comes_back_as_it_was)
{
    struct spool_row *row = world_row(7, "DEVICE/1", "{\"a\":1}"), *found;

    row->scope = strdup("SERVER_SCOPE");
    row->boot_id = strdup("boot");
    row->boot_ms = 12345;
    begin();
    ck_assert_int_eq(spool_file_insert(&file, row), 0);
    commit();
    reopen();
    ck_assert_int_eq(spool_file_read(&file, "DEVICE/1", all, &rows), 0);
    found = row_at(0);
    ck_assert_int_eq(found->id, spool_last_id(7));
    ck_assert_int_eq(found->state, SPOOL_WAITING);
    ck_assert_int_eq(found->arrived_ms, row->arrived_ms);
    ck_row_text(found, entity, row->entity);
    ck_row_text(found, principal, row->principal);
    ck_row_text(found, server_url, row->server_url);
    ck_row_text(found, tenant, row->tenant);
    ck_row_text(found, operation, row->operation);
    ck_row_text(found, scope, row->scope);
    ck_row_text(found, target, row->target);
    ck_row_text(found, content_type, row->content_type);
    ck_row_text(found, boot_id, row->boot_id);
    ck_assert_int_eq(found->boot_ms, 12345);
    ck_assert_int_eq(found->attempts, 0);
    ck_assert_ptr_null(found->answer);
    ck_assert_uint_eq(found->size, 7);
    ck_row_text(found, body.data, "{\"a\":1}");
    ck_assert(!found->is_damaged);
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], 1);
    ck_assert_int_eq(file.totals.bytes[SPOOL_WAITING], 7 + SPOOL_ROW_BYTES + (int64_t)row->names_size);
    ck_assert_uint_eq(found->names_size, row->names_size);
    spool_row_free(row);
}
END_TEST

START_TEST(an_empty_body_and_the_largest)
{
    struct spool_row *row = world_row(2, "e", "");
    char *body = malloc(SPOOL_BODY_MAX + 1);

    memset(body, 'x', SPOOL_BODY_MAX + 1);
    world_insert(&file, 1, "e", "");
    ck_assert_int_eq(buf_append(&row->body, body, SPOOL_BODY_MAX), 0);
    begin();
    ck_assert_int_eq(spool_file_insert(&file, row), 0);
    ck_assert_int_eq(buf_append(&row->body, body, 1), 0);
    row->id++;
    ck_assert_int_eq(spool_file_insert(&file, row), -EMSGSIZE);
    commit();
    ck_assert_int_eq(spool_file_read(&file, "e", all, &rows), 0);
    ck_assert_uint_eq(row_at(0)->body.len, 0);
    ck_assert_uint_eq(row_at(1)->body.len, SPOOL_BODY_MAX);
    ck_assert_ptr_null(row_at(2));
    spool_row_free(row);
    free(body);
}
END_TEST

START_TEST(rows_of_an_entity_are_read_in_the_order_of_their_numbers)
{
    world_insert(&file, 5, "a", "5");
    world_insert(&file, 3, "a", "3");
    world_insert(&file, 4, "b", "4");
    world_insert(&file, 9, "a", "9");
    ck_assert_str_eq(bodies("a"), "3;5;9;");
    ck_assert_str_eq(bodies("b"), "4;");
    ck_assert_str_eq(bodies("c"), "");
    ck_assert_int_eq(spool_file_read(&file, "a", (struct spool_page){2, SIZE_MAX, 0}, &rows), 0);
    ck_assert_str_eq(numbers(), "3 5");
    ck_assert_int_eq(spool_file_read(&file, "a", (struct spool_page){SIZE_MAX, 2, 0}, &rows), 0);
    ck_assert_str_eq(numbers(), "3 5");
    ck_assert_int_eq(spool_file_read(&file, "a", (struct spool_page){SIZE_MAX, 0, 0}, &rows), 0);
    ck_assert_str_eq(numbers(), "3");
}
END_TEST

START_TEST(a_number_comes_once)
{
    struct spool_row *row = world_row(5, "b", "again");

    world_insert(&file, 5, "a", "5");
    begin();
    ck_assert_int_eq(spool_file_insert(&file, row), -EEXIST);
    commit();
    ck_assert_str_eq(bodies("a"), "5;");
    ck_assert_str_eq(bodies("b"), "");
    spool_row_free(row);
}
END_TEST

START_TEST(entities_have_their_turns)
{
    struct spool_entity found[3];
    int64_t cursor = 0;
    char name[8];
    int i;

    for (i = 1; i <= 7; i++) {
        snprintf(name, sizeof(name), "%d", i);
        world_insert(&file, i, name, "x");
        world_insert(&file, 10 + i, name, "x");
    }
    begin();
    ck_assert_int_eq(spool_file_set_aside(&file, spool_last_id(4), &refused), 0);
    ck_assert_int_eq(spool_file_set_aside(&file, spool_last_id(14), &refused), 0);
    ck_assert_int_eq(spool_file_end(&file, spool_last_id(1), SPOOL_DELIVERED, &accepted), 0);
    commit();
    ck_assert_int_eq(spool_file_next_entities(&file, &cursor, found, 3), 3);
    ck_assert_str_eq(found[0].key, "1");
    ck_assert_int_eq(found[0].first_id, spool_last_id(11));
    ck_assert_str_eq(found[2].key, "3");
    spool_file_entities_free(found, 3);
    ck_assert_int_eq(spool_file_next_entities(&file, &cursor, found, 3), 3);
    ck_assert_str_eq(found[0].key, "5");
    spool_file_entities_free(found, 3);
    ck_assert_int_eq(spool_file_next_entities(&file, &cursor, found, 3), 0);
    ck_assert_int_eq(cursor, 0);
}
END_TEST

START_TEST(an_end_is_remembered)
{
    world_insert(&file, 1, "a", "one");
    world_insert(&file, 2, "a", "two");
    begin();
    ck_assert_int_eq(spool_file_end(&file, spool_last_id(1), SPOOL_DELIVERED, &accepted), 0);
    ck_assert_int_eq(spool_file_end(&file, spool_last_id(2), SPOOL_DROPPED, &refused), 0);
    ck_assert_int_eq(spool_file_end(&file, spool_last_id(1), SPOOL_DELIVERED, &accepted), -ENOENT);
    commit();
    reopen();
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], 0);
    ck_assert_int_eq(spool_file_find(&file, 1, false, SIZE_MAX, &rows), 0);
    ck_assert_int_eq(spool_file_find(&file, 2, false, SIZE_MAX, &rows), 0);
    ck_assert_int_eq(spool_file_find(&file, 3, false, SIZE_MAX, &rows), 0);
    ck_assert_int_eq(row_at(0)->state, SPOOL_DELIVERED);
    ck_assert_int_eq(row_at(0)->status, 200);
    ck_assert_int_eq(row_at(0)->last_attempt_ms, accepted.at_ms);
    ck_row_text(row_at(0), principal, "uid 1");
    ck_assert_int_eq(row_at(1)->state, SPOOL_DROPPED);
    ck_row_text(row_at(1), reason, refused.reason);
    ck_row_text(row_at(1), answer, refused.answer);
    ck_assert_ptr_null(row_at(2));
}
END_TEST

START_TEST(attempts_are_counted)
{
    struct spool_answer later = refused;

    later.at_ms++;
    later.status = 503;
    world_insert(&file, 1, "a", "one");
    begin();
    ck_assert_int_eq(spool_file_attempted(&file, spool_last_id(1), &refused), 0);
    ck_assert_int_eq(spool_file_attempted(&file, spool_last_id(1), &later), 0);
    ck_assert_int_eq(spool_file_attempted(&file, spool_last_id(2), &later), -ENOENT);
    commit();
    ck_assert_int_eq(spool_file_find(&file, 1, false, SIZE_MAX, &rows), 0);
    ck_assert_int_eq(row_at(0)->attempts, 2);
    ck_assert_int_eq(row_at(0)->first_attempt_ms, refused.at_ms);
    ck_assert_int_eq(row_at(0)->last_attempt_ms, later.at_ms);
    ck_assert_int_eq(row_at(0)->status, 503);
    ck_assert_ptr_null(row_at(0)->reason);
}
END_TEST

START_TEST(what_is_set_aside_waits_again_if_told)
{
    int64_t id = spool_last_id(1);

    world_insert(&file, 1, "a", "one");
    world_insert(&file, 2, "a", "two");
    begin();
    ck_assert_int_eq(spool_file_retry(&file, id), -ENOENT);
    ck_assert_int_eq(spool_file_set_aside(&file, id, &refused), 0);
    ck_assert_int_eq(spool_file_set_aside(&file, id, &refused), -ENOENT);
    commit();
    ck_assert_int_eq(file.totals.rows[SPOOL_ASIDE], 1);
    ck_assert_str_eq(bodies("a"), "two;");
    ck_assert_int_eq(spool_file_list(&file, 0, SPOOL_ASIDE, true, all, &rows), 0);
    ck_row_text(row_at(0), reason, refused.reason);
    ck_row_text(row_at(0), body.data, "one");
    ck_assert_int_eq(row_at(0)->attempts, 1);
    ck_assert_str_eq(numbers(), "1");
    reopen();
    begin();
    ck_assert_int_eq(spool_file_retry(&file, id), 0);
    commit();
    ck_assert_str_eq(bodies("a"), "one;two;");
    ck_assert_int_eq(spool_file_find(&file, 1, false, SIZE_MAX, &rows), 0);
    ck_assert_int_eq(row_at(0)->attempts, 0);
    ck_assert_ptr_null(row_at(0)->reason);
}
END_TEST

/* A reason is one of few, and does not count. */
START_TEST(an_answer_counts_until_the_row_waits_again)
{
    int64_t id = spool_last_id(1), bytes, length = (int64_t)strlen(refused.answer);
    const struct buf body = {(char *)(uintptr_t) "longer", 6, SIZE_MAX, SIZE_MAX};
    struct spool_answer later = refused;

    later.answer = "no";
    world_insert(&file, 1, "a", "one");
    bytes = file.totals.bytes[SPOOL_WAITING];
    begin();
    ck_assert_int_eq(spool_file_attempted(&file, id, &later), 0);
    ck_assert_int_eq(file.totals.bytes[SPOOL_WAITING], bytes + 2);
    ck_assert_int_eq(spool_file_set_aside(&file, id, &refused), 0);
    ck_assert_int_eq(spool_file_change(&file, id, &body), 0);
    commit();
    ck_assert_int_eq(file.totals.bytes[SPOOL_WAITING], 0);
    ck_assert_int_eq(file.totals.bytes[SPOOL_ASIDE], bytes + length + 3);
    reopen();
    ck_assert_int_eq(file.totals.bytes[SPOOL_ASIDE], bytes + length + 3);
    begin();
    ck_assert_int_eq(spool_file_retry(&file, id), 0);
    commit();
    ck_assert_int_eq(file.totals.bytes[SPOOL_WAITING], bytes + 3);
}
END_TEST

static int64_t halve(int64_t id, const char *first, const char *second)
{
    const struct buf one = {(char *)(uintptr_t)first, strlen(first), SIZE_MAX, SIZE_MAX};
    const struct buf two = {(char *)(uintptr_t)second, strlen(second), SIZE_MAX, SIZE_MAX};
    int64_t ret = 0;

    begin();
    ck_assert_int_eq(spool_file_halve(&file, id, &one, &two, &ret), 0);
    commit();
    return ret;
}

START_TEST(halves_stand_where_the_row_stood)
{
    int64_t id = spool_last_id(2), first, quarter;

    world_insert(&file, 1, "a", "0");
    world_insert(&file, 2, "a", "12345678");
    world_insert(&file, 3, "a", "9");
    first = halve(id, "1234", "5678");
    quarter = halve(first, "12", "34");
    ck_assert_str_eq(bodies("a"), "0;12;34;5678;9;");
    begin();
    ck_assert_int_eq(spool_file_end(&file, quarter, SPOOL_DELIVERED, &accepted), 0);
    ck_assert_int_eq(spool_file_set_aside(&file, first, &refused), 0);
    commit();
    halve(id, "56", "78");
    ck_assert_str_eq(bodies("a"), "0;56;78;9;");
    ck_assert_int_eq(spool_file_find(&file, 2, false, SIZE_MAX, &rows), 0);
    ck_assert_str_eq(numbers(), "2 2 2 2");
}
END_TEST

/* The name of its entity, and its answer, are those of the row. */
START_TEST(a_part_counts_for_what_it_takes)
{
    int64_t bytes, id = spool_last_id(1);

    world_insert(&file, 1, "a", "12345678");
    begin();
    ck_assert_int_eq(spool_file_attempted(&file, id, &refused), 0);
    commit();
    bytes = file.totals.bytes[SPOOL_WAITING];
    halve(id, "1234", "5678");
    ck_assert_int_eq(file.totals.bytes[SPOOL_WAITING], bytes + SPOOL_ROW_BYTES);
}
END_TEST

START_TEST(a_write_has_a_bounded_number_of_parts)
{
    struct spool_row *row = world_row(2, "a", "x");
    const struct buf half = {(char *)(uintptr_t) "x", 1, 1, 1};
    int64_t ret;

    row->id = spool_last_id(2) - SPOOL_PARTS_MAX + 2;
    begin();
    ck_assert_int_eq(spool_file_insert(&file, row), 0);
    ck_assert_int_eq(spool_file_halve(&file, row->id, &half, &half, &ret), 0);
    ck_assert_int_eq(spool_file_halve(&file, ret, &half, &half, &ret), -EOVERFLOW);
    commit();
    ck_assert_str_eq(bodies("a"), "x;x;");
    spool_row_free(row);
}
END_TEST

START_TEST(a_body_is_changed)
{
    const struct buf body = {(char *)(uintptr_t) "shorter", 7, 7, 7};
    int64_t before;

    world_insert(&file, 1, "a", "a long body");
    before = file.totals.bytes[SPOOL_WAITING];
    begin();
    ck_assert_int_eq(spool_file_change(&file, spool_last_id(1), &body), 0);
    ck_assert_int_eq(spool_file_change(&file, spool_last_id(2), &body), -ENOENT);
    commit();
    ck_assert_str_eq(bodies("a"), "shorter;");
    ck_assert_int_eq(file.totals.bytes[SPOOL_WAITING], before - 4);
}
END_TEST

START_TEST(the_list_is_paged)
{
    int i;

    for (i = 1; i <= 9; i++)
        world_insert(&file, i, "a", "body");
    begin();
    for (i = 2; i <= 8; i += 3)
        ck_assert_int_eq(spool_file_set_aside(&file, spool_last_id(i), &refused), 0);
    commit();
    ck_assert_int_eq(spool_file_list(&file, 0, -1, false, (struct spool_page){4, 0, 0}, &rows), 0);
    ck_assert_uint_eq(row_at(0)->body.len, 0);
    ck_assert_uint_eq(row_at(0)->size, 4);
    ck_assert_str_eq(numbers(), "1 2 3 4");
    ck_assert_int_eq(spool_file_list(&file, spool_last_id(4), -1, true, all, &rows), 0);
    ck_assert_uint_eq(row_at(0)->body.len, 4);
    ck_assert_str_eq(numbers(), "5 6 7 8 9");
    ck_assert_int_eq(spool_file_list(&file, spool_last_id(2), SPOOL_ASIDE, false, all, &rows), 0);
    ck_assert_str_eq(numbers(), "5 8");
    ck_assert_int_eq(spool_file_list(&file, 0, SPOOL_WAITING, false, (struct spool_page){3, 0, 0}, &rows), 0);
    ck_assert_str_eq(numbers(), "1 3 4");
}
END_TEST

/* Of all if PRINCIPAL is NULL. */
static int64_t oldest_of(const char *principal)
{
    struct spool_row *row;
    int r = principal ? spool_file_oldest_of(&file, principal, &row) : spool_file_oldest(&file, &row);
    int64_t number;

    if (r < 0)
        return r;
    number = spool_number(row->id);
    spool_row_free(row);
    return number;
}

START_TEST(the_oldest_that_waits)
{
    ck_assert_int_eq(oldest_of(NULL), -ENOENT);
    world_insert(&file, 5, "a", "x");
    ck_assert_int_eq(oldest_of(NULL), 5);
    world_insert(&file, 3, "b", "x");
    ck_assert_int_eq(oldest_of(NULL), 3);
    begin();
    ck_assert_int_eq(spool_file_set_aside(&file, spool_last_id(3), &refused), 0);
    commit();
    ck_assert_int_eq(oldest_of(NULL), 5);
    begin();
    ck_assert_int_eq(spool_file_retry(&file, spool_last_id(3)), 0);
    ck_assert_int_eq(spool_file_end(&file, spool_last_id(3), SPOOL_DROPPED, &refused), 0);
    ck_assert_int_eq(oldest_of(NULL), 5);
    file.failure = -EIO;
    ck_assert_int_eq(spool_file_commit(&file), -EIO);
    ck_assert_int_eq(oldest_of(NULL), 5);
    reopen();
    ck_assert_int_eq(oldest_of(NULL), 5);
}
END_TEST

/* Odd numbers are of "uid 1". */
START_TEST(the_oldest_of_a_principal)
{
    ck_assert_int_eq(oldest_of("uid 1"), -ENOENT);
    world_insert(&file, 2, "a", "x");
    ck_assert_int_eq(oldest_of("uid 1"), -ENOENT);
    world_insert(&file, 7, "a", "x");
    world_insert(&file, 5, "b", "x");
    ck_assert_int_eq(oldest_of("uid 1"), 5);
    world_insert(&file, 3, "b", "x");
    ck_assert_int_eq(oldest_of("uid 1"), 3);
    begin();
    ck_assert_int_eq(spool_file_set_aside(&file, spool_last_id(3), &refused), 0);
    commit();
    ck_assert_int_eq(oldest_of("uid 1"), 5);
    begin();
    ck_assert_int_eq(spool_file_retry(&file, spool_last_id(3)), 0);
    commit();
    ck_assert_int_eq(oldest_of("uid 1"), 3);
    begin();
    ck_assert_int_eq(spool_file_end(&file, spool_last_id(3), SPOOL_DROPPED, &refused), 0);
    ck_assert_int_eq(oldest_of("uid 1"), 5);
    file.failure = -EIO;
    ck_assert_int_eq(spool_file_commit(&file), -EIO);
    ck_assert_int_eq(oldest_of("uid 1"), 3);
}
END_TEST

static int steps_of(const char *principal)
{
    sqlite3_stmt *statement = NULL;
    int steps = 0;

    ck_assert_int_gt(oldest_of(principal), 0);
    while ((statement = sqlite3_next_stmt(file.db, statement)))
        if (strstr(sqlite3_sql(statement), "AND principal = ?2"))
            steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
    ck_assert_int_gt(steps, 0);
    return steps;
}

START_TEST(older_rows_of_others_are_passed_over_once)
{
    int64_t number;

    for (number = 1; number <= 500; number++)
        world_insert(&file, 2 * number, "a", "x");
    for (number = 501; number <= 503; number++)
        world_insert(&file, 2 * number + 1, "b", "x");
    ck_assert_int_gt(steps_of("uid 1"), 1000);
    for (number = 501; number <= 502; number++) {
        begin();
        ck_assert_int_eq(spool_file_end(&file, spool_last_id(2 * number + 1), SPOOL_DROPPED, &refused), 0);
        commit();
        ck_assert_int_lt(steps_of("uid 1"), 200);
    }
}
END_TEST

START_TEST(what_each_principal_has)
{
    struct spool_share *shares;
    size_t count;

    world_insert(&file, 4, "a", "");
    begin();
    ck_assert_int_eq(spool_file_end(&file, spool_last_id(4), SPOOL_DELIVERED, &accepted), 0); /* "a" stays */
    commit();
    world_insert(&file, 1, "a", "123");
    world_insert(&file, 2, "a", "12345");
    world_insert(&file, 3, "a", "1");
    begin();
    ck_assert_int_eq(spool_file_set_aside(&file, spool_last_id(3), &refused), 0);
    commit();
    ck_assert_int_eq(spool_file_shares(&file, &shares, &count), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(shares[0].principal, "uid 1");
    ck_assert_int_eq(shares[0].rows, 2);
    ck_assert_int_eq(shares[0].bytes, 4 + (int64_t)strlen(refused.answer) + 2 * SPOOL_ROW_BYTES);
    ck_assert_int_eq(shares[1].bytes, 5 + SPOOL_ROW_BYTES);
    spool_shares_free(shares, count);
}
END_TEST

START_TEST(rows_are_not_sorted_to_be_counted)
{
    struct spool_share *shares;
    size_t count;
    int64_t number;

    begin();
    for (number = 1; number <= 5000; number++) {
        struct spool_row *row = world_row(number, "a", "1");

        ck_assert_int_eq(spool_file_insert(&file, row), 0);
        spool_row_free(row);
    }
    commit();
    ck_assert_int_eq(spool_file_shares(&file, &shares, &count), 0); /* puts them into the index */
    spool_shares_free(shares, count);
    sqlite3_memory_highwater(1);
    number = sqlite3_memory_used();
    ck_assert_int_eq(spool_file_shares(&file, &shares, &count), 0);
    ck_assert_int_lt(sqlite3_memory_highwater(0) - number, 64 * 1024);
    ck_assert_int_eq(shares[0].rows, 2500);
    spool_shares_free(shares, count);
}
END_TEST

START_TEST(numbers_are_not_given_again)
{
    const struct spool_answer answer = {.at_ms = 1, .status = 200};
    int64_t next = 0;

    ck_assert_int_eq(spool_file_next_number(&file, &next), 0);
    ck_assert_int_eq(next, 1);
    world_insert(&file, 41, "a", "x");
    begin();
    ck_assert_int_eq(spool_file_end(&file, spool_last_id(41), SPOOL_DELIVERED, &answer), 0);
    commit();
    reopen(); /* forgets ends of years ago, but not the last */
    ck_assert_int_eq(spool_file_next_number(&file, &next), 0);
    ck_assert_int_eq(next, 42);
}
END_TEST

static int64_t count_ends(void)
{
    int64_t number, count = 0;

    for (number = 1; number <= 2 * SPOOL_ENDED_MAX; number++) {
        ck_assert_int_eq(spool_file_find(&file, number, false, SIZE_MAX, &rows), 0);
        count += row_at(0) != NULL;
        spool_rows_free(&rows);
    }
    return count;
}

START_TEST(a_bounded_number_of_ends_is_remembered)
{
    int64_t number, now = 1700000000000;

    begin();
    for (number = 1; number <= 2 * SPOOL_ENDED_MAX; number++) {
        struct spool_answer answer = {.at_ms = now, .status = 200};
        struct spool_row *row = world_row(number, "a", "x");

        if (number == 1) { /* another user, who has only this */
            free(row->principal);
            row->principal = strdup("uid 3");
        }
        ck_assert_int_eq(spool_file_insert(&file, row), 0);
        ck_assert_int_eq(spool_file_end(&file, row->id, SPOOL_DELIVERED, &answer), 0);
        spool_row_free(row);
    }
    commit();
    ck_assert_int_eq(count_ends(), SPOOL_ENDED_MAX);
    ck_assert_int_eq(spool_file_find(&file, 1, false, SIZE_MAX, &rows), 0);
    ck_row_text(row_at(0), principal, "uid 3");
    spool_rows_free(&rows);
    reopen();
    ck_assert_int_eq(count_ends(), 1);
}
END_TEST

START_TEST(an_error_of_the_file_undoes_the_transaction)
{
    struct spool_row *row = world_row(2, "a", "longer");

    world_insert(&file, 1, "a", "one");
    begin();
    ck_assert_int_eq(spool_file_insert(&file, row), 0);
    ck_assert_int_eq(spool_file_end(&file, spool_last_id(1), SPOOL_DELIVERED, &accepted), 0);
    file.failure = -EIO;
    ck_assert_int_eq(spool_file_commit(&file), -EIO);
    ck_assert_str_eq(bodies("a"), "one;");
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], 1);
    spool_row_free(row);
}
END_TEST

UNIT_SUITE(spool_file)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_file", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_row_comes_back_as_it_was);
    tcase_add_test(tests, an_empty_body_and_the_largest);
    tcase_add_test(tests, rows_of_an_entity_are_read_in_the_order_of_their_numbers);
    tcase_add_test(tests, a_number_comes_once);
    tcase_add_test(tests, entities_have_their_turns);
    tcase_add_test(tests, an_end_is_remembered);
    tcase_add_test(tests, attempts_are_counted);
    tcase_add_test(tests, what_is_set_aside_waits_again_if_told);
    tcase_add_test(tests, an_answer_counts_until_the_row_waits_again);
    tcase_add_test(tests, a_part_counts_for_what_it_takes);
    tcase_add_test(tests, halves_stand_where_the_row_stood);
    tcase_add_test(tests, a_write_has_a_bounded_number_of_parts);
    tcase_add_test(tests, a_body_is_changed);
    tcase_add_test(tests, the_list_is_paged);
    tcase_add_test(tests, the_oldest_that_waits);
    tcase_add_test(tests, the_oldest_of_a_principal);
    tcase_add_test(tests, older_rows_of_others_are_passed_over_once);
    tcase_add_test(tests, what_each_principal_has);
    tcase_add_test(tests, rows_are_not_sorted_to_be_counted);
    tcase_add_test(tests, numbers_are_not_given_again);
    tcase_add_test(tests, a_bounded_number_of_ends_is_remembered);
    tcase_add_test(tests, an_error_of_the_file_undoes_the_transaction);
    return suite;
}
