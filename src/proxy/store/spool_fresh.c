/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_fresh.h"

#include <string.h>

#include "proxy/store/spool_file_private.h"

bool spool_fresh_is_before(const struct spool_fresh_row *a, const struct spool_fresh_row *b)
{
    return a->entity < b->entity || (a->entity == b->entity && a->id < b->id);
}

/* The place of the row ID of ENTITY, or where it would be. */
static size_t place_of(const struct spool_fresh *fresh, int64_t entity, int64_t id)
{
    const struct spool_fresh_row row = {entity, id};
    size_t low = 0, high = fresh->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (spool_fresh_is_before(&fresh->rows[middle], &row))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void move(struct spool_fresh *fresh, size_t from, size_t to)
{
    memmove(&fresh->rows[to], &fresh->rows[from], (fresh->count - from) * sizeof(*fresh->rows));
    fresh->count = fresh->count + to - from;
}

void spool_fresh_add(struct spool_file *file, int64_t entity, int64_t id)
{
    struct spool_fresh *fresh = &file->fresh;
    size_t place = place_of(fresh, entity, id);

    move(fresh, place, place + 1);
    fresh->rows[place] = (struct spool_fresh_row){entity, id};
}

void spool_fresh_remove(struct spool_file *file, int64_t entity, int64_t id)
{
    struct spool_fresh *fresh = &file->fresh;
    size_t place = place_of(fresh, entity, id);

    if (place < fresh->count && fresh->rows[place].entity == entity && fresh->rows[place].id == id)
        move(fresh, place + 1, place);
}

size_t spool_fresh_find(const struct spool_file *file, int64_t entity, int64_t after_id)
{
    return place_of(&file->fresh, entity, after_id + 1);
}

/* ---- the index ---- */

static int index_row(struct spool_file *file, int64_t id)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_INDEX);

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, id);
    return spool_step(file, statement);
}

static int index_places(struct spool_file *file, size_t from, size_t to)
{
    size_t i;
    int r = 0;

    for (i = from; i < to && r == 0; i++)
        r = index_row(file, file->fresh.rows[i].id);
    if (r == 0)
        move(&file->fresh, to, from);
    return r;
}

int spool_fresh_index(struct spool_file *file, int64_t entity)
{
    return index_places(file, place_of(&file->fresh, entity, INT64_MIN),
                        place_of(&file->fresh, entity + 1, INT64_MIN));
}

int spool_fresh_index_all(struct spool_file *file)
{
    return index_places(file, 0, file->fresh.count);
}

bool spool_fresh_is_long(const struct spool_file *file)
{
    return file->fresh.count >= SPOOL_FRESH_MAX / 2;
}

/* ---- transactions ---- */

static void copy(struct spool_fresh *to, const struct spool_fresh *from)
{
    memcpy(to->rows, from->rows, from->count * sizeof(*from->rows));
    to->count = from->count;
    to->is_lost = from->is_lost;
}

void spool_fresh_keep(struct spool_file *file)
{
    copy(&file->fresh_before, &file->fresh);
}

void spool_fresh_undo(struct spool_file *file)
{
    copy(&file->fresh, &file->fresh_before);
}

/* More than the list has room for, from another version perhaps. */
static int index_all_of_file(struct spool_file *file)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_INDEX_ALL);

    file->fresh.count = 0;
    return statement ? spool_step(file, statement) : file->failure;
}

/* Nothing is written: the disk may be full. */
int spool_fresh_restore(struct spool_file *file)
{
    struct sqlite3_stmt *statement;
    int r;

    if (!file->fresh.is_lost)
        return 0;
    statement = spool_statement(file, SPOOL_FIND_FRESH);
    r = statement ? spool_step(file, statement) : file->failure;
    for (; r == 1 && spool_fresh_has_room(file); r = spool_step(file, statement))
        spool_fresh_add(file, sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1));
    if (r == 1) {
        sqlite3_reset(statement);
        r = index_all_of_file(file);
    }
    if (r == 0)
        file->fresh.is_lost = false;
    return r;
}
