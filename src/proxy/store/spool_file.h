/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool's file: an SQLite database, DIRECTORY/spool.db. All calls block on the disk; one thread at a time
 * may make them (spool_writer.h).
 *
 * What changes rows happens between spool_file_begin() and spool_file_commit(), and is on the disk if the
 * latter returns 0. If any call has failed at the file (spool_file_failed()), the commit undoes all and
 * returns that error. Errors of the file are -ENOSPC, -EROFS, -EIO, -ENOMEM, -EUCLEAN. After the last, which
 * says that the file is damaged, spool_file_replace() begins a new one.
 */
#ifndef TB_PROXY_STORE_SPOOL_FILE_H
#define TB_PROXY_STORE_SPOOL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "proxy/store/spool_row.h"

#define SPOOL_FILE_NAME   "spool.db"
#define SPOOL_ROW_BYTES   72 /* what a row takes beside its body, about */
#define SPOOL_BODY_MAX    (1024 * 1024)
#define SPOOL_NAMES_MAX   4096 /* bytes of the names that a row brings with it */
#define SPOOL_TARGET_SIZE 1024 /* bytes of a target, with the NUL */
#define SPOOL_KINDS_MAX   256  /* of requests (spool_names); further ones stand in their rows */
#define SPOOL_ENTITIES_NEW                                                                                   \
    4096 /* names of entities that may be needed no more, at most, and an eighth of all */
#define SPOOL_ENDED_MAX     10000 /* how many ends are remembered, at least; twice as many at most */
#define SPOOL_ENDED_MS      INT64_C(86400000) /* and for how long */
#define SPOOL_LOCK_MS       2000 /* the wait for another process that has the file, a backup for example */
#define SPOOL_DAMAGED_MAX   8    /* damaged files that are kept */
#define SPOOL_CACHE_KIB     2048
#define SPOOL_JOURNAL_BYTES (8 * 1024 * 1024) /* the size that the log file is cut to */
#define SPOOL_WHY_MAX       128
#define SPOOL_STATEMENTS    43
#define SPOOL_FRESH_MAX     4096 /* rows that are not in the index */
#define SPOOL_OLDEST_MAX    64   /* principals of whom it is kept where their oldest row is */

struct spool_totals {
    int64_t rows[2]; /* SPOOL_WAITING, SPOOL_ASIDE */
    int64_t bytes[2];
    int64_t oldest_id; /* no waiting row has a lesser one */
};

/* Rows that wait and are not in the index yet (spool_fresh.h), sorted by entity and id. */
struct spool_fresh {
    struct spool_fresh_row {
        int64_t entity, id;
    } rows[SPOOL_FRESH_MAX];
    size_t count;
    bool is_lost; /* the file may have others, after it was opened */
};

struct spool_file {
    struct sqlite3 *db; /* NULL: closed */
    struct sqlite3_stmt *statements[SPOOL_STATEMENTS];
    char *path;
    int lock; /* of the directory (spool_lock.h); 0: not held */
    struct spool_totals totals;
    struct spool_totals before; /* this transaction, as fresh_before */
    struct spool_fresh fresh, fresh_before;
    struct spool_oldest {
        struct spool_oldest_row {
            int64_t principal, id; /* no waiting row of it has a lesser one; INT64_MAX: none waits */
        } of[SPOOL_OLDEST_MAX];
        size_t next; /* the place that is overwritten next */
    } oldest, oldest_before;
    unsigned ended;          /* since ends were last forgotten */
    int64_t entities_new;    /* names, since those that no row needs were last forgotten */
    int64_t entities_kept;   /* then */
    int failure;             /* of this transaction; 0: none */
    char why[SPOOL_WHY_MAX]; /* SQLite's text for it */
    int64_t commits;         /* since the file was opened */
    int log_pages;           /* in the log file */
    bool is_full;            /* the disk: no row is stored until there is room */
    ino_t inode, wal_inode;  /* of the database and its log file */
};

/* Opens the file. Makes it and DIRECTORY, whose parent exists, if they are missing; nobody else must have
 * rights on them. A damaged file is moved aside, which the log says, and a new one begun; the log also says
 * if one that was there before is missing. 0; -EBUSY: another tbproxyd has the directory, for SPOOL_LOCK_MS;
 * -EAGAIN: another program reads the file, as long; -EPERM: others have rights; -ENOTSUP: it is of a newer
 * version; errors of the file. FILE is closed on error. */
int spool_file_open(struct spool_file *file, const char *directory, struct tb_error *err);

/* Harmless if it is closed already. */
void spool_file_close(struct spool_file *file);

/* Moves the damaged file aside, and begins a new one. As spool_file_open(). */
int spool_file_replace(struct spool_file *file, struct tb_error *err);

/* Whether its files are no longer at their place: somebody has removed them, or moved others there. What is
 * stored is gone with the next close then. */
bool spool_file_has_moved(const struct spool_file *file);

/* Closes a file that has moved. Returns whether its rows are lost; the log says it. */
bool spool_file_leave(struct spool_file *file);

/* What the least number of a new write is, so that no number comes twice. */
int spool_file_next_number(struct spool_file *file, int64_t *ret);

/* ---- transactions ---- */

int spool_file_begin(struct spool_file *file);
int spool_file_commit(struct spool_file *file);

/* To be called between transactions: copies the log file to the database if it is large, and makes the
 * database smaller if it has much free space and no rows wait, or the disk is full. Returns whether there may
 * be more to do. */
bool spool_file_maintain(struct spool_file *file);

static inline bool spool_file_failed(const struct spool_file *file)
{
    return file->failure != 0;
}

/* The commit undoes all, and returns RESULT. */
static inline void spool_file_fail(struct spool_file *file, int result)
{
    if (!spool_file_failed(file))
        file->failure = result;
}

/* ---- changes; -ENOENT: there is no such row, and nothing is changed ---- */

/* Stores ROW with its id, and sets its size and names_size; attempts and answer are not stored. -EMSGSIZE:
 * the body exceeds SPOOL_BODY_MAX; -EINVAL: its texts are longer than a request's can be; -EEXIST: there is a
 * row with this id; -ENOSPC: the disk is full, and what room there is is kept for ends. */
int spool_file_insert(struct spool_file *file, struct spool_row *row);

/* What names of ROW may come into the file with it, in bytes, at most. */
size_t spool_file_names_max(const struct spool_row *row);

struct spool_answer {
    int64_t at_ms;
    int status;         /* 0: none */
    const char *answer; /* NULL: none */
    const char *reason; /* NULL: none */
};

/* The row is deleted, and its end noted: SPOOL_DELIVERED or SPOOL_DROPPED. */
int spool_file_end(struct spool_file *file, int64_t id, enum spool_state state,
                   const struct spool_answer *answer);

/* The row was sent, and stays; no reason. */
int spool_file_attempted(struct spool_file *file, int64_t id, const struct spool_answer *answer);

/* A waiting row is set aside. It has a reason: one of few texts. */
int spool_file_set_aside(struct spool_file *file, int64_t id, const struct spool_answer *answer);

/* A row that was set aside waits again, as if it had never been sent, and for whatever server and tenant
 * there are. */
int spool_file_retry(struct spool_file *file, int64_t id);

/* Gives a row another body. */
int spool_file_change(struct spool_file *file, int64_t id, const struct buf *body);

/* A row has its times now: its boot is forgotten. */
int spool_file_forget_boot(struct spool_file *file, int64_t id);

/* The waiting row ID, which is the first of its entity, keeps SECOND; FIRST becomes a row in front of it,
 * without its answer, whose id is returned. -EOVERFLOW: the write has SPOOL_PARTS_MAX parts. */
int spool_file_halve(struct spool_file *file, int64_t id, const struct buf *first, const struct buf *second,
                     int64_t *ret_id);

/* ---- reading; rows are appended to a list of spool_row, in the order of their ids ---- */

/* Most rows and bytes of bodies; one row more than MAX_BYTES allows is read if it is the first. */
struct spool_page {
    size_t max_rows, max_bytes;
    int64_t after_id; /* only rows with greater ids, for spool_file_read() */
};

/* Waiting rows of the entity KEY, with their bodies. */
int spool_file_read(struct spool_file *file, const char *key, struct spool_page page, struct list *ret);

/* Rows whose id exceeds AFTER_ID: those of STATE (SPOOL_WAITING, SPOOL_ASIDE), or of both if it is -1. */
int spool_file_list(struct spool_file *file, int64_t after_id, int state, bool with_bodies,
                    struct spool_page page, struct list *ret);

/* The parts of write NUMBER, MAX_ROWS of them at most: those in the file, then those that have ended. */
int spool_file_find(struct spool_file *file, int64_t number, bool with_bodies, size_t max_rows,
                    struct list *ret);

struct spool_entity {
    char *key;
    int64_t first_id;
    char *principal; /* of its first row */
};

/* The next entities with waiting rows, COUNT at most, after that of *CURSOR (0: from the first one), which
 * moves on and is 0 after the last one. Returns how many, to be freed with spool_file_entities_free(); or an
 * error. */
int spool_file_next_entities(struct spool_file *file, int64_t *cursor, struct spool_entity *ret,
                             size_t count);
void spool_file_entities_free(struct spool_entity *entities, size_t count);

/* The waiting row with the least id, without its body. -ENOENT: none waits. */
int spool_file_oldest(struct spool_file *file, struct spool_row **ret);

/* The same among those of PRINCIPAL. Reads what is older once, and then goes on from there. */
int spool_file_oldest_of(struct spool_file *file, const char *principal, struct spool_row **ret);

struct spool_share {
    int64_t id;      /* in the file */
    char *principal; /* to be freed */
    int64_t rows, bytes;
};

/* What each principal has in the file, in an array to be freed with spool_shares_free(). Reads an index of
 * all rows. */
int spool_file_shares(struct spool_file *file, struct spool_share **ret, size_t *count);
void spool_shares_free(struct spool_share *shares, size_t count);

/* Bytes of the file and its log on the disk. */
int64_t spool_file_disk_bytes(const struct spool_file *file);

/* Compares the totals with the rows. -EUCLEAN: they differ. Reads an index of all rows. */
int spool_file_check_totals(struct spool_file *file);

#endif
