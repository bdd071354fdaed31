/* SPDX-License-Identifier: Apache-2.0 */
/* The disk loses power, or fails, at each of its operations: what was committed is there, as a whole. */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "memory_vfs.h"
#include "spool_world.h"
#include "unit.h"

#define ROWS 3 /* that each step inserts */
#define LAG  4 /* steps after which a row is delivered, another set aside, and a third halved */

struct work {
    int steps;
    size_t size; /* of most bodies */
};

/* Bodies are of one page, of several, and of none. */
static size_t body_size(const struct work *work, int64_t number)
{
    return number % 7 == 0 ? 0 : number % 5 == 0 ? 100 : work->size;
}

static int insert(struct spool_file *file, const struct work *work, int64_t number)
{
    struct spool_row *row =
        world_row(number, number % 2 ? "odd" : "even", world_body(number, body_size(work, number)));
    int r = spool_file_insert(file, row);

    spool_row_free(row);
    return r;
}

static int change(struct spool_file *file, int step)
{
    int64_t number = (step - LAG) * ROWS, id;
    const struct buf first = {(char *)(uintptr_t) "1", 1, 1, 1}, second = {(char *)(uintptr_t) "22", 2, 2, 2};
    struct spool_answer answer = {.at_ms = 1700000000000, .status = 400, .reason = "refused"};
    int r = spool_file_end(file, spool_last_id(number), SPOOL_DELIVERED, &answer);

    if (r == 0)
        r = spool_file_set_aside(file, spool_last_id(number + 1), &answer);
    return r == 0 ? spool_file_halve(file, spool_last_id(number + 2), &first, &second, &id) : r;
}

static int take_step(struct spool_file *file, const struct work *work, int step)
{
    int i, r = spool_file_begin(file);

    for (i = 0; i < ROWS && r == 0; i++)
        r = insert(file, work, step * ROWS + i);
    if (r == 0 && step >= LAG)
        r = change(file, step);
    return r == 0 || spool_file_failed(file) ? spool_file_commit(file) : r;
}

/* ---- what the file must hold after STEPS ---- */

static bool is_row(const struct spool_row *row, int64_t id, enum spool_state state, const char *body,
                   size_t size)
{
    return row->id == id && row->state == state && row->body.len == size &&
           (size == 0 || memcmp(row->body.data, body, size) == 0);
}

static const struct spool_row *next_row(struct list *rows, struct list **at)
{
    *at = (*at)->next;
    return *at == rows ? NULL : CONTAINER_OF(*at, struct spool_row, link);
}

static bool holds_number(struct list *rows, struct list **at, const struct work *work, int steps,
                         int64_t number)
{
    bool changed = number / ROWS < steps - LAG;
    const struct spool_row *row;
    int64_t id = spool_last_id(number);
    size_t size = body_size(work, number);

    if (changed && number % ROWS == 0)
        return true;
    row = next_row(rows, at);
    if (!changed || number % ROWS == 1)
        return row && is_row(row, id, changed ? SPOOL_ASIDE : SPOOL_WAITING, world_body(number, size), size);
    if (!row || !is_row(row, id - 1, SPOOL_WAITING, "1", 1))
        return false;
    row = next_row(rows, at);
    return row && is_row(row, id, SPOOL_WAITING, "22", 2);
}

static bool holds(struct spool_file *file, const struct work *work, int steps)
{
    struct list rows, *at = &rows;
    bool right = true;
    int64_t number;

    list_init(&rows);
    ck_assert_int_eq(spool_file_list(file, 0, -1, true, (struct spool_page){SIZE_MAX, SIZE_MAX, 0}, &rows),
                     0);
    for (number = 0; number < (int64_t)steps * ROWS && right; number++)
        right = holds_number(&rows, &at, work, steps, number);
    right = right && at->next == &rows && spool_file_check_totals(file) == 0;
    spool_rows_free(&rows);
    return right;
}

/* ---- power ---- */

/* Returns how many steps were acknowledged. */
static int work_until_it_fails(const struct work *work)
{
    struct spool_file file;
    int step;

    if (spool_file_open(&file, world_directory(), NULL) < 0)
        return 0;
    for (step = 0; step < work->steps && take_step(&file, work, step) == 0; step++)
        spool_file_maintain(&file);
    spool_file_close(&file);
    return step;
}

static void lose_power_at(const struct work *work, int operation, bool keeps_some_sectors)
{
    struct spool_file file;
    int steps;

    memory_vfs_begin();
    memory_vfs_fail(operation, SQLITE_IOERR, true);
    steps = work_until_it_fails(work);
    memory_vfs_lose_power(keeps_some_sectors);
    world_open(&file);
    ck_assert_msg(holds(&file, work, steps) || holds(&file, work, steps + 1),
                  "power lost at operation %d, %d steps", operation, steps);
    ck_assert_int_eq(world_count_damaged(), 0);
    spool_file_close(&file);
    memory_vfs_end();
}

/* All are tried, or if that is slow, a tenth. */
static bool is_tried(void)
{
    return (int)(unit_random() % 100) < unit_rounds(100);
}

/* A run without a fault. Returns its operations. */
static int run_once(const struct work *work)
{
    memory_vfs_begin();
    ck_assert_int_eq(work_until_it_fails(work), work->steps);
    memory_vfs_end();
    return memory_vfs_operations();
}

START_TEST(at_each_operation)
{
    const struct work work = {10, 3000};
    int operation, operations = run_once(&work);

    for (operation = 1; operation <= operations; operation++) {
        if (!is_tried())
            continue;
        lose_power_at(&work, operation, false);
        lose_power_at(&work, operation, true);
    }
}
END_TEST

/* So much that the log is copied to the file several times. */
START_TEST(at_each_synchronisation_of_a_large_file)
{
    const struct work work = {120, 30000};
    int operation, operations = run_once(&work);
    bool was_sync[65536];

    ck_assert_int_lt(operations, 65536);
    for (operation = 1; operation <= operations; operation++)
        was_sync[operation] = memory_vfs_was_sync(operation);
    for (operation = 1; operation < operations; operation++)
        if (was_sync[operation] && (int)(unit_random() % 1000) < unit_rounds(100))
            lose_power_at(&work, operation + (int)(unit_random() % 3) - 1, unit_random() % 2);
}
END_TEST

/* ---- faults ---- */

/* Operation number AT fails once with CODE, and a step that fails is repeated. Returns the last error. */
static int fail_once(const struct work *work, int at, int code)
{
    struct spool_file file;
    int step, failure = 0;

    memory_vfs_begin();
    memory_vfs_fail(at, code, false);
    if (spool_file_open(&file, world_directory(), NULL) < 0)
        world_open(&file);
    for (step = 0; step < work->steps; step++) {
        int r = take_step(&file, work, step);

        spool_file_maintain(&file);
        if (r == 0)
            continue;
        failure = r;
        ck_assert_msg(holds(&file, work, step), "operation %d failed with %d: step %d", at, code, step);
        ck_assert_int_eq(take_step(&file, work, step), 0);
    }
    ck_assert_msg(holds(&file, work, step), "operation %d failed with %d", at, code);
    spool_file_close(&file);
    world_open(&file);
    ck_assert_msg(holds(&file, work, step), "operation %d failed with %d: opened again", at, code);
    spool_file_close(&file);
    memory_vfs_end();
    return failure;
}

static void fail_each(int code, int wanted)
{
    const struct work work = {10, 3000};
    int at, seen = 0, operations = run_once(&work);

    for (at = 1; at <= operations; at++) {
        int r = is_tried() ? fail_once(&work, at, code) : 0;

        ck_assert_int_eq(r, r == 0 ? 0 : wanted);
        seen += r != 0;
    }
    ck_assert_int_gt(seen, 2);
}

START_TEST(each_operation_fails_once)
{
    static const struct {
        int code, system, result;
    } faults[] = {{SQLITE_FULL, 0, -ENOSPC},
                  {SQLITE_IOERR_WRITE, EROFS, -EROFS},
                  {SQLITE_IOERR_WRITE, EIO, -EIO},
                  {SQLITE_IOERR_FSYNC, EIO, -EIO},
                  {SQLITE_IOERR_NOMEM, 0, -ENOMEM}};

    memory_vfs_set_error(faults[_i].system);
    fail_each(faults[_i].code, faults[_i].result);
}
END_TEST

/* The file is not given up for it. */
static void start_while_read_fails(const struct work *work, int at, int code, bool for_good, int wanted)
{
    struct spool_file file;
    int r;

    memory_vfs_fail_read(at, code, for_good);
    r = spool_file_open(&file, world_directory(), NULL);
    ck_assert_msg(r == 0 || r == wanted, "read %d failed with %d: %d", at, code, r);
    spool_file_close(&file);
    ck_assert_int_eq(world_count_damaged(), 0);
    memory_vfs_fail_read(0, 0, false);
    world_open(&file);
    ck_assert_msg(holds(&file, work, work->steps), "read %d failed with %d", at, code);
    spool_file_close(&file);
}

START_TEST(each_read_at_a_start_fails)
{
    static const struct {
        int code, result;
        bool for_good;
    } faults[] = {{SQLITE_IOERR_READ, -EIO, false},
                  {SQLITE_IOERR_READ, -EIO, true},
                  {SQLITE_IOERR_NOMEM, -ENOMEM, false}};
    const struct work work = {10, 3000};
    struct spool_file file;
    int at, reads;

    memory_vfs_begin();
    ck_assert_int_eq(work_until_it_fails(&work), work.steps);
    memory_vfs_fail_read(0, 0, false);
    world_open(&file);
    reads = memory_vfs_reads();
    spool_file_close(&file);
    ck_assert_int_gt(reads, 20);
    for (at = 1; at <= reads; at++)
        start_while_read_fails(&work, at, faults[_i].code, faults[_i].for_good, faults[_i].result);
    memory_vfs_end();
}
END_TEST

UNIT_SUITE(spool_power)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_power", &tests);

    tcase_add_test(tests, at_each_operation);
    tcase_add_test(tests, at_each_synchronisation_of_a_large_file);
    tcase_add_loop_test(tests, each_operation_fails_once, 0, 5);
    tcase_add_loop_test(tests, each_read_at_a_start_fails, 0, 3);
    return suite;
}
