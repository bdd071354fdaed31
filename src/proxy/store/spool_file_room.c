/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/log.h"
#include "proxy/store/spool_file_private.h"
#include "proxy/store/spool_fresh.h"
#include "proxy/store/spool_reserve.h"
#include "proxy/store/spool_sql.h"

#define LOG_PAGES    1024 /* 4 MiB: the log file is copied to the database when it has so many */
#define SHRINK_PAGES 1024 /* given back to the disk at a time */
#define SHRINK_LEAST 256  /* fewer are kept for new rows */

static int log_has_grown(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct spool_file *file = arg;

    (void)db, (void)name;
    file->log_pages = pages;
    return SQLITE_OK;
}

void spool_file_watch_log(struct spool_file *file)
{
    sqlite3_wal_hook(file->db, log_has_grown, file);
}

static int checkpoint(struct spool_file *file, int mode)
{
    int r = spool_sql_result(sqlite3_wal_checkpoint_v2(file->db, NULL, mode, NULL, NULL));

    if (r == 0)
        file->log_pages = 0;
    return r;
}

/* Rows are refused from now on, so what is in the reserve's place is left for their ends. Or others take it
 * at once: then the log file, which keeps its size, has room for ends. */
void spool_file_make_room(struct spool_file *file)
{
    spool_reserve_give_up(file->path);
    checkpoint(file, SQLITE_CHECKPOINT_RESTART);
    if (!file->is_full)
        log_warning("%s: no space left on the disk: nothing is stored until there is", file->path);
    file->is_full = true;
}

bool spool_file_has_room(struct spool_file *file)
{
    if (file->is_full && spool_reserve_take(file->path) == 0) {
        file->is_full = false;
        log_info("%s: there is space on the disk again", file->path);
    }
    return !file->is_full;
}

/* Whether pages were given back. Only if they are many and not soon needed: a page that is given back costs
 * the copy of another. */
static bool shrink(struct spool_file *file)
{
    int64_t pages = 0;
    char sql[60];

    if (!file->is_full && file->totals.rows[SPOOL_WAITING] > 0)
        return false;
    if (spool_sql_number(file->db, "PRAGMA freelist_count", &pages) < 0 || pages < SHRINK_LEAST)
        return false;
    sqlite3_snprintf(sizeof(sql), sql, "PRAGMA incremental_vacuum(%d)", SHRINK_PAGES);
    return spool_sql_run(file->db, sql) == 0;
}

/* If that fails, so does the next transaction. */
static void index_fresh(struct spool_file *file)
{
    if (!spool_fresh_is_long(file))
        return;
    if (spool_file_begin(file) == 0)
        spool_fresh_index_all(file);
    spool_file_commit(file);
}

static int checkpoint_mode(const struct spool_file *file, bool shrunk)
{
    return !shrunk         ? SQLITE_CHECKPOINT_PASSIVE
           : file->is_full ? SQLITE_CHECKPOINT_RESTART
                           : SQLITE_CHECKPOINT_TRUNCATE;
}

bool spool_file_maintain(struct spool_file *file)
{
    bool shrunk = shrink(file);

    index_fresh(file);
    if ((file->log_pages >= LOG_PAGES || shrunk) &&
        checkpoint(file, checkpoint_mode(file, shrunk)) == -ENOSPC)
        spool_file_make_room(file);
    return shrunk;
}
