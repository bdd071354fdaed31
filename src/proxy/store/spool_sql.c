/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_sql.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
    int code, result;
} results[] = {
    {SQLITE_OK, 0},
    {SQLITE_ROW, 0},
    {SQLITE_DONE, 0},
    {SQLITE_FULL, -ENOSPC},
    {SQLITE_READONLY, -EROFS},
    {SQLITE_PERM, -EACCES},
    {SQLITE_AUTH, -EACCES},
    {SQLITE_BUSY, -EBUSY},
    {SQLITE_LOCKED, -EBUSY},
    {SQLITE_NOMEM, -ENOMEM},
    {SQLITE_CORRUPT, -EUCLEAN},
    {SQLITE_NOTADB, -EUCLEAN},
    {SQLITE_FORMAT, -EUCLEAN},
    /* A table or a column that the schema has is not there. */
    {SQLITE_ERROR, -EUCLEAN},
    {SQLITE_MISMATCH, -EUCLEAN},
    {SQLITE_CONSTRAINT, -EEXIST},
    {SQLITE_TOOBIG, -EMSGSIZE},
};

int spool_sql_result(int code)
{
    size_t i;

    if (code == SQLITE_IOERR_NOMEM)
        return -ENOMEM;
    /* The file is shorter than it says. What the disk does not read now (SQLITE_IOERR_CORRUPTFS), it may read
     * later: a file is not given up for that. */
    if (code == SQLITE_IOERR_SHORT_READ)
        return -EUCLEAN;
    for (i = 0; i < sizeof(results) / sizeof(results[0]); i++)
        if (results[i].code == (code & 0xff))
            return results[i].result;
    return -EIO;
}

int spool_sql_run(sqlite3 *db, const char *sql)
{
    return spool_sql_result(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int spool_sql_number(sqlite3 *db, const char *sql, int64_t *ret)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? -ENOENT : spool_sql_result(code);
}

int spool_sql_expect(sqlite3 *db, const char *sql, const char *wanted, int result)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    const char *text;
    int r;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    r = code != SQLITE_ROW ? spool_sql_result(code) : text && strcmp(text, wanted) == 0 ? 0 : result;
    sqlite3_finalize(statement);
    return r;
}

/* Through SQLite: closing a descriptor of one's own would give up the lock. */
static int read_through(sqlite3 *db, int which)
{
    enum { BLOCK = 4096 };
    char block[BLOCK];
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0, at;
    int code = sqlite3_file_control(db, "main", which, &file);

    if (code != SQLITE_OK || !file || !file->pMethods)
        return spool_sql_result(code);
    code = file->pMethods->xFileSize(file, &size);
    for (at = 0; code == SQLITE_OK && at + BLOCK <= size; at += BLOCK)
        code = file->pMethods->xRead(file, block, BLOCK, at);
    return spool_sql_result(code);
}

/* The check calls it damage if the disk does not read a page, or there is no memory for it. So the disk has
 * to read the file, and a second check has to agree. */
int spool_sql_check(sqlite3 *db)
{
    static const char check[] = "PRAGMA quick_check(1)";
    int r = spool_sql_expect(db, check, "ok", -EUCLEAN);

    if (r != -EUCLEAN)
        return r;
    r = read_through(db, SQLITE_FCNTL_FILE_POINTER);
    if (r == 0)
        r = read_through(db, SQLITE_FCNTL_JOURNAL_POINTER);
    return r == 0 ? spool_sql_expect(db, check, "ok", -EUCLEAN) : r;
}
