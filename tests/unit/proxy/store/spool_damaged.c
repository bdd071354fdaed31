/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are damaged, of another version, or another program's. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/store/spool_reserve.h"
#include "proxy/store/spool_schema.h"
#include "spool_world.h"
#include "unit.h"

#define ROWS  60
#define FLIPS 100

static const struct spool_page all = {SIZE_MAX, SIZE_MAX, 0};

static void make_file(void)
{
    struct spool_file file;
    struct spool_answer answer = {.at_ms = 1700000000000, .status = 400, .answer = "no", .reason = "refused"};
    int64_t number;

    world_open(&file);
    for (number = 1; number <= ROWS; number++)
        world_insert(&file, number, number % 3 ? "a" : "b", world_body(number, number % 10 ? 100 : 9000));
    ck_assert_int_eq(spool_file_begin(&file), 0);
    for (number = 5; number <= ROWS; number += 5)
        ck_assert_int_eq(spool_file_set_aside(&file, spool_last_id(number), &answer), 0);
    for (number = 7; number <= ROWS; number += 10)
        ck_assert_int_eq(spool_file_end(&file, spool_last_id(number), SPOOL_DELIVERED, &answer), 0);
    ck_assert_int_eq(spool_file_commit(&file), 0);
    spool_file_close(&file);
}

/* ---- flipped bytes ---- */

static void read_all(struct spool_file *file)
{
    struct spool_entity entities[4];
    struct spool_share *shares;
    struct list rows;
    struct spool_row *row;
    int64_t cursor = 0;
    size_t count;
    int found;

    list_init(&rows);
    spool_file_list(file, 0, -1, true, all, &rows);
    spool_file_list(file, 0, SPOOL_ASIDE, false, all, &rows);
    spool_file_read(file, "a", all, &rows);
    spool_file_find(file, 57, false, SIZE_MAX, &rows); /* the last end is not forgotten */
    spool_rows_free(&rows);
    found = spool_file_next_entities(file, &cursor, entities, 4);
    spool_file_entities_free(entities, found < 0 ? 0 : (size_t)found);
    if (spool_file_oldest(file, &row) == 0)
        spool_row_free(row);
    if (spool_file_shares(file, &shares, &count) == 0)
        spool_shares_free(shares, count);
}

static void change_all(struct spool_file *file)
{
    struct spool_answer answer = {.at_ms = 1700000000000, .status = 200};
    struct spool_row *row = world_row(1000, "a", "new");
    int64_t number, id;

    for (number = 1; number <= ROWS; number++) {
        spool_file_retry(file, spool_last_id(number));
        spool_file_attempted(file, spool_last_id(number), &answer);
        spool_file_halve(file, spool_last_id(number), &row->body, &row->body, &id);
        spool_file_end(file, spool_last_id(number), SPOOL_DELIVERED, &answer);
    }
    spool_file_insert(file, row);
    spool_row_free(row);
}

/* The file works; or says that it is damaged, and a new one takes its place. Returns whether it did. */
static bool use(struct spool_file *file)
{
    int r = spool_file_begin(file);

    if (r == 0) {
        read_all(file);
        change_all(file);
        r = spool_file_commit(file);
    }
    ck_assert_msg(r == 0 || r == -EUCLEAN, "%d: %s", r, file->why);
    if (r == 0)
        return false;
    ck_assert_int_eq(spool_file_replace(file, NULL), 0);
    return true;
}

static char *read_file(size_t *length)
{
    FILE *stream = fopen(world_path(), "re");
    char *bytes = malloc(1024 * 1024);

    ck_assert_ptr_nonnull(stream);
    *length = fread(bytes, 1, 1024 * 1024, stream);
    fclose(stream);
    return bytes;
}

static void write_file(const char *bytes, size_t length)
{
    int fd;

    world_directory();
    fd = open(world_path(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

static bool damage(char *bytes, size_t length)
{
    size_t at = unit_random() % (unit_random() % 4 ? length : 200);
    char was = bytes[at];
    struct spool_file file;
    bool damaged;
    int r;

    bytes[at] = (char)(bytes[at] ^ (char)(1 + unit_random() % 255));
    write_file(bytes, length);
    bytes[at] = was;
    unit_capture();
    r = spool_file_open(&file, world_path_of("."), NULL);
    if (r == -ENOTSUP)
        damaged = true; /* its version was flipped */
    else {
        ck_assert_int_eq(r, 0);
        damaged = use(&file) || world_count_damaged() > 0;
        use(&file);
        ck_assert_int_eq(spool_file_check_totals(&file), 0);
    }
    spool_file_close(&file);
    unit_captured();
    return damaged;
}

START_TEST(a_byte_is_flipped)
{
    size_t length;
    char *bytes;
    int i, damaged = 0;

    world_directory();
    make_file();
    bytes = read_file(&length);
    for (i = 0; i < FLIPS; i++)
        damaged += damage(bytes, length);
    ck_assert_int_gt(damaged, 0);
    ck_assert_int_lt(damaged, FLIPS);
    free(bytes);
}
END_TEST

START_TEST(a_file_is_cut)
{
    size_t length, left;
    char *bytes;
    int i;

    world_directory();
    make_file();
    bytes = read_file(&length);
    for (i = 0; i < 20; i++) {
        struct spool_file file;

        left = unit_random() % (length - 4096); /* the last page may be the end of a body */
        write_file(bytes, left);
        unit_capture();
        world_open(&file);
        use(&file);
        unit_captured();
        ck_assert_int_eq(world_count_damaged(), left > 0);
        spool_file_close(&file);
    }
    free(bytes);
}
END_TEST

static const char *open_damaged(struct spool_file *file)
{
    unit_capture();
    world_open(file);
    return unit_captured();
}

START_TEST(a_damaged_file_is_moved_aside_and_the_log_says_so)
{
    struct spool_file file;
    const char *text;

    write_file("this is not a database, but it is long enough to be one", 50);
    text = open_damaged(&file);
    ck_assert_ptr_nonnull(strstr(text, "spool.db is damaged (file is not a database); it was moved to "));
    ck_assert_ptr_nonnull(strstr(text, "spool.db.damaged-20"));
    ck_assert_int_eq(world_count_damaged(), 1);
    world_insert(&file, 1, "a", "works");
    spool_file_close(&file);
}
END_TEST

static void overwrite(const char *path, off_t offset, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, text, strlen(text), offset), (ssize_t)strlen(text));
    close(fd);
}

/* SQLite would only read such a file. */
START_TEST(a_later_format_is_damage)
{
    struct spool_file file;

    world_directory();
    make_file();
    overwrite(world_path(), 18, "\3");
    open_damaged(&file);
    ck_assert_int_eq(world_count_damaged(), 1);
    spool_file_close(&file);
}
END_TEST

/* A process that did not close the file leaves a log file, which may have rows that can be rescued. */
START_TEST(the_log_file_goes_with_its_file)
{
    struct spool_file file;
    pid_t child;
    int status;

    world_directory();
    child = fork();
    if (child == 0) {
        world_open(&file);
        world_insert(&file, 1, "a", "lost");
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(world_count_files("spool.db-wal"), 1);
    overwrite(world_path_of("spool.db-wal"), 0, "no header");
    overwrite(world_path(), 0, "no header");
    open_damaged(&file);
    ck_assert_int_eq(world_count_files("Z-wal"), 1);
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], 0);
    spool_file_close(&file);
}
END_TEST

START_TEST(a_bounded_number_of_damaged_files_is_kept)
{
    struct spool_file file;
    struct tb_error err = {0};
    char name[100];
    int i;

    world_directory();
    for (i = 0; i < SPOOL_DAMAGED_MAX; i++) {
        snprintf(name, sizeof(name), "spool.db.damaged-%d", i);
        close(open(world_path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        snprintf(name, sizeof(name), "spool.db.damaged-%d-wal", i);
        close(open(world_path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    i = open(world_path(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(i, "this is not a database", 22), 22);
    close(i);
    ck_assert_int_eq(spool_file_open(&file, world_path_of("."), &err), -EUCLEAN);
    ck_assert_ptr_nonnull(strstr(err.message, "remove them"));
    ck_assert_int_eq(unlink(world_path_of("spool.db.damaged-3")), 0);
    open_damaged(&file);
    spool_file_close(&file);
}
END_TEST

/* ---- removed ---- */

static bool opening_says_that_it_was_removed(void)
{
    struct spool_file file;
    const char *text = open_damaged(&file);

    spool_file_close(&file);
    return strstr(text, "spool.db was removed or moved away: what it held is not delivered") != NULL;
}

START_TEST(a_file_that_was_removed_between_two_starts_is_told_once)
{
    world_directory();
    unlink(world_path_of(SPOOL_RESERVE_NAME));
    ck_assert(!opening_says_that_it_was_removed()); /* the first start */
    ck_assert(!opening_says_that_it_was_removed());
    unlink(world_path());
    ck_assert(opening_says_that_it_was_removed());
    ck_assert(!opening_says_that_it_was_removed());
}
END_TEST

/* That it was is told already. */
START_TEST(a_file_that_was_damaged_or_removed_in_use_is_told_once)
{
    struct spool_file file;
    const char *text;

    write_file("this is not a database, but it is long enough to be one", 50);
    ck_assert(!opening_says_that_it_was_removed());
    ck_assert_int_eq(world_count_damaged(), 1);
    world_open(&file);
    unlink(world_path());
    unit_capture();
    ck_assert(spool_file_leave(&file));
    text = unit_captured();
    ck_assert_ptr_nonnull(strstr(text, "spool.db was removed or replaced while it was in use"));
    ck_assert(!opening_says_that_it_was_removed());
}
END_TEST

/* ---- versions ---- */

static sqlite3 *open_raw(void)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(world_path(), &db), SQLITE_OK);
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void change_file(const char *sql)
{
    sqlite3 *db = open_raw();

    run(db, sql);
    sqlite3_close(db);
}

START_TEST(a_newer_file_is_refused_and_left)
{
    struct spool_file file;
    struct tb_error err = {0};

    world_directory();
    make_file();
    change_file("PRAGMA user_version=2");
    ck_assert_int_eq(spool_file_open(&file, world_path_of("."), &err), -ENOTSUP);
    ck_assert_ptr_nonnull(strstr(err.message, "newer version"));
    ck_assert_int_eq(world_count_damaged(), 0);
    change_file("PRAGMA user_version=1");
    world_open(&file);
    ck_assert_int_gt(file.totals.rows[SPOOL_WAITING], 0);
    spool_file_close(&file);
}
END_TEST

START_TEST(another_programs_file_is_moved_aside)
{
    static const char *const others[] = {"PRAGMA application_id=1", "PRAGMA application_id=0"};
    struct spool_file file;

    world_directory();
    make_file();
    change_file(others[_i]);
    open_damaged(&file);
    ck_assert_int_eq(world_count_damaged(), 1);
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], 0);
    spool_file_close(&file);
}
END_TEST

START_TEST(a_body_that_is_damaged_is_known)
{
    struct spool_file file;
    struct list rows;

    world_directory();
    make_file();
    change_file("UPDATE rows SET body = 'x' || substr(body, 2) WHERE id = (SELECT min(id) FROM rows)");
    world_open(&file);
    list_init(&rows);
    ck_assert_int_eq(spool_file_list(&file, 0, -1, true, (struct spool_page){2, SIZE_MAX, 0}, &rows), 0);
    ck_assert(CONTAINER_OF(rows.next, struct spool_row, link)->is_damaged);
    ck_assert(!CONTAINER_OF(rows.previous, struct spool_row, link)->is_damaged);
    spool_rows_free(&rows);
    ck_assert_int_eq(spool_file_list(&file, 0, -1, false, all, &rows), 0);
    ck_assert(!CONTAINER_OF(rows.next, struct spool_row, link)->is_damaged);
    spool_rows_free(&rows);
    spool_file_close(&file);
}
END_TEST

START_TEST(a_table_that_is_missing_is_damage)
{
    struct spool_file file;

    world_directory();
    make_file();
    change_file("DROP TABLE kinds");
    ck_assert_ptr_nonnull(strstr(open_damaged(&file), "is damaged (no such table: "));
    ck_assert_int_eq(world_count_damaged(), 1);
    spool_file_close(&file);
}
END_TEST

/* What no tbproxyd writes, but somebody who copies or makes a file can: nothing of it is counted with. */
static const char *const absurdities[] = {
    "UPDATE ended SET state = 1000000",
    "UPDATE ended SET state = -1",
    "UPDATE ended SET at = -9223372036854775808",
    "UPDATE ended SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM ended)",
    "UPDATE rows SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM rows)",
    "UPDATE rows SET id = -9223372036854775808 WHERE id = (SELECT min(id) FROM rows)",
    "UPDATE rows SET arrived = -9223372036854775808",
    "UPDATE rows SET boot_ms = 9223372036854775807",
    "UPDATE rows SET first_attempt = -9223372036854775808",
    "UPDATE rows SET last_attempt = -9223372036854775808",
    "UPDATE rows SET attempts = 2147483647",
    "UPDATE rows SET attempts = -1",
    "UPDATE rows SET size = -1",
    "UPDATE rows SET size = 9223372036854775807",
    "UPDATE rows SET state = 7 WHERE id = (SELECT min(id) FROM rows)",
    "UPDATE rows SET kind = 1000000",
};

START_TEST(absurd_values_are_damage)
{
    struct spool_file file;

    world_directory();
    make_file();
    change_file(absurdities[_i]);
    unit_capture();
    world_open(&file);
    use(&file);
    unit_captured();
    ck_assert_int_eq(world_count_damaged(), 1);
    ck_assert_int_le(file.totals.rows[SPOOL_WAITING], 1); /* the one that change_all() stores */
    spool_file_close(&file);
}
END_TEST

START_TEST(triggers_and_views_do_nothing)
{
    struct spool_file file;

    world_directory();
    make_file();
    change_file("CREATE TRIGGER mischief AFTER INSERT ON rows BEGIN DELETE FROM rows; END;"
                "DROP TABLE ended; CREATE VIEW ended AS SELECT * FROM rows");
    open_damaged(&file);
    ck_assert_int_eq(world_count_damaged(), 1);
    spool_file_close(&file);
    world_directory();
    make_file();
    change_file("CREATE TRIGGER mischief AFTER INSERT ON rows BEGIN DELETE FROM rows; END");
    world_open(&file);
    world_insert(&file, ROWS + 1, "a", "works");
    ck_assert_int_eq(spool_file_check_totals(&file), 0);
    spool_file_close(&file);
}
END_TEST

static int64_t number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t number;

    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* Today's file, taken two versions further. */
START_TEST(an_older_file_is_upgraded)
{
    const char *const steps[] = {spool_schema_steps[0], "ALTER TABLE rows ADD COLUMN urgency INTEGER",
                                 "UPDATE rows SET urgency = 7 WHERE state = 1"};
    sqlite3 *db;

    world_directory();
    make_file();
    db = open_raw();
    ck_assert_int_eq(spool_schema_upgrade(db, steps, 3), 0);
    ck_assert_int_eq(number_of(db, "PRAGMA user_version"), 3);
    ck_assert_int_eq(number_of(db, "SELECT count(*) FROM rows WHERE urgency = 7"), ROWS / 5);
    ck_assert_int_eq(spool_schema_upgrade(db, steps, 3), 0);
    ck_assert_int_eq(spool_schema_upgrade(db, steps, 2), -ENOTSUP);
    sqlite3_close(db);
}
END_TEST

START_TEST(an_upgrade_that_fails_changes_nothing)
{
    const char *const steps[] = {spool_schema_steps[0], "ALTER TABLE rows ADD COLUMN urgency INTEGER",
                                 "INSERT INTO nowhere VALUES (1)"};
    struct spool_file file;
    sqlite3 *db;

    world_directory();
    make_file();
    db = open_raw();
    ck_assert_int_lt(spool_schema_upgrade(db, steps, 3), 0);
    ck_assert_int_eq(number_of(db, "PRAGMA user_version"), 1);
    ck_assert_int_eq(number_of(db, "SELECT count(*) FROM pragma_table_info('rows') WHERE name = 'urgency'"),
                     0);
    sqlite3_close(db);
    world_open(&file);
    ck_assert_int_eq(file.totals.rows[SPOOL_ASIDE], ROWS / 5);
    spool_file_close(&file);
}
END_TEST

/* A file whose tables were never made is the oldest of all. */
START_TEST(an_empty_file_is_filled)
{
    struct spool_file file;

    write_file("", 0);
    world_open(&file);
    world_insert(&file, 1, "a", "works");
    spool_file_close(&file);
    ck_assert_int_eq(world_count_damaged(), 0);
}
END_TEST

UNIT_SUITE(spool_damaged)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_damaged", &tests);

    tcase_add_test(tests, a_byte_is_flipped);
    tcase_add_test(tests, a_file_is_cut);
    tcase_add_test(tests, a_damaged_file_is_moved_aside_and_the_log_says_so);
    tcase_add_test(tests, a_later_format_is_damage);
    tcase_add_test(tests, the_log_file_goes_with_its_file);
    tcase_add_test(tests, a_bounded_number_of_damaged_files_is_kept);
    tcase_add_test(tests, a_file_that_was_removed_between_two_starts_is_told_once);
    tcase_add_test(tests, a_file_that_was_damaged_or_removed_in_use_is_told_once);
    tcase_add_test(tests, a_newer_file_is_refused_and_left);
    tcase_add_loop_test(tests, another_programs_file_is_moved_aside, 0, 2);
    tcase_add_test(tests, a_body_that_is_damaged_is_known);
    tcase_add_test(tests, a_table_that_is_missing_is_damage);
    tcase_add_loop_test(tests, absurd_values_are_damage, 0, ARRAY_SIZE(absurdities));
    tcase_add_test(tests, triggers_and_views_do_nothing);
    tcase_add_test(tests, an_older_file_is_upgraded);
    tcase_add_test(tests, an_upgrade_that_fails_changes_nothing);
    tcase_add_test(tests, an_empty_file_is_filled);
    return suite;
}
