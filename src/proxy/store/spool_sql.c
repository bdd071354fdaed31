/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_sql.h"

#include <errno.h>
#include <stddef.h>

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
