/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have the file. */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/store/spool_reserve.h"
#include "spool_world.h"
#include "unit.h"

static struct spool_file file;

static void set_up(void)
{
    world_directory();
    unlink(world_path());
    unlink(world_path_of(SPOOL_RESERVE_NAME)); /* as at the first start: the file is made */
    world_open(&file);
}

static void tear_down(void)
{
    spool_file_close(&file);
}

static int open_again(struct tb_error *err)
{
    struct spool_file second;
    int r = spool_file_open(&second, world_path_of("."), err);

    ck_assert_int_ne(r, 0);
    ck_assert_ptr_null(second.db);
    return r;
}

START_TEST(another_process_is_refused)
{
    struct tb_error err = {0};
    pid_t child;
    int status;

    world_insert(&file, 1, "a", "one");
    child = fork();
    if (child == 0)
        _exit(open_again(&err) == -EBUSY && strstr(err.message, "in use by another process") ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    world_insert(&file, 2, "a", "two");
    ck_assert_int_eq(file.totals.rows[SPOOL_WAITING], 2);
}
END_TEST

/* As a backup does; tells by NEWS when it has begun, and ends after MS, or when ENDS is closed. */
static void read_file(int news, int ms, int ends)
{
    char byte;
    sqlite3 *db;
    int code = sqlite3_open(world_path(), &db);

    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "BEGIN;SELECT count(*) FROM rows", NULL, NULL, NULL);
    if (code != SQLITE_OK || write(news, "", 1) != 1)
        _exit(1);
    if (ms > 0)
        sqlite3_sleep(ms);
    else if (read(ends, &byte, 1) != 0)
        _exit(2);
    sqlite3_close(db);
    _exit(0);
}

START_TEST(one_who_has_it_for_a_moment_is_waited_for)
{
    int news[2], status;
    char byte;
    pid_t child;

    spool_file_close(&file);
    ck_assert_int_eq(pipe(news), 0);
    child = fork();
    if (child == 0)
        read_file(news[1], SPOOL_LOCK_MS / 20, -1);
    ck_assert_int_eq(read(news[0], &byte, 1), 1);
    world_open(&file);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    close(news[0]);
    close(news[1]);
}
END_TEST

/* It is no reason to end, as another tbproxyd is: it will be over. */
START_TEST(one_who_reads_for_long_is_told)
{
    int news[2], ends[2], status;
    struct tb_error err = {0};
    char byte;
    pid_t child;

    spool_file_close(&file);
    ck_assert_int_eq(pipe(news), 0);
    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        close(ends[1]);
        read_file(news[1], 0, ends[0]);
    }
    ck_assert_int_eq(read(news[0], &byte, 1), 1);
    ck_assert_int_eq(open_again(&err), -EAGAIN);
    ck_assert_ptr_nonnull(strstr(err.message, "is being read by another program; it is opened when"));
    close(ends[1]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    world_open(&file);
    close(news[0]);
    close(news[1]);
    close(ends[0]);
}
END_TEST

START_TEST(others_have_no_rights)
{
    struct tb_error err = {0};
    struct stat status;

    ck_assert_int_eq(stat(world_path(), &status), 0);
    ck_assert_int_eq(status.st_mode & 07777, 0600);
    spool_file_close(&file);
    ck_assert_int_eq(chmod(world_path(), 0640), 0);
    ck_assert_int_eq(open_again(&err), -EPERM);
    ck_assert_ptr_nonnull(strstr(err.message, "run chmod 0600 "));
    ck_assert_int_eq(chmod(world_path(), 0600), 0);
    ck_assert_int_eq(chmod(world_path_of("."), 0750), 0);
    ck_assert_int_eq(open_again(&err), -EPERM);
    ck_assert_ptr_nonnull(strstr(err.message, "run chmod 0700 "));
    ck_assert_int_eq(chmod(world_path_of("."), 0700), 0);
    world_open(&file);
}
END_TEST

START_TEST(no_link_is_followed)
{
    struct tb_error err = {0};
    char target[400];

    spool_file_close(&file);
    strcpy(target, world_path_of("target"));
    ck_assert_int_eq(rename(world_path(), target), 0);
    ck_assert_int_eq(symlink(target, world_path()), 0);
    ck_assert_int_eq(open_again(&err), -EPERM);
    ck_assert_int_eq(unlink(world_path()), 0);
    ck_assert_int_eq(link(target, world_path()), 0);
    ck_assert_int_eq(open_again(&err), -EPERM);
    ck_assert_int_eq(unlink(target), 0);
    world_open(&file);
}
END_TEST

START_TEST(it_belongs_to_another_user)
{
    struct tb_error err = {0};

    if (geteuid() != 0)
        return;
    spool_file_close(&file);
    ck_assert_int_eq(chown(world_path_of("."), 1, getegid()), 0);
    ck_assert_int_eq(open_again(&err), -EPERM);
    ck_assert_ptr_nonnull(strstr(err.message, "; run chown 0 "));
    ck_assert_int_eq(chown(world_path_of("."), 0, getegid()), 0);
    world_open(&file);
}
END_TEST

START_TEST(the_directory_is_made)
{
    struct spool_file other;
    struct tb_error err;
    char path[300], inner[400];
    struct stat status;

    snprintf(path, sizeof(path), "%s-made", unit_directory());
    snprintf(inner, sizeof(inner), "%s/a/b", path);
    ck_assert_int_eq(spool_file_open(&other, inner, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.message, "/a/b cannot be made: No such file or directory; make it "));
    ck_assert_int_eq(spool_file_open(&other, world_path(), &err), -ENOTDIR);
    ck_assert_ptr_nonnull(strstr(err.message, "is not a directory; correct spool.directory"));
    ck_assert_int_eq(spool_file_open(&other, path, &err), 0);
    spool_file_close(&other);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 07777, 0700);
    snprintf(inner, sizeof(inner), "%s/" SPOOL_FILE_NAME, path);
    ck_assert_int_eq(unlink(inner), 0);
    snprintf(inner, sizeof(inner), "%s/spool.reserve", path);
    ck_assert_int_eq(unlink(inner), 0);
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

UNIT_SUITE(spool_rights)
{
    TCase *tests;
    Suite *suite = unit_suite_create("spool_rights", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, another_process_is_refused);
    tcase_add_test(tests, one_who_has_it_for_a_moment_is_waited_for);
    tcase_add_test(tests, one_who_reads_for_long_is_told);
    tcase_add_test(tests, others_have_no_rights);
    tcase_add_test(tests, no_link_is_followed);
    tcase_add_test(tests, it_belongs_to_another_user);
    tcase_add_test(tests, the_directory_is_made);
    return suite;
}
