/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is full: a small file system in memory, if the test may mount one. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/store/spool_reserve.h"
#include "spool_world.h"
#include "unit.h"

#define DISK_MIB  40
#define BODY_SIZE 30000

/* In a mount namespace of its own, so that it goes with the process. */
static bool mount_disk(void)
{
    char size[40];

    snprintf(size, sizeof(size), "mode=0700,size=%dm", DISK_MIB);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("spool-test", world_directory(), "tmpfs", MS_NOSUID | MS_NODEV, size) == 0;
}

static int insert(struct spool_file *file, int64_t number)
{
    struct spool_row *row = world_row(number, "entity", world_body(number, BODY_SIZE));
    int r;

    ck_assert_int_eq(spool_file_begin(file), 0);
    r = spool_file_insert(file, row);
    spool_row_free(row);
    if (r == 0 || spool_file_failed(file))
        return spool_file_commit(file);
    ck_assert_int_eq(spool_file_commit(file), 0);
    return r;
}

/* Returns the number of the first that did not fit. */
static int64_t fill(struct spool_file *file, int64_t number)
{
    int r;

    while ((r = insert(file, number)) == 0) {
        number++;
        spool_file_maintain(file);
    }
    ck_assert_int_eq(r, -ENOSPC);
    return number;
}

static void end(struct spool_file *file, int64_t from, int64_t to)
{
    struct spool_answer answer = {.at_ms = 1700000000000, .status = 200};

    for (; from < to; from++) {
        ck_assert_int_eq(spool_file_begin(file), 0);
        ck_assert_int_eq(spool_file_end(file, spool_last_id(from), SPOOL_DELIVERED, &answer), 0);
        ck_assert_int_eq(spool_file_commit(file), 0);
        while (spool_file_maintain(file))
            ;
    }
}

static void check_full_disk(void)
{
    struct spool_file file;
    int64_t number, more;

    world_open(&file);
    number = fill(&file, 1);
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], number - 1);
    ck_assert_int_gt((number - 1) * BODY_SIZE, DISK_MIB * 1024 * 1024 / 2);
    ck_assert_int_eq(insert(&file, number), -ENOSPC);
    end(&file, 1, number / 2);
    ck_assert_int_eq(spool_file_check_totals(&file), 0);
    more = fill(&file, number);
    ck_assert_int_gt(more, number);
    end(&file, number / 2, more);
    ck_assert_int_lt(spool_file_disk_bytes(&file), SPOOL_JOURNAL_BYTES);
    ck_assert_int_gt(fill(&file, more), more + number / 2);
    spool_file_close(&file);
}

static void fill_by_others(void)
{
    static const char block[4096];
    FILE *stream = fopen(world_path_of("other"), "we");

    setvbuf(stream, NULL, _IONBF, 0);
    while (fwrite(block, sizeof(block), 1, stream) == 1)
        ;
    fclose(stream);
}

/* Others fill the disk. What is stored can be delivered nevertheless. */
static void check_disk_that_others_fill(void)
{
    struct spool_file file;
    int64_t number;

    world_open(&file);
    for (number = 1; number <= 100; number++)
        ck_assert_int_eq(insert(&file, number), 0);
    end(&file, 1, 10); /* long ago, so they are forgotten when the file is opened */
    spool_file_close(&file);
    fill_by_others();
    world_open(&file);
    ck_assert_int_eq(insert(&file, number), -ENOSPC);
    spool_file_close(&file);
    world_open(&file);
    ck_assert_int_eq(insert(&file, number), -ENOSPC);
    end(&file, 10, number);
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], 0);
    unlink(world_path_of("other"));
    ck_assert_int_eq(insert(&file, number), 0);
    spool_file_close(&file);
}

/* As soon as the reserve is given up, others have it. */
static void check_disk_whose_reserve_others_take(void)
{
    struct spool_file file;
    int64_t number;

    world_open(&file);
    number = fill(&file, 1);
    fill_by_others();
    end(&file, 1, number);
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], 0);
    ck_assert_int_eq(spool_file_check_totals(&file), 0);
    unlink(world_path_of("other"));
    ck_assert_int_eq(insert(&file, number), 0);
    spool_file_close(&file);
}

/* And the process is killed. */
static void check_full_disk_and_a_kill(void)
{
    struct spool_file file;
    pid_t child = fork();
    int status;

    if (child == 0) {
        world_open(&file);
        fill(&file, 1);
        fill_by_others();
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    world_open(&file);
    ck_assert_int_gt(file.totals.rows[SPOOL_WAITING], 100);
    end(&file, 1, file.totals.rows[SPOOL_WAITING] + 1);
    ck_assert_int_eq(spool_file_check_totals(&file), 0);
    spool_file_close(&file);
}

START_TEST(a_full_disk)
{
    void (*const checks[])(void) = {check_full_disk, check_disk_that_others_fill,
                                    check_disk_whose_reserve_others_take, check_full_disk_and_a_kill};

    if (!mount_disk())
        return;
    checks[_i]();
    ck_assert_int_eq(umount2(world_directory(), MNT_DETACH), 0);
}
END_TEST

UNIT_SUITE(spool_full)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_full", &tests);

    tcase_add_loop_test(tests, a_full_disk, 0, 4);
    return suite;
}
