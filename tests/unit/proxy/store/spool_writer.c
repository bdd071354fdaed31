/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory_vfs.h"
#include "spool_world.h"
#include "unit.h"

static struct loop loop;
static struct spool_writer writer;
static int opened_code, opened_count, replaced_count, done_count;
static int64_t opened_number;

struct insertion {
    struct spool_work work;
    struct spool_row *row;
    int order;  /* of all that were done */
    int result; /* 1: not done */
};

static int insertion_run(struct spool_work *work, struct spool_file *file)
{
    return spool_file_insert(file, CONTAINER_OF(work, struct insertion, work)->row);
}

static void insertion_done(struct spool_work *work, int result)
{
    struct insertion *insertion = CONTAINER_OF(work, struct insertion, work);

    insertion->result = result;
    insertion->order = done_count++;
    spool_row_free(TAKE_PTR(insertion->row));
}

static void prepare(struct insertion *insertion, int64_t number)
{
    *insertion = (struct insertion){.work = {.run = insertion_run, .done = insertion_done, .bytes = 10},
                                    .row = world_row(number, "a", "body"),
                                    .result = 1};
}

static void give(struct insertion *insertion, int64_t number)
{
    prepare(insertion, number);
    ck_assert_int_eq(spool_writer_submit(&writer, &insertion->work), 0);
}

static void writer_opened(struct spool_writer *of, int64_t next_number, const struct tb_error *err)
{
    ck_assert_ptr_eq(of, &writer);
    opened_number = next_number;
    opened_code = err->code;
    opened_count++;
}

static void writer_replaced(struct spool_writer *of, const struct tb_error *err)
{
    ck_assert_ptr_eq(of, &writer);
    ck_assert_int_eq(err->code, 0);
    replaced_count++;
}

static void start(void)
{
    ck_assert_int_eq(loop_init(&loop), 0);
    writer = (struct spool_writer){.opened = writer_opened, .replaced = writer_replaced};
    ck_assert_int_eq(spool_writer_start(&writer, &loop, world_path_of("."), NULL), 0);
}

static void stop(void)
{
    spool_writer_stop(&writer);
    spool_writer_stop(&writer);
    loop_close(&loop);
}

static void wait_for(const int *count, int wanted)
{
    while (*count < wanted)
        ck_assert_int_eq(loop_turn(&loop, -1), 0);
}

static void set_up(void)
{
    world_directory();
    opened_count = replaced_count = done_count = 0;
}

START_TEST(what_came_during_a_commit_is_one_transaction)
{
    struct insertion insertions[200];
    int64_t commits;
    int i;

    start();
    wait_for(&opened_count, 1);
    ck_assert_int_eq(opened_code, 0);
    commits = spool_writer_facts(&writer).commits;
    pthread_mutex_lock(&writer.lock); /* the thread is about to take works, or waits for some */
    for (i = 0; i < 200; i++) {
        prepare(&insertions[i], i + 1);
        list_append(&writer.works, &insertions[i].work.link);
        writer.held++;
        writer.held_bytes += insertions[i].work.bytes;
    }
    pthread_cond_signal(&writer.changed);
    pthread_mutex_unlock(&writer.lock);
    wait_for(&done_count, 200);
    ck_assert_int_eq(spool_writer_facts(&writer).commits, commits + 1);
    ck_assert_int_eq(spool_writer_facts(&writer).totals.rows[SPOOL_WAITING], 200);
    ck_assert_int_eq(spool_writer_facts(&writer).oldest_ms, 1700000000001);
    for (i = 0; i < 200; i++) {
        ck_assert_int_eq(insertions[i].result, 0);
        ck_assert_int_eq(insertions[i].order, i);
    }
    stop();
}
END_TEST

static int64_t number_at_start(void)
{
    start();
    wait_for(&opened_count, opened_count + 1);
    return opened_number;
}

/* Twice in 2^36 would be a wonder. */
START_TEST(a_file_without_writes_begins_at_a_random_number)
{
    struct insertion insertion;
    int64_t first = number_at_start();

    ck_assert(first >= 1 && first <= SPOOL_WRITER_NUMBERS);
    stop();
    ck_assert_int_ne(number_at_start(), first);
    give(&insertion, 7);
    stop();
    ck_assert_int_eq(number_at_start(), 8);
    stop();
}
END_TEST

START_TEST(what_is_given_before_the_file_is_open_waits)
{
    struct insertion insertion;

    start();
    give(&insertion, 1);
    wait_for(&done_count, 1);
    ck_assert_int_eq(opened_count, 1);
    ck_assert_int_eq(insertion.result, 0);
    stop();
}
END_TEST

START_TEST(stopping_finishes_all)
{
    struct insertion insertions[50];
    struct spool_file file;
    int i;

    start();
    for (i = 0; i < 50; i++)
        give(&insertions[i], i + 1);
    stop();
    ck_assert_int_eq(done_count, 50);
    for (i = 0; i < 50; i++)
        ck_assert_int_eq(insertions[i].result, 0);
    world_open(&file);
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], 50);
    spool_file_close(&file);
}
END_TEST

static struct insertion late;

static void give_late(struct spool_work *work, int result)
{
    insertion_done(work, result);
    give(&late, 2);
}

START_TEST(what_comes_when_the_thread_has_ended_fails)
{
    struct insertion first;

    start();
    prepare(&first, 1);
    first.work.done = give_late;
    ck_assert_int_eq(spool_writer_submit(&writer, &first.work), 0);
    stop(); /* tells that it is done */
    ck_assert_int_eq(first.result, 0);
    ck_assert_int_eq(late.result, -ESHUTDOWN);
    ck_assert_uint_eq(writer.held, 0);
}
END_TEST

START_TEST(a_work_that_is_refused_harms_no_other)
{
    struct insertion insertions[3];

    start();
    give(&insertions[0], 1);
    give(&insertions[1], 1);
    give(&insertions[2], 2);
    stop();
    ck_assert_int_eq(insertions[0].result, 0);
    ck_assert_int_eq(insertions[1].result, -EEXIST);
    ck_assert_int_eq(insertions[2].result, 0);
}
END_TEST

START_TEST(works_are_bounded)
{
    static struct insertion insertions[SPOOL_WRITER_WORKS_MAX];
    struct insertion more, large = {.work = {.run = insertion_run, .done = insertion_done}};
    struct insertion free_of_charge;
    int i;

    start();
    for (i = 0; i < SPOOL_WRITER_WORKS_MAX; i++)
        give(&insertions[i], i + 1);
    prepare(&more, 9999);
    ck_assert_int_eq(spool_writer_submit(&writer, &more.work), -EAGAIN);
    prepare(&free_of_charge, 9998);
    free_of_charge.work.bytes = 0;
    ck_assert_int_eq(spool_writer_submit(&writer, &free_of_charge.work), 0);
    wait_for(&done_count, SPOOL_WRITER_WORKS_MAX + 1);
    large.work.bytes = SPOOL_WRITER_BYTES_MAX + 1;
    ck_assert_int_eq(spool_writer_submit(&writer, &large.work), -EAGAIN);
    more.work.bytes = SPOOL_WRITER_BYTES_MAX;
    ck_assert_int_eq(spool_writer_submit(&writer, &more.work), 0);
    large.work.bytes = 1;
    ck_assert_int_eq(spool_writer_submit(&writer, &large.work), -EAGAIN);
    stop();
    ck_assert_int_eq(more.result, 0);
}
END_TEST

static void store(int64_t number)
{
    struct insertion insertion;
    int done = done_count;

    give(&insertion, number);
    wait_for(&done_count, done + 1);
    ck_assert_int_eq(insertion.result, 0);
}

static int64_t rows_of_new_start(void)
{
    struct spool_file file;
    int64_t rows;

    world_open(&file);
    rows = file.totals.rows[SPOOL_WAITING];
    spool_file_close(&file);
    return rows;
}

static void remove_log(void)
{
    unlink(world_path_of(SPOOL_FILE_NAME "-wal"));
}

static void remove_database(void)
{
    unlink(world_path());
}

static void remove_all(void)
{
    remove_log();
    remove_database();
    unlink(world_path_of("spool.reserve"));
}

static void put_another_there(void)
{
    char other[PATH_MAX];

    snprintf(other, sizeof(other), "%s", world_path_of("other"));
    ck_assert_int_eq(close(open(other, O_WRONLY | O_CREAT, 0600)), 0);
    ck_assert_int_eq(rename(other, world_path()), 0);
}

static const struct {
    void (*change)(void);
    int64_t rows; /* of two */
} removals[] = {{remove_log, 2}, {remove_database, 1}, {remove_all, 1}, {put_another_there, 1}};

START_TEST(files_that_are_removed_while_they_are_used)
{
    start();
    store(1);
    removals[_i].change();
    store(2);
    ck_assert_int_eq(opened_count, 2);
    ck_assert_int_eq(replaced_count, removals[_i].rows == 1);
    ck_assert_int_eq(spool_writer_facts(&writer).totals.rows[SPOOL_WAITING], removals[_i].rows);
    store(3);
    ck_assert_int_eq(opened_count, 2);
    stop();
    ck_assert_int_eq(rows_of_new_start(), removals[_i].rows + 1);
}
END_TEST

#define MANY 300

static int many_run(struct spool_work *work, struct spool_file *file)
{
    int64_t number;
    int r = 0;

    (void)work;
    for (number = 1; number <= MANY && r == 0; number++) {
        struct spool_row *row = world_row(number, "a", world_body(number, 10000));

        r = spool_file_insert(file, row);
        spool_row_free(row);
    }
    return r;
}

static int none_run(struct spool_work *work, struct spool_file *file)
{
    const struct spool_answer answer = {.status = 200};
    int64_t number;
    int r = 0;

    (void)work;
    for (number = 1; number <= MANY && r == 0; number++)
        r = spool_file_end(file, spool_last_id(number), SPOOL_DELIVERED, &answer);
    return r;
}

static void count_done(struct spool_work *work, int result)
{
    (void)work;
    ck_assert_int_eq(result, 0);
    done_count++;
}

START_TEST(a_file_that_becomes_smaller_is_told)
{
    struct spool_work many = {.run = many_run, .done = count_done};
    struct spool_work none = {.run = none_run, .done = count_done};

    start();
    spool_writer_submit(&writer, &many);
    wait_for(&done_count, 1);
    ck_assert_int_gt(spool_writer_facts(&writer).disk_bytes, MANY * 10000);
    spool_writer_submit(&writer, &none);
    wait_for(&done_count, 2);
    stop();
    ck_assert_int_lt(writer.facts.disk_bytes, MANY * 1000);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened)
{
    struct insertion before, after;
    struct spool_file file;

    world_open(&file);
    ck_assert_int_eq(fchmodat(AT_FDCWD, world_path(), 0644, 0), 0);
    spool_file_close(&file);
    start();
    give(&before, 1);
    wait_for(&done_count, 1);
    ck_assert_int_eq(opened_count, 1);
    ck_assert_int_eq(opened_code, -EPERM);
    give(&after, 1);
    wait_for(&done_count, 2);
    ck_assert_int_eq(before.result, -EPERM);
    ck_assert_int_eq(after.result, -EPERM);
    stop();
}
END_TEST

/* ---- faults ---- */

static int damage_run(struct spool_work *work, struct spool_file *file)
{
    (void)work;
    return sqlite3_exec(file->db, "DROP TABLE rows", NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

START_TEST(a_file_that_is_found_damaged_is_replaced)
{
    struct insertion first, damage, during, after;

    unit_capture();
    start();
    give(&first, 1);
    wait_for(&done_count, 1);
    prepare(&damage, 2);
    damage.work.run = damage_run;
    ck_assert_int_eq(spool_writer_submit(&writer, &damage.work), 0);
    wait_for(&done_count, 2);
    give(&during, 3);
    wait_for(&done_count, 3);
    ck_assert_int_eq(replaced_count, 1);
    give(&after, 4);
    stop();
    ck_assert_ptr_nonnull(strstr(unit_captured(), "is damaged"));
    ck_assert_int_eq(damage.result, 0);
    ck_assert_int_eq(during.result, -EUCLEAN);
    ck_assert_int_eq(after.result, 0);
    ck_assert_int_eq(world_count_damaged(), 1);
}
END_TEST

static int failing_run(struct spool_work *work, struct spool_file *file)
{
    insertion_run(work, file);
    file->failure = -EIO;
    return 0;
}

/* If one of a transaction fails at the file, each of the others has its own. */
START_TEST(a_failure_is_of_one_work)
{
    struct insertion insertions[3];

    start();
    prepare(&insertions[1], 2);
    insertions[1].work.run = failing_run;
    give(&insertions[0], 1);
    ck_assert_int_eq(spool_writer_submit(&writer, &insertions[1].work), 0);
    give(&insertions[2], 3);
    wait_for(&done_count, 3);
    ck_assert_int_eq(insertions[0].result, 0);
    ck_assert_int_eq(insertions[1].result, -EIO);
    ck_assert_int_eq(insertions[2].result, 0);
    ck_assert_int_eq(spool_writer_facts(&writer).totals.rows[SPOOL_WAITING], 2);
    stop();
}
END_TEST

/* Nothing is acknowledged that is not stored. */
START_TEST(a_disk_that_fails)
{
    struct insertion insertions[20];
    struct spool_file file;
    int i, stored = 0;

    memory_vfs_begin();
    memory_vfs_fail(100, SQLITE_IOERR_WRITE, true);
    start();
    for (i = 0; i < 20; i++) {
        give(&insertions[i], i + 1);
        wait_for(&done_count, i + 1);
        ck_assert(insertions[i].result == 0 || insertions[i].result == -EIO);
        stored += insertions[i].result == 0;
    }
    stop();
    memory_vfs_lose_power(false);
    world_open(&file);
    ck_assert_int_gt(stored, 0);
    ck_assert_int_lt(stored, 20);
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], stored);
    spool_file_close(&file);
    memory_vfs_end();
}
END_TEST

UNIT_SUITE(spool_writer)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_writer", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, what_came_during_a_commit_is_one_transaction);
    tcase_add_test(tests, a_file_without_writes_begins_at_a_random_number);
    tcase_add_test(tests, what_is_given_before_the_file_is_open_waits);
    tcase_add_test(tests, stopping_finishes_all);
    tcase_add_test(tests, what_comes_when_the_thread_has_ended_fails);
    tcase_add_test(tests, a_work_that_is_refused_harms_no_other);
    tcase_add_test(tests, works_are_bounded);
    tcase_add_loop_test(tests, files_that_are_removed_while_they_are_used, 0, 4);
    tcase_add_test(tests, a_file_that_becomes_smaller_is_told);
    tcase_add_test(tests, a_file_that_cannot_be_opened);
    tcase_add_test(tests, a_file_that_is_found_damaged_is_replaced);
    tcase_add_test(tests, a_failure_is_of_one_work);
    tcase_add_test(tests, a_disk_that_fails);
    return suite;
}
