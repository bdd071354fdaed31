/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "proxy/store/spool_file_private.h"

static void wal_path(const struct spool_file *file, char ret[PATH_MAX])
{
    snprintf(ret, PATH_MAX, "%s-wal", file->path);
}

/* 0: it is not there. An inode is not used for another file while it is open. */
static ino_t inode_of(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? status.st_ino : 0;
}

void spool_file_note_place(struct spool_file *file)
{
    char wal[PATH_MAX];

    wal_path(file, wal);
    file->inode = inode_of(file->path);
    file->wal_inode = inode_of(wal);
}

bool spool_file_has_moved(const struct spool_file *file)
{
    char wal[PATH_MAX];

    wal_path(file, wal);
    return inode_of(file->path) != file->inode || inode_of(wal) != file->wal_inode;
}

/* If only the log file is missing, SQLite copies it to the database when it closes it. A log file that is
 * left would be taken for that of another database. */
bool spool_file_leave(struct spool_file *file)
{
    char wal[PATH_MAX];
    bool is_lost = inode_of(file->path) != file->inode;

    wal_path(file, wal);
    if (is_lost)
        log_error("%s was removed or replaced while it was in use: what it held is not delivered",
                  file->path);
    else
        log_warning("%s was removed or replaced while it was in use; nothing is lost", wal);
    if (is_lost && inode_of(wal) == file->wal_inode)
        unlink(wal);
    spool_file_close(file);
    return is_lost;
}
