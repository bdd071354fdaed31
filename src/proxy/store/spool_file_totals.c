/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "proxy/store/spool_file_private.h"
#include "proxy/store/spool_fresh.h"
#include "proxy/store/spool_sql.h"

/* Adds the rows that have STORED as their state in the file. */
static int count_rows(struct spool_file *file, int stored, enum spool_state state,
                      struct spool_totals *totals)
{
    char sql[100];
    int64_t rows = 0, size = 0;
    int r;

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM rows WHERE state = %d", stored);
    r = spool_sql_number(file->db, sql, &rows);
    snprintf(sql, sizeof(sql), "SELECT coalesce(sum(size), 0) FROM rows WHERE state = %d", stored);
    if (r == 0)
        r = spool_sql_number(file->db, sql, &size);
    totals->rows[state] += rows;
    totals->bytes[state] += size + rows * SPOOL_ROW_BYTES;
    return r;
}

int spool_file_count(struct spool_file *file, struct spool_totals *ret)
{
    struct spool_totals counted = {.oldest_id = ret->oldest_id};
    int r = count_rows(file, SPOOL_WAITING, SPOOL_WAITING, &counted);

    if (r == 0 && (file->fresh.count > 0 || file->fresh.is_lost))
        r = count_rows(file, SPOOL_FRESH, SPOOL_WAITING, &counted);
    if (r == 0)
        r = count_rows(file, SPOOL_ASIDE, SPOOL_ASIDE, &counted);
    if (r == 0)
        *ret = counted;
    return r;
}

int spool_file_check_totals(struct spool_file *file)
{
    struct spool_totals counted = {.oldest_id = file->totals.oldest_id};
    int r = spool_file_count(file, &counted);

    if (r < 0)
        return r;
    return memcmp(&counted, &file->totals, sizeof(counted)) == 0 ? 0 : -EUCLEAN;
}

int spool_file_next_number(struct spool_file *file, int64_t *ret)
{
    int64_t id = 0;
    int r = spool_sql_number(file->db,
                             "SELECT coalesce(max(id), 0) FROM (SELECT max(id) AS id FROM rows"
                             " UNION ALL SELECT max(id) FROM ended)",
                             &id);

    if (r == 0)
        *ret = spool_number(id) + 1;
    return r;
}

int64_t spool_file_disk_bytes(const struct spool_file *file)
{
    char wal[PATH_MAX];
    struct stat status;
    int64_t bytes = 0;

    if (stat(file->path, &status) == 0)
        bytes += status.st_size;
    spool_file_log_path(file, wal);
    if (stat(wal, &status) == 0)
        bytes += status.st_size;
    return bytes;
}

/* NULL: no memory. They are few: a share for each user. */
static struct spool_share *share_of(struct spool_share **shares, size_t *count, int64_t id)
{
    struct spool_share *more;
    size_t i;

    for (i = *count; i > 0; i--)
        if ((*shares)[i - 1].id == id)
            return &(*shares)[i - 1];
    more = reallocarray(*shares, *count + 1, sizeof(*more));
    if (!more)
        return NULL;
    *shares = more;
    more[*count] = (struct spool_share){.id = id};
    return &more[(*count)++];
}

/* GROUP BY would sort all rows, in memory. */
static int add_rows(struct spool_file *file, struct spool_share **shares, size_t *count)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_PRINCIPALS);
    int r = statement ? 0 : file->failure;

    while (r == 0 && (r = spool_step(file, statement)) == 1) {
        struct spool_share *share = share_of(shares, count, sqlite3_column_int64(statement, 0));

        r = share ? 0 : -ENOMEM;
        if (!share)
            break;
        share->rows++;
        share->bytes += sqlite3_column_int64(statement, 1) + SPOOL_ROW_BYTES;
    }
    if (statement)
        sqlite3_reset(statement);
    return r;
}

static int add_name(struct spool_file *file, struct spool_share *share)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_PRINCIPAL);
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, share->id);
    r = spool_step(file, statement);
    if (r <= 0)
        return r < 0 ? r : spool_note(file, SQLITE_CORRUPT);
    r = spool_take_text(statement, 0, &share->principal);
    sqlite3_reset(statement);
    return r;
}

int spool_file_shares(struct spool_file *file, struct spool_share **ret, size_t *count)
{
    struct spool_share *shares = NULL;
    size_t found = 0, i;
    int r = spool_fresh_index_all(file);

    if (r == 0)
        r = add_rows(file, &shares, &found);
    for (i = 0; i < found && r == 0; i++)
        r = add_name(file, &shares[i]);
    if (r < 0) {
        spool_shares_free(shares, found);
        return r;
    }
    *ret = shares;
    *count = found;
    return 0;
}

void spool_shares_free(struct spool_share *shares, size_t count)
{
    while (count > 0)
        free(shares[--count].principal);
    free(shares);
}
