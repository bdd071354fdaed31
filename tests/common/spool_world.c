/* SPDX-License-Identifier: Apache-2.0 */
#include "spool_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/store/spool_reserve.h"
#include "unit.h"

#define BODY_MAX 65536

static char directory[300], path[400];

/* To make the reserve again and again takes the disk more time than the rest. */
static void remove_files(bool keeps_reserve)
{
    DIR *entries = opendir(directory);
    struct dirent *entry;

    while (entries && (entry = readdir(entries)))
        if (entry->d_name[0] != '.' && !(keeps_reserve && strcmp(entry->d_name, SPOOL_RESERVE_NAME) == 0))
            unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
}

/* A test that fails, or is a process of its own, leaves nothing behind either. */
static void remove_directory(void)
{
    if (!directory[0])
        return;
    remove_files(false);
    rmdir(directory);
}

static void make_empty_file(void)
{
    int fd = open(world_path(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    close(fd);
}

const char *world_directory(void)
{
    if (!directory[0]) {
        snprintf(directory, sizeof(directory), "%s-spool", unit_directory());
        atexit(remove_directory);
    }
    mkdir(directory, 0700);
    remove_files(true);
    if (spool_reserve_is_there(world_path())) /* or the log would say that the file is missing */
        make_empty_file();
    return directory;
}

const char *world_path_of(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

const char *world_path(void)
{
    return world_path_of(SPOOL_FILE_NAME);
}

int world_count_files(const char *part)
{
    DIR *entries = opendir(directory);
    struct dirent *entry;
    int count = 0;

    while ((entry = readdir(entries)))
        count += strstr(entry->d_name, part) != NULL;
    closedir(entries);
    return count;
}

int world_count_damaged(void)
{
    return world_count_files(".damaged-") - world_count_files("Z-wal");
}

void world_open(struct spool_file *file)
{
    struct tb_error err = {0};

    ck_assert_msg(spool_file_open(file, directory, &err) == 0, "%s", err.message);
}

struct spool_row *world_row(int64_t number, const char *entity, const char *body)
{
    struct spool_row *row = spool_row_new();

    row->id = spool_last_id(number);
    row->arrived_ms = 1700000000000 + number;
    row->entity = strdup(entity);
    row->principal = strdup(number % 2 ? "uid 1" : "uid 2");
    row->server_url = strdup("https://thingsboard.example");
    row->tenant = strdup("13814000-1dd2-11b2-8080-808080808080");
    row->operation = strdup("saveEntityTelemetry");
    row->target = strdup("/api/plugins/telemetry/DEVICE/1/timeseries/ANY");
    row->content_type = strdup("application/json");
    buf_append_string(&row->body, body);
    return row;
}

void world_insert(struct spool_file *file, int64_t number, const char *entity, const char *body)
{
    struct spool_row *row = world_row(number, entity, body);

    ck_assert_int_eq(spool_file_begin(file), 0);
    ck_assert_int_eq(spool_file_insert(file, row), 0);
    ck_assert_int_eq(spool_file_commit(file), 0);
    spool_row_free(row);
}

const char *world_body(int64_t number, size_t size)
{
    static char body[BODY_MAX];
    size_t length = (size_t)snprintf(body, sizeof(body), "%lld,", (long long)number), i;

    for (i = length; i < size; i++)
        body[i] = body[i - length];
    body[size] = '\0';
    return body;
}
