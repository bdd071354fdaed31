/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "proxy/store/spool_file_private.h"
#include "proxy/store/spool_fresh.h"
#include "proxy/store/spool_sql.h"

#define TIME_MAX_MS INT64_C(253402300799999) /* the end of the year 9999 */

/* The columns of a row, in spool_statement.c. */
enum {
    ID,
    STATE,
    ARRIVED,
    KEY,
    PRINCIPAL,
    URL,
    TENANT,
    OPERATION,
    SCOPE,
    TARGET,
    CONTENT_TYPE,
    BOOT,
    BOOT_MS,
    ATTEMPTS,
    FIRST_ATTEMPT,
    LAST_ATTEMPT,
    STATUS,
    ANSWER,
    REASON,
    SIZE,
    NAMES_SIZE,
    CRC,
    BODY
};

static int read_texts(struct sqlite3_stmt *statement, struct spool_row *row)
{
    const struct {
        int column;
        char **text;
    } texts[] = {
        {KEY, &row->entity},    {PRINCIPAL, &row->principal}, {URL, &row->server_url},
        {TENANT, &row->tenant}, {OPERATION, &row->operation}, {SCOPE, &row->scope},
        {TARGET, &row->target}, {BOOT, &row->boot_id},        {CONTENT_TYPE, &row->content_type},
        {ANSWER, &row->answer}, {REASON, &row->reason},
    };
    size_t i;
    int r = 0;

    for (i = 0; i < ARRAY_SIZE(texts) && r == 0; i++)
        r = spool_take_text(statement, texts[i].column, texts[i].text);
    return r == 0 ? spool_names_complete(&row->target, row->entity) : r;
}

static int read_row(struct sqlite3_stmt *statement, struct spool_row *row)
{
    const void *body = sqlite3_column_blob(statement, BODY);
    int length = sqlite3_column_bytes(statement, BODY);

    row->id = sqlite3_column_int64(statement, ID);
    row->state = (enum spool_state)sqlite3_column_int(statement, STATE);
    if ((int)row->state == SPOOL_FRESH)
        row->state = SPOOL_WAITING;
    row->arrived_ms = sqlite3_column_int64(statement, ARRIVED);
    row->boot_ms = sqlite3_column_int64(statement, BOOT_MS);
    row->attempts = sqlite3_column_int(statement, ATTEMPTS);
    row->first_attempt_ms = sqlite3_column_int64(statement, FIRST_ATTEMPT);
    row->last_attempt_ms = sqlite3_column_int64(statement, LAST_ATTEMPT);
    row->status = sqlite3_column_int(statement, STATUS);
    row->size = (size_t)sqlite3_column_int64(statement, SIZE);
    row->names_size = (size_t)sqlite3_column_int64(statement, NAMES_SIZE);
    return body ? buf_append(&row->body, body, (size_t)length) : 0;
}

/* A clock that was never set may be before the epoch, if a wait is taken from it. */
static bool is_time(int64_t ms)
{
    return ms >= -TIME_MAX_MS && ms <= TIME_MAX_MS;
}

static bool has_all_texts(const struct spool_row *row)
{
    return row->entity && row->principal && row->server_url && row->tenant && row->operation && row->scope &&
           row->target && row->content_type;
}

/* Whether a row is as it was written, as far as can be seen. */
static bool is_sound(const struct spool_row *row)
{
    return row->id > 0 && (row->state == SPOOL_WAITING || row->state == SPOOL_ASIDE) && has_all_texts(row) &&
           row->size <= SPOOL_BODY_MAX && row->names_size <= SPOOL_NAMES_MAX && row->attempts >= 0 &&
           row->attempts < INT_MAX && is_time(row->arrived_ms) && is_time(row->boot_ms) &&
           is_time(row->first_attempt_ms) && is_time(row->last_attempt_ms);
}

static bool is_sound_end(const struct spool_row *row)
{
    return (row->state == SPOOL_DELIVERED || row->state == SPOOL_DROPPED) && is_time(row->last_attempt_ms);
}

/* Memory is this process's trouble, and undoes nothing. */
static int take_row(struct spool_file *file, struct sqlite3_stmt *statement, bool with_body,
                    struct spool_row **ret)
{
    CLEANUP(spool_row_free_pointer) struct spool_row *row = spool_row_new();
    int r = row ? read_row(statement, row) : -ENOMEM;

    if (r == 0)
        r = read_texts(statement, row);
    if (r < 0)
        return r;
    if (!is_sound(row))
        return spool_note(file, SQLITE_CORRUPT);
    row->is_damaged = with_body && (row->body.len != row->size ||
                                    spool_body_sum(&row->body) != sqlite3_column_int64(statement, CRC));
    *ret = TAKE_PTR(row);
    return 0;
}

/* Whether PAGE has a place for one row more, with a body of SIZE. */
static bool fits(const struct spool_page *page, size_t rows, size_t bytes, size_t size)
{
    return rows < page->max_rows &&
           (rows == 0 || (bytes <= page->max_bytes && size <= page->max_bytes - bytes));
}

static int take_rows(struct spool_file *file, struct sqlite3_stmt *statement, bool with_bodies,
                     const struct spool_page *page, struct list *ret)
{
    size_t rows = 0, bytes = 0;
    struct spool_row *row;
    int r = 0;

    while (rows < page->max_rows && (r = spool_step(file, statement)) == 1) {
        size_t size = with_bodies ? (size_t)sqlite3_column_int64(statement, SIZE) : 0;

        if (!fits(page, rows, bytes, size))
            break;
        r = take_row(file, statement, with_bodies, &row);
        if (r < 0)
            break;
        list_append(ret, &row->link);
        rows++;
        bytes += row->body.len;
    }
    sqlite3_reset(statement);
    return r < 0 ? r : 0;
}

/* The same; on error, RET is as it was. */
static int read_rows(struct spool_file *file, struct sqlite3_stmt *statement, bool with_bodies,
                     struct spool_page page, struct list *ret)
{
    struct list rows;
    int r;

    list_init(&rows);
    r = take_rows(file, statement, with_bodies, &page, &rows);
    if (r == 0)
        list_take_all(ret, &rows);
    spool_rows_free(&rows);
    return r;
}

/* 1: the index has rows of the entity; 0: it has none. */
static int is_indexed(struct spool_file *file, int64_t entity)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_IS_INDEXED);
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, entity);
    r = spool_step(file, statement);
    sqlite3_reset(statement);
    return r;
}

static int read_indexed(struct spool_file *file, int64_t entity, struct spool_page page, struct list *ret)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_READ);

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, entity);
    sqlite3_bind_int64(statement, 2, page.after_id);
    return read_rows(file, statement, true, page, ret);
}

static int take_one(struct spool_file *file, int64_t id, struct spool_row **ret)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_READ_FRESH);
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, id);
    r = spool_step(file, statement);
    if (r >= 0)
        r = r == 1 ? take_row(file, statement, true, ret) : spool_note(file, SQLITE_CORRUPT);
    sqlite3_reset(statement);
    return r;
}

/* Rows that are not in the index, one by one. */
static int take_fresh(struct spool_file *file, int64_t entity, const struct spool_page *page,
                      struct list *ret)
{
    size_t place = spool_fresh_find(file, entity, page->after_id), rows = 0, bytes = 0;
    const struct spool_fresh_row *at;
    struct spool_row *row;
    int r;

    while ((at = spool_fresh_at(file, place++)) && at->entity == entity && rows < page->max_rows) {
        r = take_one(file, at->id, &row);
        if (r < 0)
            return r;
        list_append(ret, &row->link);
        if (!fits(page, rows++, bytes, row->size)) {
            spool_row_free(row);
            return 0;
        }
        bytes += row->size;
    }
    return 0;
}

static int read_fresh(struct spool_file *file, int64_t entity, struct spool_page page, struct list *ret)
{
    struct list rows;
    int r;

    list_init(&rows);
    r = take_fresh(file, entity, &page, &rows);
    if (r == 0)
        list_take_all(ret, &rows);
    spool_rows_free(&rows);
    return r;
}

int spool_file_read(struct spool_file *file, const char *key, struct spool_page page, struct list *ret)
{
    const struct spool_fresh_row *at;
    int64_t entity = 0;
    int r = spool_names_id(file, SPOOL_FIND_ENTITY, key, &entity);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    at = spool_fresh_at(file, spool_fresh_find(file, entity, INT64_MIN));
    if (!at || at->entity != entity)
        return read_indexed(file, entity, page, ret);
    r = is_indexed(file, entity);
    if (r == 0)
        return read_fresh(file, entity, page, ret);
    if (r == 1)
        r = spool_fresh_index(file, entity);
    return r == 0 ? read_indexed(file, entity, page, ret) : r;
}

int spool_file_list(struct spool_file *file, int64_t after_id, int state, bool with_bodies,
                    struct spool_page page, struct list *ret)
{
    enum spool_statement which = state < 0                ? SPOOL_LIST
                                 : state == SPOOL_WAITING ? SPOOL_LIST_WAITING
                                                          : SPOOL_LIST_ASIDE;
    struct sqlite3_stmt *statement = spool_statement(file, which);

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, after_id);
    sqlite3_bind_int(statement, 2, with_bodies);
    return read_rows(file, statement, with_bodies, page, ret);
}

static struct sqlite3_stmt *bind_parts(struct spool_file *file, enum spool_statement which, int64_t number)
{
    struct sqlite3_stmt *statement = spool_statement(file, which);

    if (statement) {
        sqlite3_bind_int64(statement, 1, spool_first_id(number));
        sqlite3_bind_int64(statement, 2, spool_last_id(number));
    }
    return statement;
}

static int take_end(struct spool_file *file, struct sqlite3_stmt *statement, struct list *ret)
{
    CLEANUP(spool_row_free_pointer) struct spool_row *row = spool_row_new();
    int r = row ? spool_take_text(statement, 2, &row->principal) : -ENOMEM;

    if (r == 0)
        r = spool_take_text(statement, 5, &row->answer);
    if (r == 0)
        r = spool_take_text(statement, 6, &row->reason);
    if (r < 0)
        return r;
    row->id = sqlite3_column_int64(statement, 0);
    row->state = (enum spool_state)sqlite3_column_int(statement, 1);
    row->last_attempt_ms = sqlite3_column_int64(statement, 3);
    row->status = sqlite3_column_int(statement, 4);
    if (!is_sound_end(row))
        return spool_note(file, SQLITE_CORRUPT);
    list_append(ret, &TAKE_PTR(row)->link);
    return 0;
}

static int find_ends(struct spool_file *file, int64_t number, size_t max_rows, struct list *ret)
{
    struct sqlite3_stmt *statement = bind_parts(file, SPOOL_FIND_ENDED, number);
    int r = 0;

    if (!statement)
        return file->failure;
    for (; max_rows > 0 && (r = spool_step(file, statement)) == 1; max_rows--) {
        r = take_end(file, statement, ret);
        if (r < 0)
            break;
    }
    sqlite3_reset(statement);
    return r < 0 ? r : 0;
}

int spool_file_find(struct spool_file *file, int64_t number, bool with_bodies, size_t max_rows,
                    struct list *ret)
{
    struct sqlite3_stmt *statement = bind_parts(file, SPOOL_FIND_ROWS, number);
    struct list found;
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int(statement, 3, with_bodies);
    list_init(&found);
    r = read_rows(file, statement, with_bodies, (struct spool_page){max_rows, SIZE_MAX, 0}, &found);
    if (r == 0)
        r = find_ends(file, number, max_rows - list_count(&found), &found);
    if (r == 0)
        list_take_all(ret, &found);
    spool_rows_free(&found);
    return r;
}

int spool_file_read_oldest(struct spool_file *file, enum spool_statement which, int64_t id, int64_t principal,
                           struct spool_row **ret)
{
    struct sqlite3_stmt *statement = spool_statement(file, which);
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, id);
    if (which == SPOOL_OLDEST_OF)
        sqlite3_bind_int64(statement, 2, principal);
    r = spool_step(file, statement);
    if (r == 1)
        r = take_row(file, statement, false, ret);
    else if (r == 0)
        r = -ENOENT;
    sqlite3_reset(statement);
    return r;
}

int spool_file_oldest(struct spool_file *file, struct spool_row **ret)
{
    int r = spool_file_read_oldest(file, SPOOL_OLDEST, file->totals.oldest_id, 0, ret);

    if (r == 0)
        file->totals.oldest_id = (*ret)->id;
    return r;
}
