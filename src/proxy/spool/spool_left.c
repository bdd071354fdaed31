/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_left.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "proxy/config/values.h"
#include "proxy/store/spool_file.h"
#include "proxy/store/spool_sql.h"

/* Not spool_file_open(), which makes files, checks all of them, and replaces one that is damaged. With a
 * lock, SQLite needs no file beside the log file. */
static bool has_rows(const char *path)
{
    sqlite3 *db = NULL;
    int64_t one;
    int r = spool_sql_result(
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL));

    if (r == 0)
        r = spool_sql_run(db, "PRAGMA locking_mode=EXCLUSIVE;PRAGMA trusted_schema=OFF");
    if (r == 0)
        r = spool_sql_number(db, "SELECT 1 FROM rows LIMIT 1", &one);
    sqlite3_close(db);
    return r == 0;
}

void spool_left_tell(const struct config *config)
{
    char directory[PATH_MAX], path[PATH_MAX + sizeof("/" SPOOL_FILE_NAME)];

    if (config_spool_directory(config, directory) < 0)
        return;
    snprintf(path, sizeof(path), "%s/%s", directory, SPOOL_FILE_NAME);
    if (access(path, R_OK | W_OK) < 0 || !has_rows(path))
        return;
    log_warning(
        "spool: writes wait in %s, and are not delivered, because spool.mode is \"off\"; set it to \"outage\", "
        "or remove the file",
        path);
}
