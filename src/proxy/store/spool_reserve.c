/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/util.h"

static int reserve_path(const char *path, char ret[PATH_MAX])
{
    const char *name = strrchr(path, '/');

    return snprintf(ret, PATH_MAX, "%.*s/" SPOOL_RESERVE_NAME, (int)(name - path), path) < PATH_MAX
               ? 0
               : -ENAMETOOLONG;
}

bool spool_reserve_is_there(const char *path)
{
    char reserve[PATH_MAX];

    return reserve_path(path, reserve) == 0 && access(reserve, F_OK) == 0;
}

int spool_reserve_take(const char *path)
{
    char reserve[PATH_MAX];
    CLEANUP(close_fd) int fd = -1;
    int r = reserve_path(path, reserve);

    if (r < 0)
        return r;
    if (spool_reserve_is_there(path))
        return 0;
    fd = open(reserve, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    /* Twice as much, or it would be given up again with the next row. */
    r = -posix_fallocate(fd, 0, 2 * SPOOL_RESERVE_BYTES);
    if (r == 0 && ftruncate(fd, SPOOL_RESERVE_BYTES) < 0)
        r = -errno;
    if (r < 0)
        unlink(reserve);
    return r;
}

void spool_reserve_give_up(const char *path)
{
    char reserve[PATH_MAX];

    if (reserve_path(path, reserve) == 0)
        unlink(reserve);
}
