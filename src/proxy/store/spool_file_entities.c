/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "proxy/store/spool_file_private.h"
#include "proxy/store/spool_fresh.h"
#include "proxy/store/spool_sql.h"

/* 1: RET is the first row of the next entity after AFTER in the index; 0: there is none. */
static int next_indexed(struct spool_file *file, int64_t after, struct spool_fresh_row *ret)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_NEXT_ENTITY);
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, after);
    r = spool_step(file, statement);
    if (r == 1)
        *ret =
            (struct spool_fresh_row){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)};
    sqlite3_reset(statement);
    return r;
}

/* The same, also of rows that are not in the index. */
static int next_waiting(struct spool_file *file, int64_t after, struct spool_fresh_row *ret)
{
    const struct spool_fresh_row *fresh = spool_fresh_at(file, spool_fresh_find(file, after + 1, INT64_MIN));
    int r = next_indexed(file, after, ret);

    if (r < 0 || !fresh || (r == 1 && spool_fresh_is_before(ret, fresh)))
        return r;
    *ret = *fresh;
    return 1;
}

/* Names of the row RET->first_id. */
static int take_names(struct spool_file *file, struct spool_entity *ret)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_FIRST_NAMES);
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, ret->first_id);
    r = spool_step(file, statement);
    if (r >= 0)
        r = r == 1 ? spool_take_text(statement, 0, &ret->key) : spool_note(file, SQLITE_CORRUPT);
    if (r == 0)
        r = spool_take_text(statement, 1, &ret->principal);
    sqlite3_reset(statement);
    return r < 0 || (ret->key && ret->principal) ? r : spool_note(file, SQLITE_CORRUPT);
}

/* 1: *RET is the entity after AFTER, which moves on; 0: there is none. */
static int next_entity(struct spool_file *file, int64_t *after, struct spool_entity *ret)
{
    struct spool_fresh_row first;
    int r = next_waiting(file, *after, &first);

    if (r != 1)
        return r;
    *ret = (struct spool_entity){.first_id = first.id};
    r = take_names(file, ret);
    if (r < 0) {
        spool_file_entities_free(ret, 1);
        return r;
    }
    *after = first.entity;
    return 1;
}

int spool_file_next_entities(struct spool_file *file, int64_t *cursor, struct spool_entity *ret, size_t count)
{
    int64_t after = *cursor;
    size_t found = 0;
    int r = 1;

    while (found < count && (r = next_entity(file, &after, &ret[found])) == 1)
        found++;
    if (r < 0) {
        spool_file_entities_free(ret, found);
        return r;
    }
    *cursor = r == 0 ? 0 : after;
    return (int)found;
}

void spool_file_entities_free(struct spool_entity *entities, size_t count)
{
    for (; count > 0; count--, entities++) {
        free(entities->key);
        free(entities->principal);
    }
}
