/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_damaged.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "base/log.h"
#include "base/loop.h"
#include "proxy/store/spool_file.h"

#define DAMAGED_PREFIX SPOOL_FILE_NAME ".damaged-"

/* So that a disk that damages one file after the other is not filled with them. */
static int check_number_of_damaged(const char *directory, struct tb_error *err)
{
    DIR *entries = opendir(directory);
    const struct dirent *entry;
    int found = 0;

    if (!entries)
        return tb_error_set(err, -errno, "%s: %s", directory, strerror(errno));
    while ((entry = readdir(entries)))
        if (strncmp(entry->d_name, DAMAGED_PREFIX, strlen(DAMAGED_PREFIX)) == 0 &&
            !strstr(entry->d_name, "-wal") && !strstr(entry->d_name, "-shm"))
            found++;
    closedir(entries);
    return found < SPOOL_DAMAGED_MAX
               ? 0
               : tb_error_set(err, -EUCLEAN, "%s has %d damaged files; check the disk and remove them",
                              directory, found);
}

/* "20261129T152544123Z" */
static void format_time(char ret[CLOCK_TEXT_BYTES])
{
    char text[CLOCK_TEXT_BYTES], *to = ret;
    const char *from;

    clock_format(clock_wall_ms(), text);
    for (from = text; *from; from++)
        if (!strchr("-:.", *from))
            *to++ = *from;
    *to = '\0';
}

static int move(const char *path, const char *aside, const char *suffix)
{
    char from[PATH_MAX], to[PATH_MAX];

    if (snprintf(from, sizeof(from), "%s%s", path, suffix) >= PATH_MAX ||
        snprintf(to, sizeof(to), "%s%s", aside, suffix) >= PATH_MAX)
        return -ENAMETOOLONG;
    return rename(from, to) < 0 && errno != ENOENT ? -errno : 0;
}

static int sync_directory(const char *directory)
{
    CLEANUP(close_fd) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* The log file goes first: beside a new file, SQLite would delete it. */
static int move_aside(const char *path, char aside[PATH_MAX])
{
    char time[CLOCK_TEXT_BYTES];
    int r;

    format_time(time);
    if (snprintf(aside, PATH_MAX, "%s.damaged-%s", path, time) >= PATH_MAX)
        return -ENAMETOOLONG;
    r = move(path, aside, "-wal");
    if (r == 0)
        r = move(path, aside, "-shm");
    if (r == 0)
        r = move(path, aside, "-journal");
    return r == 0 ? move(path, aside, "") : r;
}

int spool_damaged_set_aside(const char *path, const char *why, struct tb_error *err)
{
    CLEANUP(free_pointer) char *directory = strndup(path, strlen(path) - strlen("/" SPOOL_FILE_NAME));
    char aside[PATH_MAX];
    int r = directory ? check_number_of_damaged(directory, err) : tb_error_set(err, -ENOMEM, "out of memory");

    if (r < 0)
        return r;
    r = move_aside(path, aside);
    if (r == 0)
        r = sync_directory(directory);
    if (r < 0)
        return tb_error_set(err, r, "%s, and cannot be moved aside: %s", why, strerror(-r));
    log_error("%s; it was moved to %s, and a new one begins: what it held is not delivered", why, aside);
    return 0;
}
