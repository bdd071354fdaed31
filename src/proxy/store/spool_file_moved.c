/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "proxy/store/spool_file_private.h"
#include "proxy/store/spool_reserve.h"

void spool_file_log_path(const struct spool_file *file, char ret[PATH_MAX])
{
    snprintf(ret, PATH_MAX, "%s-wal", file->path);
}

/* 0 in *RET: it is not there. An inode is not used for another file while it is open. */
static int look_at(const char *path, ino_t *ret)
{
    struct stat status;

    if (stat(path, &status) == 0)
        *ret = status.st_ino;
    else if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
        *ret = 0;
    else
        return -errno;
    return 0;
}

int spool_file_note_place(struct spool_file *file)
{
    char wal[PATH_MAX];
    int r = look_at(file->path, &file->inode);

    spool_file_log_path(file, wal);
    return r == 0 ? look_at(wal, &file->wal_inode) : r;
}

/* If it cannot be told, as without memory in the kernel, nobody has touched it. */
static bool is_at(const char *path, ino_t noted)
{
    ino_t inode = noted;

    return look_at(path, &inode) < 0 || inode == noted;
}

bool spool_file_has_moved(const struct spool_file *file)
{
    char wal[PATH_MAX];

    spool_file_log_path(file, wal);
    return !is_at(file->path, file->inode) || !is_at(wal, file->wal_inode);
}

/* If only the log file is missing, SQLite copies it to the database when it closes it. A log file that is
 * left would be taken for that of another database. */
bool spool_file_leave(struct spool_file *file)
{
    char wal[PATH_MAX];
    bool is_lost = !is_at(file->path, file->inode);

    spool_file_log_path(file, wal);
    if (is_lost) {
        log_error("%s was removed or replaced while it was in use: what it held is not delivered",
                  file->path);
        spool_reserve_give_up(file->path); /* or it would be said again */
        if (is_at(wal, file->wal_inode))
            unlink(wal);
    } else {
        log_warning("%s was removed or replaced while it was in use; nothing is lost", wal);
    }
    spool_file_close(file);
    return is_lost;
}
