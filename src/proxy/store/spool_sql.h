/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite's results as this program's: 0 or a negative errno.
 */
#ifndef TB_PROXY_STORE_SPOOL_SQL_H
#define TB_PROXY_STORE_SPOOL_SQL_H

#include <sqlite3.h>
#include <stdint.h>

/* -ENOSPC, -EROFS, -EIO, -ENOMEM; -EUCLEAN: the file is damaged; -EBUSY: another process has it; -EEXIST:
 * there is a row with that id; -EMSGSIZE: too large for the file. 0 for SQLITE_OK, SQLITE_ROW and
 * SQLITE_DONE. */
int spool_sql_result(int code);

/* Executes SQL, one statement or more, none of which has a result that counts. */
int spool_sql_run(sqlite3 *db, const char *sql);

/* The number in the first column of the only row. -ENOENT: there is none. */
int spool_sql_number(sqlite3 *db, const char *sql, int64_t *ret);

/* 0: the only row is the text WANTED. RESULT: it is another one. */
int spool_sql_expect(sqlite3 *db, const char *sql, const char *wanted, int result);

/* Checks the structure of the whole file. -EUCLEAN: it is damaged. */
int spool_sql_check(sqlite3 *db);

#endif
