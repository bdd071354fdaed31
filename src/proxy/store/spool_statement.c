/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proxy/store/spool_file_private.h"
#include "proxy/store/spool_sql.h"

/* The columns are in the order that spool_file_read.c has. LEFT JOIN, so that a row whose names a damaged
 * file has lost is found, and not passed over. */
#define ROWS(body)                                                                                            \
    "SELECT rows.id, state, arrived, key, name, url, tenant, coalesce(rows.operation, kinds.operation),"      \
    " coalesce(rows.scope, kinds.scope), coalesce(rows.target, kinds.target),"                                \
    " coalesce(rows.content_type, kinds.content_type), boot, boot_ms, attempts, first_attempt, last_attempt," \
    " status, answer, text, length(body), size - length(body) - " ANSWER_SIZE ", crc, " body " FROM rows"     \
    " LEFT JOIN entities ON entities.id = entity LEFT JOIN principals ON principals.id = principal"           \
    " LEFT JOIN servers ON servers.id = server LEFT JOIN kinds ON kinds.id = kind"                            \
    " LEFT JOIN reasons ON reasons.id = reason"
#define BYTES(text) "coalesce(length(CAST(" text " AS BLOB)), 0)"
#define ANSWER_SIZE BYTES("answer")
#define OWN_NAMES   BYTES("target") " + " BYTES("operation") " + " BYTES("scope") " + " BYTES("content_type")
#define IF_ASKED    "CASE WHEN ?2 THEN body END"
#define WAITS       "+state IN (0, 4)" /* without the index, which does not have all */

static const char *const texts[] = {
    [SPOOL_BEGIN] = "BEGIN",
    [SPOOL_COMMIT] = "COMMIT",
    [SPOOL_ROLLBACK] = "ROLLBACK",
    [SPOOL_FIND_PRINCIPAL] = "SELECT id FROM principals WHERE name = ?1",
    [SPOOL_FIND_SERVER] = "SELECT id FROM servers WHERE url = ?1 AND tenant = ?2",
    [SPOOL_FIND_ENTITY] = "SELECT id FROM entities WHERE key = ?1",
    [SPOOL_FIND_KIND] =
        "SELECT id FROM kinds WHERE target = ?1 AND operation = ?2 AND scope = ?3 AND content_type = ?4",
    [SPOOL_ADD_PRINCIPAL] = "INSERT INTO principals (name) VALUES (?1)",
    [SPOOL_ADD_SERVER] = "INSERT INTO servers (url, tenant) VALUES (?1, ?2)",
    [SPOOL_ADD_ENTITY] = "INSERT INTO entities (key) VALUES (?1)",
    [SPOOL_COUNT_KINDS] = "SELECT count(*) FROM kinds",
    [SPOOL_ADD_KIND] = "INSERT INTO kinds (target, operation, scope, content_type) VALUES (?1, ?2, ?3, ?4)",
    [SPOOL_INSERT] =
        "INSERT INTO rows (id, state, entity, principal, server, kind, arrived, boot, boot_ms, size, crc, body,"
        " target, operation, scope, content_type)"
        " VALUES (?1, ?12, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13, ?14, ?15, ?16)",
    [SPOOL_FIND_REASON] = "SELECT id FROM reasons WHERE text = ?1",
    [SPOOL_ADD_REASON] = "INSERT INTO reasons (text) VALUES (?1)",
    [SPOOL_LOOK] = "SELECT state, principal, size, size - length(body) - " ANSWER_SIZE ", " ANSWER_SIZE
                   ", entity FROM rows WHERE id = ?1",
    [SPOOL_DELETE] = "DELETE FROM rows WHERE id = ?1",
    [SPOOL_NOTE_END] = "INSERT OR REPLACE INTO ended VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SPOOL_UPDATE_ANSWER] =
        "UPDATE rows SET attempts = attempts + 1, first_attempt = coalesce(first_attempt, ?2),"
        " last_attempt = ?2, status = ?3, answer = ?4, size = ?5 WHERE id = ?1",
    [SPOOL_UPDATE_STATE] = "UPDATE rows SET state = 1, reason = ?2 WHERE id = ?1",
    [SPOOL_ADD_ANY_SERVER] = "INSERT OR IGNORE INTO servers (url, tenant) VALUES ('', '')",
    [SPOOL_UPDATE_RETRY] =
        "UPDATE rows SET state = 0, server = (SELECT id FROM servers WHERE url = '' AND tenant = ''), reason = NULL,"
        " attempts = 0, first_attempt = NULL, last_attempt = NULL, status = NULL, answer = NULL,"
        " size = size - " ANSWER_SIZE " WHERE id = ?1",
    [SPOOL_UPDATE_BODY] = "UPDATE rows SET size = ?2, crc = ?3, body = ?4 WHERE id = ?1",
    [SPOOL_FORGET_BOOT] = "UPDATE rows SET boot = NULL, boot_ms = NULL WHERE id = ?1",
    [SPOOL_LEAST_ID] = "SELECT min(id) FROM (SELECT min(id) AS id FROM rows WHERE id BETWEEN ?1 AND ?2"
                       " UNION ALL SELECT min(id) FROM ended WHERE id BETWEEN ?1 AND ?2)",
    [SPOOL_COPY] =
        "INSERT INTO rows SELECT ?2, state, entity, principal, server, kind, arrived, boot, boot_ms, attempts,"
        " first_attempt, last_attempt, status, NULL, NULL, target, operation, scope, content_type, ?3 + " OWN_NAMES
        ", ?4, ?5"
        " FROM rows WHERE id = ?1",
    [SPOOL_NEXT_ENTITY] =
        "SELECT entity, id FROM rows WHERE state = 0 AND entity > ?1 ORDER BY entity, id LIMIT 1",
    [SPOOL_OLDEST] = ROWS("NULL") " WHERE rows.id >= ?1 AND " WAITS " ORDER BY rows.id LIMIT 1",
    [SPOOL_OLDEST_OF] =
        ROWS("NULL") " WHERE rows.id >= ?1 AND " WAITS " AND principal = ?2 ORDER BY rows.id LIMIT 1",
    [SPOOL_READ] = ROWS("body") " WHERE state = 0 AND entity = ?1 AND rows.id > ?2 ORDER BY rows.id",
    [SPOOL_LIST] = ROWS(IF_ASKED) " WHERE rows.id > ?1 ORDER BY rows.id",
    [SPOOL_LIST_WAITING] = ROWS(IF_ASKED) " WHERE rows.id > ?1 AND " WAITS " ORDER BY rows.id",
    [SPOOL_LIST_ASIDE] = ROWS(IF_ASKED) " WHERE rows.id > ?1 AND state = 1 ORDER BY rows.id",
    [SPOOL_FIND_ROWS] =
        ROWS("CASE WHEN ?3 THEN body END") " WHERE rows.id BETWEEN ?1 AND ?2 ORDER BY rows.id",
    [SPOOL_FIND_ENDED] = "SELECT ended.id, state, name, at, status, answer, reason FROM ended"
                         " LEFT JOIN principals ON principals.id = principal"
                         " WHERE ended.id BETWEEN ?1 AND ?2 ORDER BY ended.id",
    [SPOOL_PRINCIPALS] = "SELECT principal, size FROM rows WHERE state = 0"
                         " UNION ALL SELECT principal, size FROM rows WHERE state = 1",
    [SPOOL_PRINCIPAL] = "SELECT name FROM principals WHERE id = ?1",
    [SPOOL_INDEX] = "UPDATE rows SET state = 0 WHERE id = ?1",
    [SPOOL_INDEX_ALL] = "UPDATE rows SET state = 0 WHERE state = 4", /* SPOOL_FRESH */
    [SPOOL_FIND_FRESH] = "SELECT entity, id FROM rows WHERE state = 4",
    [SPOOL_IS_INDEXED] = "SELECT 1 FROM rows WHERE state = 0 AND entity = ?1 LIMIT 1",
    [SPOOL_READ_FRESH] = ROWS("body") " WHERE rows.id = ?1 AND +state = 4",
    [SPOOL_FIRST_NAMES] = "SELECT key, name FROM rows LEFT JOIN entities ON entities.id = entity"
                          " LEFT JOIN principals ON principals.id = principal WHERE rows.id = ?1",
};

_Static_assert(ARRAY_SIZE(texts) == SPOOL_STATEMENTS, "the array in struct spool_file has a place for each");

/* Why the system refused. sqlite3_system_errno() does not know it after a COMMIT. */
static int system_error(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

    return vfs->xGetLastError(vfs, 0, NULL);
}

static void note_failure(struct spool_file *file, int code, int result)
{
    bool is_last = (sqlite3_errcode(file->db) & 0xff) == (code & 0xff);

    file->failure = result;
    snprintf(file->why, sizeof(file->why), "%s", is_last ? sqlite3_errmsg(file->db) : sqlite3_errstr(code));
}

int spool_note(struct spool_file *file, int code)
{
    int r = spool_sql_result(code), system = r == -EIO ? system_error() : 0;

    if (system == EROFS || system == EDQUOT || system == ENOSPC)
        r = system == EROFS ? -EROFS : -ENOSPC;
    if (r < 0 && r != -EEXIST && r != -EMSGSIZE && file->failure == 0)
        note_failure(file, code, r);
    return r;
}

struct sqlite3_stmt *spool_statement(struct spool_file *file, enum spool_statement which)
{
    struct sqlite3_stmt **statement = &file->statements[which];

    if (*statement) {
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
        return *statement;
    }
    return spool_note(file, sqlite3_prepare_v3(file->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                               statement, NULL)) == 0
               ? *statement
               : NULL;
}

void spool_statements_free(struct spool_file *file)
{
    size_t i;

    for (i = 0; i < SPOOL_STATEMENTS; i++)
        sqlite3_finalize(file->statements[i]);
    memset(file->statements, 0, sizeof(file->statements));
}

int spool_step(struct spool_file *file, struct sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement), r = spool_note(file, code);

    if (code == SQLITE_ROW)
        return 1;
    sqlite3_reset(statement);
    return r;
}

/* The caller's text stays in memory until the statement was executed. */
void spool_bind_text(struct sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

int spool_take_text(struct sqlite3_stmt *statement, int column, char **ret)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    char *copy = text ? strdup(text) : NULL;

    if (!copy && sqlite3_column_type(statement, column) != SQLITE_NULL)
        return -ENOMEM;
    *ret = copy;
    return 0;
}
