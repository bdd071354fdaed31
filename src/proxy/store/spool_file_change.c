/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proxy/store/spool_file_private.h"
#include "proxy/store/spool_fresh.h"

#define TIDY_ENDS SPOOL_ENDED_MAX /* ends are forgotten after so many, all of which it looks at */

struct looked {
    int state;
    int64_t principal, entity;
    int64_t size;        /* of what counts: body, names, answer */
    int64_t names_size;  /* of names that came with it */
    int64_t answer_size; /* of the server's answer */
};

/* -ENOENT: there is no row ID in STATE; -1: in any. */
static int look(struct spool_file *file, int64_t id, int state, struct looked *ret)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_LOOK);
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, id);
    r = spool_step(file, statement);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    *ret = (struct looked){.state = sqlite3_column_int(statement, 0),
                           .principal = sqlite3_column_int64(statement, 1),
                           .size = sqlite3_column_int64(statement, 2),
                           .names_size = sqlite3_column_int64(statement, 3),
                           .answer_size = sqlite3_column_int64(statement, 4),
                           .entity = sqlite3_column_int64(statement, 5)};
    sqlite3_reset(statement);
    if (ret->names_size < 0 || ret->names_size > SPOOL_NAMES_MAX)
        return spool_note(file, SQLITE_CORRUPT);
    if (ret->state == SPOOL_FRESH)
        ret->state = SPOOL_WAITING;
    if (ret->state != SPOOL_WAITING && ret->state != SPOOL_ASIDE)
        return spool_note(file, SQLITE_CORRUPT);
    return state >= 0 && ret->state != state ? -ENOENT : 0;
}

static void bind_status(struct sqlite3_stmt *statement, int index, int status)
{
    if (status != 0)
        sqlite3_bind_int(statement, index, status);
}

static int note_end(struct spool_file *file, int64_t id, enum spool_state state, int64_t principal,
                    const struct spool_answer *answer)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_NOTE_END);

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int(statement, 2, (int)state);
    sqlite3_bind_int64(statement, 3, principal);
    sqlite3_bind_int64(statement, 4, answer->at_ms);
    bind_status(statement, 5, answer->status);
    spool_bind_text(statement, 6, answer->answer);
    spool_bind_text(statement, 7, answer->reason);
    return spool_step(file, statement);
}

/* Executes WHICH, whose only parameter is ID. */
static int run_for(struct spool_file *file, enum spool_statement which, int64_t id)
{
    struct sqlite3_stmt *statement = spool_statement(file, which);

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, id);
    return spool_step(file, statement);
}

int spool_file_end(struct spool_file *file, int64_t id, enum spool_state state,
                   const struct spool_answer *answer)
{
    struct looked row;
    int r = look(file, id, -1, &row);

    if (r == 0)
        r = run_for(file, SPOOL_DELETE, id);
    if (r == 0)
        r = note_end(file, id, state, row.principal, answer);
    if (r < 0)
        return r;
    spool_fresh_remove(file, row.entity, id);
    spool_file_add(file, (enum spool_state)row.state, -1, -row.size);
    return ++file->ended % TIDY_ENDS == 0 ? spool_file_tidy(file, answer->at_ms) : 0;
}

static int update_answer(struct spool_file *file, int64_t id, struct looked *row,
                         const struct spool_answer *answer)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_UPDATE_ANSWER);
    int64_t more = (answer->answer ? (int64_t)strlen(answer->answer) : 0) - row->answer_size;
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int64(statement, 2, answer->at_ms);
    bind_status(statement, 3, answer->status);
    spool_bind_text(statement, 4, answer->answer);
    sqlite3_bind_int64(statement, 5, row->size + more);
    r = spool_step(file, statement);
    if (r < 0)
        return r;
    row->size += more;
    spool_file_add(file, (enum spool_state)row->state, 0, more);
    return 0;
}

int spool_file_attempted(struct spool_file *file, int64_t id, const struct spool_answer *answer)
{
    struct looked row;
    int r = look(file, id, -1, &row);

    return r == 0 ? update_answer(file, id, &row, answer) : r;
}

static int update_state(struct spool_file *file, int64_t id, const char *reason)
{
    struct sqlite3_stmt *statement;
    int64_t reason_id;
    int r = spool_names_reason(file, reason, &reason_id);

    if (r < 0)
        return r;
    statement = spool_statement(file, SPOOL_UPDATE_STATE);
    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int64(statement, 2, reason_id);
    return spool_step(file, statement);
}

int spool_file_set_aside(struct spool_file *file, int64_t id, const struct spool_answer *answer)
{
    struct looked row;
    int r = look(file, id, SPOOL_WAITING, &row);

    if (r == 0 && answer->status != 0)
        r = update_answer(file, id, &row, answer);
    if (r == 0)
        r = update_state(file, id, answer->reason);
    if (r < 0)
        return r;
    spool_fresh_remove(file, row.entity, id);
    spool_file_add(file, SPOOL_WAITING, -1, -row.size);
    spool_file_add(file, SPOOL_ASIDE, 1, row.size);
    return 0;
}

static int add_any_server(struct spool_file *file)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_ADD_ANY_SERVER);

    return statement ? spool_step(file, statement) : file->failure;
}

int spool_file_retry(struct spool_file *file, int64_t id)
{
    struct looked row;
    int r = look(file, id, SPOOL_ASIDE, &row);

    if (r == 0)
        r = add_any_server(file);
    if (r == 0)
        r = run_for(file, SPOOL_UPDATE_RETRY, id);
    if (r < 0)
        return r;
    spool_file_add(file, SPOOL_ASIDE, -1, -row.size);
    spool_file_add(file, SPOOL_WAITING, 1, row.size - row.answer_size);
    if (id < file->totals.oldest_id)
        file->totals.oldest_id = id;
    spool_oldest_add(file, row.principal, id);
    return 0;
}

int spool_file_change(struct spool_file *file, int64_t id, const struct buf *body)
{
    struct sqlite3_stmt *statement;
    struct looked row;
    int r = body->len > SPOOL_BODY_MAX ? -EMSGSIZE : look(file, id, -1, &row);

    if (r < 0)
        return r;
    statement = spool_statement(file, SPOOL_UPDATE_BODY);
    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, id);
    spool_bind_body(statement, 2, body, (size_t)(row.names_size + row.answer_size));
    r = spool_step(file, statement);
    if (r == 0)
        spool_file_add(file, (enum spool_state)row.state, 0,
                       (int64_t)body->len + row.names_size + row.answer_size - row.size);
    return r;
}

int spool_file_forget_boot(struct spool_file *file, int64_t id)
{
    struct looked row;
    int r = look(file, id, -1, &row);

    return r == 0 ? run_for(file, SPOOL_FORGET_BOOT, id) : r;
}

/* ---- halves ---- */

/* A free id in front of all parts that the write has or had. */
static int id_in_front(struct spool_file *file, int64_t id, int64_t *ret)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_LEAST_ID);
    int64_t number = spool_number(id);
    int r;

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, spool_first_id(number));
    sqlite3_bind_int64(statement, 2, spool_last_id(number));
    r = spool_step(file, statement);
    if (r < 0)
        return r;
    *ret = sqlite3_column_int64(statement, 0) - 1;
    sqlite3_reset(statement);
    return *ret <= spool_last_id(number) - SPOOL_PARTS_MAX ? -EOVERFLOW : 0;
}

/* With the names that stand in the row itself. */
static int copy(struct spool_file *file, int64_t id, int64_t new_id, const struct buf *body)
{
    struct sqlite3_stmt *statement = spool_statement(file, SPOOL_COPY);

    if (!statement)
        return file->failure;
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int64(statement, 2, new_id);
    spool_bind_body(statement, 3, body, 0);
    return spool_step(file, statement);
}

int spool_file_halve(struct spool_file *file, int64_t id, const struct buf *first, const struct buf *second,
                     int64_t *ret_id)
{
    struct looked row, part;
    int64_t new_id = 0;
    int r = first->len > SPOOL_BODY_MAX || second->len > SPOOL_BODY_MAX ? -EMSGSIZE
                                                                        : look(file, id, SPOOL_WAITING, &row);

    if (r == 0)
        r = spool_fresh_index(file, row.entity);
    if (r == 0)
        r = id_in_front(file, id, &new_id);
    if (r == 0)
        r = copy(file, id, new_id, first);
    if (r == 0)
        r = look(file, new_id, SPOOL_WAITING, &part);
    if (r < 0)
        return r;
    spool_file_add(file, SPOOL_WAITING, 1, part.size);
    if (new_id < file->totals.oldest_id)
        file->totals.oldest_id = new_id;
    spool_oldest_add(file, row.principal, new_id);
    *ret_id = new_id;
    return spool_file_change(file, id, second);
}

/* ---- what is not needed any more ---- */

/* The last ones of each user go last, so that many of one do not take the place of those of others. The
 * greatest number stays, so that it is not given again. */
static int forget_ends(struct spool_file *file, int64_t now_ms)
{
    char sql[500];

    snprintf(
        sql, sizeof(sql),
        "DELETE FROM ended WHERE id < (SELECT max(id) FROM ended) AND (at < %lld OR id IN (SELECT id FROM"
        " (SELECT id, row_number() OVER (PARTITION BY principal ORDER BY id DESC) AS place FROM ended)"
        " ORDER BY place, id DESC LIMIT -1 OFFSET %d))",
        (long long)(now_ms - SPOOL_ENDED_MS), SPOOL_ENDED_MAX);
    return spool_note(file, sqlite3_exec(file->db, sql, NULL, NULL, NULL));
}

int spool_file_tidy(struct spool_file *file, int64_t now_ms)
{
    int r = forget_ends(file, now_ms);

    return r == 0 ? spool_names_tidy(file) : r;
}
