/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_file.h"

#include <errno.h>
#include <zlib.h>

#include "proxy/store/spool_file_private.h"
#include "proxy/store/spool_fresh.h"
#include "proxy/store/spool_sql.h"

static int run(struct spool_file *file, enum spool_statement which)
{
    struct sqlite3_stmt *statement = spool_statement(file, which);

    return statement ? spool_step(file, statement) : file->failure;
}

int spool_file_begin(struct spool_file *file)
{
    file->failure = 0;
    file->before = file->totals;
    file->oldest_before = file->oldest;
    spool_fresh_keep(file);
    if (run(file, SPOOL_BEGIN) == 0)
        spool_fresh_restore(file);
    return file->failure;
}

static void undo(struct spool_file *file)
{
    int failure = file->failure;

    /* SQLite itself undoes a transaction after some errors. */
    if (!sqlite3_get_autocommit(file->db))
        run(file, SPOOL_ROLLBACK);
    spool_fresh_undo(file);
    file->oldest = file->oldest_before;
    file->totals = file->before;
    file->failure = failure;
}

int spool_file_commit(struct spool_file *file)
{
    if (!spool_file_failed(file) && run(file, SPOOL_COMMIT) == 0) {
        file->commits++;
        return 0;
    }
    undo(file);
    if (file->failure == -ENOSPC)
        spool_file_make_room(file);
    return file->failure;
}

void spool_file_add(struct spool_file *file, enum spool_state state, int64_t rows, int64_t size)
{
    file->totals.rows[state] += rows;
    file->totals.bytes[state] += rows * SPOOL_ROW_BYTES + size;
}

/* ---- inserting ---- */

int64_t spool_body_sum(const struct buf *body)
{
    return (int64_t)crc32_z(0, (const Bytef *)body->data, body->len);
}

void spool_bind_body(struct sqlite3_stmt *statement, int index, const struct buf *body, size_t others)
{
    sqlite3_bind_int64(statement, index, (int64_t)(body->len + others));
    sqlite3_bind_int64(statement, index + 1, spool_body_sum(body));
    sqlite3_bind_blob64(statement, index + 2, body->data ? body->data : "", body->len, SQLITE_STATIC);
}

static int insert(struct spool_file *file, const struct spool_row *row, const struct spool_names *names)
{
    bool is_fresh = spool_fresh_has_room(file);
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_INSERT);
    size_t i;
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, row->id);
    sqlite3_bind_int64(statement, 2, names->entity);
    sqlite3_bind_int64(statement, 3, names->principal);
    sqlite3_bind_int64(statement, 4, names->server);
    sqlite3_bind_int64(statement, 5, names->kind);
    sqlite3_bind_int64(statement, 6, row->arrived_ms);
    if (row->boot_id) {
        spool_bind_text(statement, 7, row->boot_id);
        sqlite3_bind_int64(statement, 8, row->boot_ms);
    }
    spool_bind_body(statement, 9, &row->body, names->size);
    sqlite3_bind_int(statement, 12, is_fresh ? SPOOL_FRESH : SPOOL_WAITING);
    for (i = 0; i < ARRAY_SIZE(names->own); i++)
        spool_bind_text(statement, 13 + (int)i, names->own[i]);
    r = spool_step(file, statement);
    if (r == 0 && is_fresh)
        spool_fresh_add(file, names->entity, row->id);
    return r;
}

int spool_file_insert(struct spool_file *file, struct spool_row *row)
{
    struct spool_names names;
    int r = row->body.len > SPOOL_BODY_MAX ? -EMSGSIZE : spool_file_has_room(file) ? 0 : -ENOSPC;

    if (r == 0)
        r = spool_names_find(file, row, &names);
    if (r == 0)
        r = insert(file, row, &names);
    if (r < 0)
        return r;
    row->size = row->body.len;
    row->names_size = names.size;
    spool_file_add(file, SPOOL_WAITING, 1, (int64_t)(row->size + row->names_size));
    if (row->id < file->totals.oldest_id)
        file->totals.oldest_id = row->id;
    spool_oldest_add(file, names.principal, row->id);
    return 0;
}
