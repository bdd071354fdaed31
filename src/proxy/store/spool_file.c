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

struct names {
    enum spool_statement find, add;
    const char *texts[4];
    size_t text_count;
};

static struct sqlite3_stmt *bind_names(struct spool_file *file, enum spool_statement which,
                                       const struct names *names)
{
    struct sqlite3_stmt *statement = spool_statement(file, which);
    size_t i;

    for (i = 0; statement && i < names->text_count; i++)
        spool_bind_text(statement, (int)i + 1, names->texts[i] ? names->texts[i] : "");
    return statement;
}

/* The id of NAMES in their table, to which they are added if they are new. */
static int name_id(struct spool_file *file, struct names names, int64_t *ret)
{
    struct sqlite3_stmt *statement = bind_names(file, names.find, &names);
    int r = statement ? spool_step(file, statement) : file->failure;

    if (r == 1) {
        *ret = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        return 0;
    }
    if (r == 0) {
        statement = bind_names(file, names.add, &names);
        r = statement ? spool_step(file, statement) : file->failure;
        *ret = sqlite3_last_insert_rowid(file->db);
    }
    return r;
}

struct row_names {
    int64_t entity, principal, server, target;
};

static int find_names(struct spool_file *file, const struct spool_row *row, struct row_names *ret)
{
    int r =
        name_id(file, (struct names){SPOOL_FIND_ENTITY, SPOOL_ADD_ENTITY, {row->entity}, 1}, &ret->entity);

    if (r == 0)
        r = name_id(file, (struct names){SPOOL_FIND_PRINCIPAL, SPOOL_ADD_PRINCIPAL, {row->principal}, 1},
                    &ret->principal);
    if (r == 0)
        r = name_id(file,
                    (struct names){SPOOL_FIND_SERVER, SPOOL_ADD_SERVER, {row->server_url, row->tenant}, 2},
                    &ret->server);
    if (r == 0)
        r = name_id(file,
                    (struct names){SPOOL_FIND_TARGET,
                                   SPOOL_ADD_TARGET,
                                   {row->target, row->operation, row->scope, row->content_type},
                                   4},
                    &ret->target);
    return r;
}

int64_t spool_body_sum(const struct buf *body)
{
    return (int64_t)crc32_z(0, (const Bytef *)body->data, body->len);
}

void spool_bind_body(struct sqlite3_stmt *statement, int index, const struct buf *body)
{
    sqlite3_bind_int64(statement, index, (int64_t)body->len);
    sqlite3_bind_int64(statement, index + 1, spool_body_sum(body));
    sqlite3_bind_blob64(statement, index + 2, body->data ? body->data : "", body->len, SQLITE_STATIC);
}

static int insert(struct spool_file *file, const struct spool_row *row, const struct row_names *names)
{
    bool is_fresh = spool_fresh_has_room(file);
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_INSERT);
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, row->id);
    sqlite3_bind_int64(statement, 2, names->entity);
    sqlite3_bind_int64(statement, 3, names->principal);
    sqlite3_bind_int64(statement, 4, names->server);
    sqlite3_bind_int64(statement, 5, names->target);
    sqlite3_bind_int64(statement, 6, row->arrived_ms);
    if (row->boot_id) {
        spool_bind_text(statement, 7, row->boot_id);
        sqlite3_bind_int64(statement, 8, row->boot_ms);
    }
    spool_bind_body(statement, 9, &row->body);
    sqlite3_bind_int(statement, 12, is_fresh ? SPOOL_FRESH : SPOOL_WAITING);
    r = spool_step(file, statement);
    if (r == 0 && is_fresh)
        spool_fresh_add(file, names->entity, row->id);
    return r;
}

int spool_file_insert(struct spool_file *file, const struct spool_row *row)
{
    struct row_names names;
    int r = row->body.len > SPOOL_BODY_MAX ? -EMSGSIZE : spool_file_has_room(file) ? 0 : -ENOSPC;

    if (r == 0)
        r = find_names(file, row, &names);
    if (r == 0)
        r = insert(file, row, &names);
    if (r < 0)
        return r;
    spool_file_add(file, SPOOL_WAITING, 1, (int64_t)row->body.len);
    if (row->id < file->totals.oldest_id)
        file->totals.oldest_id = row->id;
    spool_oldest_add(file, names.principal, row->id);
    return 0;
}
