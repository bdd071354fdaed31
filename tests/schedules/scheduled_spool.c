/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduled_spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../fuzz/fuzzed_daemon.h"
#include "base/util.h"
#include "ledger.h"
#include "proxy/store/spool_writer.h"

#define WORKS_MAX 8192
#define FILE_MAX  (1 << 24)

static struct {
    struct spool_work *work;
    void (*done)(struct spool_work *work, int result);
} works[WORKS_MAX];
static size_t work_count;

int __real_spool_writer_submit(struct spool_writer *writer, struct spool_work *work);
int __wrap_spool_writer_submit(struct spool_writer *writer, struct spool_work *work);

static void work_is_done(struct spool_work *work, int result)
{
    size_t i = 0;

    while (i < work_count && works[i].work != work)
        i++;
    must(i < work_count);
    work->done = works[i].done;
    memmove(&works[i], &works[i + 1], (--work_count - i) * sizeof(*works));
    work->done(work, result);
}

int __wrap_spool_writer_submit(struct spool_writer *writer, struct spool_work *work)
{
    int r;

    must(work_count < WORKS_MAX);
    works[work_count].work = work;
    works[work_count++].done = work->done;
    work->done = work_is_done;
    r = __real_spool_writer_submit(writer, work);
    if (r < 0)
        work->done = works[--work_count].done;
    return r;
}

bool spool_works(void)
{
    return work_count > 0;
}

/* ---- its files ---- */

/* In this order: the thread may be copying the log to the database, without a work, and then it has both. */
static const char *const kept_files[] = {"spool.db-wal", "spool.db"};

static struct kept_file {
    char *data;
    size_t length;
} kept[sizeof(kept_files) / sizeof(*kept_files)];

static const char *spool_path(const char *name)
{
    static char path[200];

    snprintf(path, sizeof(path), "%s/%s", fuzzed_daemon_path("spool"), name);
    return path;
}

static void keep_file(size_t i)
{
    int fd = open(spool_path(kept_files[i]), O_RDONLY | O_CLOEXEC);
    ssize_t length;

    kept[i] = (struct kept_file){0};
    if (fd < 0)
        return;
    kept[i].data = malloc(FILE_MAX);
    length = read(fd, kept[i].data, FILE_MAX);
    must(length >= 0 && length < FILE_MAX);
    kept[i].length = (size_t)length;
    close(fd);
}

static void restore_file(size_t i)
{
    int fd;

    unlink(spool_path(kept_files[i]));
    if (!kept[i].data)
        return;
    fd = open(spool_path(kept_files[i]), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    must(write(fd, kept[i].data, kept[i].length) == (ssize_t)kept[i].length);
    close(fd);
    free(kept[i].data);
}

void spool_files_keep(void)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(kept); i++)
        keep_file(i);
}

void spool_files_restore(void)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(kept); i++)
        restore_file(i);
}

/* The server refuses what has poison with 400, and nothing else. */
static void check_aside(struct spool_file *file)
{
    struct spool_page page = {.max_rows = SIZE_MAX, .max_bytes = SIZE_MAX};
    struct spool_row *row;
    struct list rows;

    list_init(&rows);
    must(spool_file_list(file, 0, SPOOL_ASIDE, true, page, &rows) == 0);
    list_for_each(row, &rows, link)
        must_say(row->status == 400, "%.*s was set aside after %d attempts, with status %d: %s",
                 (int)row->body.len, row->body.data, row->attempts, row->status, row->reason);
    spool_rows_free(&rows);
}

void spool_files_check(void)
{
    struct tb_error err = TB_ERROR_INIT;
    struct spool_file file;

    must(spool_file_open(&file, fuzzed_daemon_path("spool"), &err) == 0);
    must(file.totals.rows[SPOOL_WAITING] == 0);
    check_aside(&file);
    spool_file_close(&file);
}

void spool_files_remove(void)
{
    static const char *const names[] = {"spool.db", "spool.db-wal", "spool.db-shm", "spool.reserve"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(names); i++)
        unlink(spool_path(names[i]));
    rmdir(fuzzed_daemon_path("spool"));
}
