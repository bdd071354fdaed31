/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What many rows share is a row of its own table. The name of an entity counts for the row that has brought
 * it; there are few principals, servers, and reasons, and at most SPOOL_KINDS_MAX kinds of requests: if
 * clients send more, further ones stand in their rows, and count for them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/store/spool_file_private.h"
#include "proxy/store/spool_fresh.h"
#include "proxy/store/spool_sql.h"

#define FEW_ROWS   1000 /* so few are searched for principals and servers quickly */
#define NAME_BYTES 16   /* what a name takes beside its text, which is in the table and in its index */

/* ---- targets ---- */

#define ID_MARK '\1' /* in a target, for the entity's id; no client can send it */

/* The id in the entity's KEY. NULL: none that a target could have. */
static const char *id_in(const char *key)
{
    const char *colon = key ? strchr(key, ':') : NULL;

    return colon && colon[1] ? colon + 1 : NULL;
}

/* Entities share the target without their ids. */
static int shorten(const char *target, const char *key, char ret[SPOOL_TARGET_SIZE])
{
    const char *id = id_in(key), *found = id ? strstr(target, id) : NULL;
    int length;

    if (strchr(target, ID_MARK))
        return -EINVAL;
    length = found ? snprintf(ret, SPOOL_TARGET_SIZE, "%.*s%c%s", (int)(found - target), target, ID_MARK,
                              found + strlen(id))
                   : snprintf(ret, SPOOL_TARGET_SIZE, "%s", target);
    return length < SPOOL_TARGET_SIZE ? 0 : -EINVAL;
}

int spool_names_complete(char **target, const char *key)
{
    char *mark = *target ? strchr(*target, ID_MARK) : NULL, *whole;
    const char *id = id_in(key);

    if (!mark)
        return 0;
    if (asprintf(&whole, "%.*s%s%s", (int)(mark - *target), *target, id ? id : "", mark + 1) < 0)
        return -ENOMEM;
    free(*target);
    *target = whole;
    return 0;
}

/* ---- finding, and adding ---- */

struct name {
    enum spool_statement find, add;
    const char *texts[4];
    size_t text_count;
};

static struct sqlite3_stmt *bind_name(struct spool_file *file, enum spool_statement which,
                                      const struct name *name)
{
    struct sqlite3_stmt *statement = spool_statement(file, which);
    size_t i;

    for (i = 0; statement && i < name->text_count; i++)
        spool_bind_text(statement, (int)i + 1, name->texts[i] ? name->texts[i] : "");
    return statement;
}

/* 1: *RET is the id of NAME; 0: there is none. */
static int find(struct spool_file *file, const struct name *name, int64_t *ret)
{
    struct sqlite3_stmt *statement = bind_name(file, name->find, name);
    int r = statement ? spool_step(file, statement) : file->failure;

    if (r != 1)
        return r;
    *ret = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return 1;
}

int spool_names_id(struct spool_file *file, enum spool_statement which, const char *text, int64_t *ret)
{
    const struct name name = {.find = which, .texts = {text}, .text_count = 1};
    int r = find(file, &name, ret);

    return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

static int add(struct spool_file *file, const struct name *name, int64_t *ret)
{
    struct sqlite3_stmt *statement = bind_name(file, name->add, name);
    int r = statement ? spool_step(file, statement) : file->failure;

    *ret = sqlite3_last_insert_rowid(file->db);
    return r;
}

static int find_or_add(struct spool_file *file, const struct name *name, int64_t *ret)
{
    int r = find(file, name, ret);

    return r == 0 ? add(file, name, ret) : r < 0 ? r : 0;
}

static int find_entity(struct spool_file *file, const char *key, struct spool_names *ret)
{
    const struct name name = {SPOOL_FIND_ENTITY, SPOOL_ADD_ENTITY, {key}, 1};
    int r = find(file, &name, &ret->entity);

    if (r != 0)
        return r < 0 ? r : 0;
    file->entities_new++;
    ret->size += 2 * strlen(key) + NAME_BYTES;
    return add(file, &name, &ret->entity);
}

int spool_names_reason(struct spool_file *file, const char *reason, int64_t *ret)
{
    return find_or_add(file, &(struct name){SPOOL_FIND_REASON, SPOOL_ADD_REASON, {reason}, 1}, ret);
}

/* 1: there may be another kind. */
static int has_room_for_kind(struct spool_file *file)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_COUNT_KINDS);
    int r = statement ? spool_step(file, statement) : file->failure;

    if (r != 1)
        return r;
    r = sqlite3_column_int64(statement, 0) < SPOOL_KINDS_MAX;
    sqlite3_reset(statement);
    return r;
}

static int find_kind(struct spool_file *file, const struct spool_row *row, struct spool_names *ret)
{
    const struct name name = {
        SPOOL_FIND_KIND, SPOOL_ADD_KIND, {ret->target, row->operation, row->scope, row->content_type}, 4};
    size_t i;
    int r = find(file, &name, &ret->kind);

    if (r != 0)
        return r < 0 ? r : 0;
    r = has_room_for_kind(file);
    if (r != 0)
        return r < 0 ? r : add(file, &name, &ret->kind);
    ret->kind = 0;
    for (i = 0; i < ARRAY_SIZE(ret->own); i++) {
        ret->own[i] = name.texts[i] ? name.texts[i] : "";
        ret->size += strlen(ret->own[i]);
    }
    return 0;
}

size_t spool_file_names_max(const struct spool_row *row)
{
    return 2 * strlen(row->entity) + NAME_BYTES + strlen(row->target) + strlen(row->operation) +
           strlen(row->scope) + strlen(row->content_type);
}

int spool_names_find(struct spool_file *file, const struct spool_row *row, struct spool_names *ret)
{
    const struct name principal = {SPOOL_FIND_PRINCIPAL, SPOOL_ADD_PRINCIPAL, {row->principal}, 1};
    const struct name server = {SPOOL_FIND_SERVER, SPOOL_ADD_SERVER, {row->server_url, row->tenant}, 2};
    int r;

    *ret = (struct spool_names){0};
    r = shorten(row->target, row->entity, ret->target);
    if (r == 0)
        r = find_entity(file, row->entity, ret);
    if (r == 0)
        r = find_or_add(file, &principal, &ret->principal);
    if (r == 0)
        r = find_or_add(file, &server, &ret->server);
    if (r == 0)
        r = find_kind(file, row, ret);
    return r == 0 && ret->size > SPOOL_NAMES_MAX ? -EINVAL : r;
}

/* ---- forgetting ---- */

/* One look into the index for each. */
static int forget_entities(struct spool_file *file)
{
    static const char sql[] =
        "DELETE FROM entities WHERE NOT EXISTS (SELECT 1 FROM rows WHERE state = 0 AND entity = entities.id)"
        " AND NOT EXISTS (SELECT 1 FROM rows WHERE state = 1 AND entity = entities.id)";
    int r = spool_fresh_index_all(file);

    if (r == 0)
        r = spool_note(file, sqlite3_exec(file->db, sql, NULL, NULL, NULL));
    file->entities_new = 0;
    return r == 0 ? spool_sql_number(file->db, "SELECT count(*) FROM entities", &file->entities_kept) : r;
}

static int forget_others(struct spool_file *file)
{
    static const char sql[] = "DELETE FROM kinds WHERE id NOT IN (SELECT kind FROM rows);"
                              "DELETE FROM servers WHERE id NOT IN (SELECT server FROM rows);"
                              "DELETE FROM principals WHERE id NOT IN (SELECT principal FROM rows)"
                              "    AND id NOT IN (SELECT principal FROM ended)";

    spool_oldest_forget(file);
    return spool_note(file, sqlite3_exec(file->db, sql, NULL, NULL, NULL));
}

int spool_names_tidy(struct spool_file *file)
{
    bool are_few = file->totals.rows[SPOOL_WAITING] + file->totals.rows[SPOOL_ASIDE] <= FEW_ROWS;
    int r = 0;

    if (file->entities_new >= SPOOL_ENTITIES_NEW + file->entities_kept / 8)
        r = forget_entities(file);
    return r == 0 && are_few ? forget_others(file) : r;
}
