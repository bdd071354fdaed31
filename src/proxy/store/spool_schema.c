/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_schema.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "base/util.h"
#include "proxy/store/spool_sql.h"

/* Whatever many rows share is a row of its own table, so that a row costs little more than its body. The body
 * is the last column: what is before it can be read without it. Each index has all that is counted at the
 * start, so that no body is read for it. */
const char *const spool_schema_steps[SPOOL_SCHEMA] = {
    "CREATE TABLE principals (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE servers (id INTEGER PRIMARY KEY, url TEXT NOT NULL, tenant TEXT NOT NULL, UNIQUE (url, tenant));"
    "CREATE TABLE entities (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"
    "CREATE TABLE kinds (id INTEGER PRIMARY KEY, target TEXT NOT NULL, operation TEXT NOT NULL,"
    "    scope TEXT NOT NULL, content_type TEXT NOT NULL, UNIQUE (target, operation, scope, content_type));"
    "CREATE TABLE reasons (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE rows (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, entity INTEGER NOT NULL,"
    "    principal INTEGER NOT NULL, server INTEGER NOT NULL, kind INTEGER NOT NULL, arrived INTEGER NOT NULL,"
    "    boot TEXT, boot_ms INTEGER, attempts INTEGER NOT NULL DEFAULT 0, first_attempt INTEGER,"
    "    last_attempt INTEGER, status INTEGER, answer TEXT, reason INTEGER, target TEXT, operation TEXT, scope TEXT,"
    "    content_type TEXT, size INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX waiting ON rows (entity, id, principal, size) WHERE state = 0;"
    "CREATE INDEX aside ON rows (id, principal, size) WHERE state = 1;"
    "CREATE INDEX aside_entities ON rows (entity) WHERE state = 1;"
    "CREATE TABLE ended (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, principal INTEGER NOT NULL,"
    "    at INTEGER NOT NULL, status INTEGER, answer TEXT, reason TEXT);",
};

/* Another program's file has its id, or tables without one. */
static int read_version(sqlite3 *db, int count, int64_t *ret)
{
    int64_t application = 0, objects = 0;
    int r = spool_sql_number(db, "PRAGMA application_id", &application);

    if (r == 0)
        r = spool_sql_number(db, "SELECT count(*) FROM sqlite_schema", &objects);
    if (r == 0)
        r = spool_sql_number(db, "PRAGMA user_version", ret);
    if (r < 0)
        return r;
    if (*ret < 0 || (application != SPOOL_APPLICATION_ID && (application != 0 || objects != 0 || *ret != 0)))
        return -EUCLEAN;
    return *ret > count ? -ENOTSUP : 0;
}

int spool_schema_check(sqlite3 *db, int count)
{
    int64_t version;

    return read_version(db, count, &version);
}

static int take_steps(sqlite3 *db, const char *const steps[], int64_t from, int count)
{
    char sql[100];
    int64_t i;
    int r = 0;

    for (i = from; i < count && r == 0; i++)
        r = spool_sql_run(db, steps[i]);
    if (r < 0)
        return r;
    snprintf(sql, sizeof(sql), "PRAGMA application_id=%d;PRAGMA user_version=%d;COMMIT", SPOOL_APPLICATION_ID,
             count);
    return spool_sql_run(db, sql);
}

int spool_schema_upgrade(sqlite3 *db, const char *const steps[], int count)
{
    int64_t version = 0;
    int r = read_version(db, count, &version);

    if (r < 0 || version == count)
        return r;
    r = spool_sql_run(db, "BEGIN IMMEDIATE");
    if (r == 0)
        r = take_steps(db, steps, version, count);
    if (r < 0 && !sqlite3_get_autocommit(db))
        spool_sql_run(db, "ROLLBACK");
    return r;
}
