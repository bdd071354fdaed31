/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/loop.h"
#include "proxy/store/spool_damaged.h"
#include "proxy/store/spool_file_private.h"
#include "proxy/store/spool_fresh.h"
#include "proxy/store/spool_lock.h"
#include "proxy/store/spool_reserve.h"
#include "proxy/store/spool_schema.h"
#include "proxy/store/spool_sql.h"

/* ---- who has rights ---- */

/* Only this process's user may have any. */
static int check_owner(const char *path, const struct stat *status, const char *mode, struct tb_error *err)
{
    if (status->st_uid != geteuid())
        return tb_error_set(err, -EPERM,
                            "%s belongs to another user; run chown %ju %s, or set spool.directory", path,
                            (uintmax_t)geteuid(), path);
    if (status->st_mode & 077)
        return tb_error_set(err, -EPERM, "%s: others have rights; run chmod %s %s", path, mode, path);
    return 0;
}

static int fail_with(struct tb_error *err, const char *path, int r)
{
    return tb_error_set(err, r, "%s: %s", path, strerror(-r));
}

static int fail(struct tb_error *err, const char *path)
{
    return fail_with(err, path, -errno);
}

static int cannot_make(struct tb_error *err, const char *directory)
{
    int r = -errno;

    return tb_error_set(err, r,
                        "%s cannot be made: %s; make it for the user of tbproxyd, or set spool.directory",
                        directory, strerror(-r));
}

/* The directory itself may be a symbolic link, as systemd's state directory is. */
static int prepare_directory(const char *directory, struct tb_error *err)
{
    struct stat status;

    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return cannot_make(err, directory);
    if (stat(directory, &status) < 0)
        return fail(err, directory);
    if (!S_ISDIR(status.st_mode))
        return tb_error_set(err, -ENOTDIR, "%s is not a directory; correct spool.directory", directory);
    return check_owner(directory, &status, "0700", err);
}

/* SQLite would make a file with other rights. */
static int prepare_file(const char *path, struct tb_error *err)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int r = fd < 0 ? -errno : 0;

    if (fd >= 0)
        close(fd);
    else if (r != -EEXIST && (r != -EROFS || access(path, F_OK) < 0))
        return fail_with(err, path, r);
    if (lstat(path, &status) < 0)
        return fail(err, path);
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
        return tb_error_set(err, -EPERM, "%s is not a file, or is linked", path);
    return check_owner(path, &status, "0600", err);
}

/* ---- the database ---- */

static int open_error(struct spool_file *file, int r, struct tb_error *err)
{
    const char *why = file->failure ? file->why : file->db ? sqlite3_errmsg(file->db) : strerror(-r);

    if (r == -EBUSY)
        return tb_error_set(err, -EAGAIN,
                            "%s is being read by another program; it is opened when that has ended",
                            file->path);
    if (r == -ENOTSUP)
        return tb_error_set(err, r, "%s was written by a newer version; install that, or move the file away",
                            file->path);
    if (r == -EUCLEAN)
        return tb_error_set(err, r, "%s is damaged (%s)", file->path, why);
    return tb_error_set(err, r, "%s: %s", file->path, why);
}

/* The lock is taken with the first look at the file, before anything is changed. */
static int open_connection(struct spool_file *file)
{
    int r = spool_sql_result(sqlite3_open_v2(
        file->path, &file->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL));

    if (r < 0)
        return r;
    sqlite3_extended_result_codes(file->db, 1);
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_busy_timeout(file->db, SPOOL_LOCK_MS);
    sqlite3_limit(file->db, SQLITE_LIMIT_LENGTH, SPOOL_BODY_MAX + 1024 * 1024);
    return spool_sql_run(file->db, "PRAGMA locking_mode=EXCLUSIVE;PRAGMA trusted_schema=OFF;"
                                   "PRAGMA cell_size_check=ON;PRAGMA mmap_size=0;PRAGMA temp_store=MEMORY;"
                                   "PRAGMA synchronous=FULL;PRAGMA page_size=4096");
}

static int set_limits(struct spool_file *file)
{
    char sql[200];

    snprintf(sql, sizeof(sql),
             "PRAGMA cache_size=-%d;PRAGMA journal_size_limit=%d;PRAGMA wal_autocheckpoint=0",
             SPOOL_CACHE_KIB, SPOOL_JOURNAL_BYTES);
    return spool_sql_run(file->db, sql);
}

static int oldest_waiting(struct spool_file *file, int64_t *ret)
{
    int r = spool_sql_number(file->db, "SELECT id FROM rows WHERE +state IN (0, 4) ORDER BY id LIMIT 1", ret);

    if (r != -ENOENT)
        return r;
    *ret = INT64_MAX;
    return 0;
}

/* SQLite does not write to a file whose header says that it is of a later format. */
static int check_writable(struct spool_file *file)
{
    if (!sqlite3_db_readonly(file->db, "main"))
        return 0;
    return access(file->path, W_OK) == 0 ? -EUCLEAN : -EROFS;
}

/* To be set before anything is in the file. Later it would be written each time, for which a full disk has no
 * room. */
static int let_shrink(struct spool_file *file)
{
    int64_t pages = 0;
    int r = spool_sql_number(file->db, "PRAGMA page_count", &pages);

    return r < 0 || pages > 0 ? r : spool_sql_run(file->db, "PRAGMA auto_vacuum=INCREMENTAL");
}

static int prepare_database(struct spool_file *file)
{
    int r = spool_schema_check(file->db, SPOOL_SCHEMA);

    if (r == 0)
        r = check_writable(file);
    if (r == 0)
        r = let_shrink(file);
    if (r == 0)
        r = spool_sql_expect(file->db, "PRAGMA journal_mode=WAL", "wal", -EIO);
    if (r == 0)
        r = set_limits(file);
    spool_file_watch_log(file);
    if (r == 0)
        r = spool_schema_upgrade(file->db, spool_schema_steps, SPOOL_SCHEMA);
    return r == 0 ? spool_sql_check(file->db) : r;
}

/* A full disk has room for that later. */
static int restore_index(struct spool_file *file)
{
    int r;

    file->fresh.count = 0;
    file->fresh.is_lost = true;
    spool_file_begin(file);
    r = spool_file_commit(file);
    return r == -ENOSPC ? 0 : r;
}

/* No write ever gets such a number; those behind it would not fit into an id. */
static int check_ids(struct spool_file *file)
{
    char sql[300];
    int64_t wrong = 0;
    int r;

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM (SELECT min(id) AS id FROM rows UNION ALL SELECT max(id) FROM rows"
             " UNION ALL SELECT min(id) FROM ended UNION ALL SELECT max(id) FROM ended)"
             " WHERE id <= 0 OR id > %lld",
             (long long)spool_last_id(SPOOL_NUMBER_MAX / 2));
    r = spool_sql_number(file->db, sql, &wrong);
    return r == 0 && wrong > 0 ? -EUCLEAN : r;
}

static int read_database(struct spool_file *file)
{
    int r = check_ids(file);

    if (r == 0)
        r = restore_index(file);
    if (r == 0)
        r = spool_file_count(file, &file->totals);
    if (r == 0)
        r = oldest_waiting(file, &file->totals.oldest_id);
    if (r == 0)
        r = spool_sql_number(file->db, "SELECT count(*) FROM entities", &file->entities_new);
    if (r == 0)
        r = spool_file_begin(file);
    if (r < 0 && r != -ENOSPC)
        return r;
    spool_file_tidy(file, clock_wall_ms());
    r = spool_file_commit(file);
    return r == -ENOSPC ? 0 : r;
}

static int open_database(struct spool_file *file, struct tb_error *err)
{
    int r = prepare_file(file->path, err);

    if (r < 0)
        return r;
    r = open_connection(file);
    if (r == 0)
        r = prepare_database(file);
    if (r == 0)
        r = read_database(file);
    if (r < 0)
        return open_error(file, r, err);
    r = spool_file_note_place(file);
    if (r < 0)
        return tb_error_set(err, r, "%s: %s", file->path, strerror(-r));
    if (spool_reserve_take(file->path) < 0)
        spool_file_make_room(file);
    return 0;
}

static void close_database(struct spool_file *file)
{
    spool_statements_free(file);
    sqlite3_close(file->db);
    file->db = NULL;
}

/* ---- opening ---- */

/* The log file stays as it is: it may be all that can be rescued. */
static void close_damaged(struct spool_file *file)
{
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    close_database(file);
}

static int open_or_replace(struct spool_file *file, struct tb_error *err)
{
    struct tb_error damage = {0};
    int r = open_database(file, &damage);

    if (r == -EUCLEAN) {
        close_damaged(file);
        r = spool_damaged_set_aside(file->path, damage.message, err);
        return r == 0 ? open_database(file, err) : r;
    }
    return r < 0 ? tb_error_set(err, r, "%s", damage.message) : 0;
}

static int lock(struct spool_file *file, const char *directory, struct tb_error *err)
{
    int r = spool_lock_take(directory, &file->lock);

    if (r == -EBUSY)
        return tb_error_set(
            err, r, "%s is in use by another process; each needs a directory of its own (spool.directory)",
            file->path);
    return r == 0 ? 0 : fail_with(err, directory, r);
}

static int file_path(const char *directory, char **ret, struct tb_error *err)
{
    CLEANUP(free_pointer) char *resolved = realpath(directory, NULL);

    if (!resolved)
        return fail(err, directory);
    return asprintf(ret, "%s/%s", resolved, SPOOL_FILE_NAME) < 0 ? tb_error_set(err, -ENOMEM, "out of memory")
                                                                 : 0;
}

static bool is_missing(const struct spool_file *file)
{
    return access(file->path, F_OK) < 0 && errno == ENOENT;
}

/* Only the reserve tells that there was a file. It is said when the new one is there, even if that cannot be
 * used: so it is said once. */
static int open_or_begin(struct spool_file *file, struct tb_error *err)
{
    bool was_removed = is_missing(file) && spool_reserve_is_there(file->path);
    int r = open_or_replace(file, err);

    if (was_removed && !is_missing(file))
        log_warning("%s was removed or moved away: what it held is not delivered, and a new one begins",
                    file->path);
    return r;
}

int spool_file_open(struct spool_file *file, const char *directory, struct tb_error *err)
{
    int r;

    *file = (struct spool_file){0};
    r = prepare_directory(directory, err);
    if (r == 0)
        r = file_path(directory, &file->path, err);
    if (r == 0)
        r = lock(file, directory, err);
    if (r == 0)
        r = open_or_begin(file, err);
    if (r < 0)
        spool_file_close(file);
    return r;
}

void spool_file_close(struct spool_file *file)
{
    close_database(file);
    if (file->lock > 0)
        close(file->lock);
    file->lock = 0;
    free(TAKE_PTR(file->path));
}

int spool_file_replace(struct spool_file *file, struct tb_error *err)
{
    char why[PATH_MAX + 100];
    int r;

    snprintf(why, sizeof(why), "%s is damaged (%s)", file->path, file->why);
    close_damaged(file);
    r = spool_damaged_set_aside(file->path, why, err);
    if (r == 0)
        r = open_or_replace(file, err);
    if (r < 0)
        spool_file_close(file);
    return r;
}
