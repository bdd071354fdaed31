/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "proxy/spool/spool_file_private.h"
#include "proxy/spool/spool_fresh.h"
#include "proxy/spool/spool_sql.h"

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
    snprintf(wal, sizeof(wal), "%s-wal", file->path);
    if (stat(wal, &status) == 0)
        bytes += status.st_size;
    return bytes;
}

static int take_share(struct spool_file *file, struct sqlite3_stmt *statement, struct spool_share **shares,
                      size_t *count)
{
    struct spool_share *more = reallocarray(*shares, *count + 1, sizeof(*more)), *share;
    int r;

    if (!more)
        return -ENOMEM;
    *shares = more;
    share = &more[*count];
    share->rows = sqlite3_column_int64(statement, 1);
    share->bytes = sqlite3_column_int64(statement, 2) + share->rows * SPOOL_ROW_BYTES;
    r = spool_take_text(statement, 0, &share->principal);
    if (r == 0)
        ++*count;
    return r == 0 && !share->principal ? spool_note(file, SQLITE_CORRUPT) : r;
}

int spool_file_shares(struct spool_file *file, struct spool_share **ret, size_t *count)
{
    struct spool_share *shares = NULL;
    struct sqlite3_stmt *statement;
    size_t found = 0;
    int r = spool_fresh_index_all(file);

    statement = r == 0 ? spool_statement(file, SPOOL_SHARES) : NULL;
    if (!statement)
        return file->failure;
    while ((r = spool_step(file, statement)) == 1) {
        r = take_share(file, statement, &shares, &found);
        if (r < 0)
            break;
    }
    sqlite3_reset(statement);
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
