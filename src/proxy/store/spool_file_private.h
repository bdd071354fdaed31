/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of spool_file share.
 */
#ifndef TB_PROXY_STORE_SPOOL_FILE_PRIVATE_H
#define TB_PROXY_STORE_SPOOL_FILE_PRIVATE_H

#include <limits.h>

#include <sqlite3.h>

#include "proxy/store/spool_file.h"

enum spool_statement {
    SPOOL_BEGIN,
    SPOOL_COMMIT,
    SPOOL_ROLLBACK,
    SPOOL_FIND_PRINCIPAL,
    SPOOL_FIND_SERVER,
    SPOOL_FIND_ENTITY,
    SPOOL_FIND_KIND,
    SPOOL_ADD_PRINCIPAL,
    SPOOL_ADD_SERVER,
    SPOOL_ADD_ENTITY,
    SPOOL_COUNT_KINDS,
    SPOOL_ADD_KIND,
    SPOOL_INSERT,
    SPOOL_FIND_REASON,
    SPOOL_ADD_REASON,
    SPOOL_LOOK,
    SPOOL_DELETE,
    SPOOL_NOTE_END,
    SPOOL_UPDATE_ANSWER,
    SPOOL_UPDATE_STATE,
    SPOOL_ADD_ANY_SERVER,
    SPOOL_UPDATE_RETRY,
    SPOOL_UPDATE_BODY,
    SPOOL_FORGET_BOOT,
    SPOOL_LEAST_ID,
    SPOOL_COPY,
    SPOOL_NEXT_ENTITY,
    SPOOL_OLDEST,
    SPOOL_OLDEST_OF,
    SPOOL_READ,
    SPOOL_LIST,
    SPOOL_LIST_WAITING,
    SPOOL_LIST_ASIDE,
    SPOOL_FIND_ROWS,
    SPOOL_FIND_ENDED,
    SPOOL_PRINCIPALS,
    SPOOL_PRINCIPAL,
    SPOOL_INDEX,
    SPOOL_INDEX_ALL,
    SPOOL_FIND_FRESH,
    SPOOL_IS_INDEXED,
    SPOOL_READ_FRESH,
    SPOOL_FIRST_NAMES,
};

/* The statement, prepared, reset, and without parameters. NULL: the failure is noted. */
struct sqlite3_stmt *spool_statement(struct spool_file *file, enum spool_statement which);

/* Executes STATEMENT to its end, or to its first row: 1: there is a row, and STATEMENT must be reset before
 * the next commit; 0: there is none, and it is reset. Errors of the file are noted. */
int spool_step(struct spool_file *file, struct sqlite3_stmt *statement);

/* Notes what a call of SQLite returned; errors of the file undo the transaction. Returns the result. */
int spool_note(struct spool_file *file, int code);

/* NULL: NULL. */
void spool_bind_text(struct sqlite3_stmt *statement, int index, const char *text);

/* SQLite does not notice it if the disk has changed a byte of a body. */
int64_t spool_body_sum(const struct buf *body);

/* Binds three parameters from INDEX on: what the row takes, with OTHERS for its names and its answer; the
 * sum, and the body. */
void spool_bind_body(struct sqlite3_stmt *statement, int index, const struct buf *body, size_t others);

/* Adds to the totals of STATE (or takes from it) ROWS that take SIZE bytes together. */
void spool_file_add(struct spool_file *file, enum spool_state state, int64_t rows, int64_t size);

/* A copy of the text in a column. *RET is NULL if the column is. -ENOMEM. */
int spool_take_text(struct sqlite3_stmt *statement, int column, char **ret);

/* What many rows share, in tables of its own (spool_names.c). */
struct spool_names {
    int64_t entity, principal, server;
    int64_t kind;       /* target, operation, scope and content type, the entity's id aside; or 0: */
    const char *own[4]; /* the row has these itself, because there are too many kinds; else NULL */
    char target[SPOOL_TARGET_SIZE]; /* without the entity's id */
    size_t size;                    /* of those that are new, in bytes */
};

/* Finds, or adds, the names of ROW. -EINVAL: a target that no client can have sent. */
int spool_names_find(struct spool_file *file, const struct spool_row *row, struct spool_names *ret);

/* Finds the name TEXT with the statement WHICH. 0: *RET is its id; -ENOENT. */
int spool_names_id(struct spool_file *file, enum spool_statement which, const char *text, int64_t *ret);

/* Finds, or adds, the REASON for which rows are set aside: few texts. */
int spool_names_reason(struct spool_file *file, const char *reason, int64_t *ret);

/* Puts the id in the entity's KEY into the target that was read. -ENOMEM. */
int spool_names_complete(char **target, const char *key);

/* Forgets those that no row needs. It looks at all of them, so only if many may be new, or rows are few. */
int spool_names_tidy(struct spool_file *file);

/* The first row of WHICH from ID on, without its body; PRINCIPAL is its second parameter, if it has one.
 * -ENOENT. */
int spool_file_read_oldest(struct spool_file *file, enum spool_statement which, int64_t id, int64_t principal,
                           struct spool_row **ret);

/* A row ID of PRINCIPAL waits now: for spool_file_oldest_of(). */
void spool_oldest_add(struct spool_file *file, int64_t principal, int64_t id);

/* Ids of principals may be others from now on. */
void spool_oldest_forget(struct spool_file *file);

/* Counts the rows, for the totals. */
int spool_file_count(struct spool_file *file, struct spool_totals *ret);

/* Forgets ends that are too many or too old, and names that no row needs. */
int spool_file_tidy(struct spool_file *file, int64_t now_ms);

/* The path of the log file beside the database. */
void spool_file_log_path(const struct spool_file *file, char ret[PATH_MAX]);

/* The files at their place are those that are open: for spool_file_has_moved(). Error: they cannot be
 * looked at. */
int spool_file_note_place(struct spool_file *file);

/* Log pages are counted from now on. */
void spool_file_watch_log(struct spool_file *file);

/* The disk is full: gives up the reserve. */
void spool_file_make_room(struct spool_file *file);

/* Whether rows may be stored. */
bool spool_file_has_room(struct spool_file *file);

/* Frees the statements. */
void spool_statements_free(struct spool_file *file);

#endif
