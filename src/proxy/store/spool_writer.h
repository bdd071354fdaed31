/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that owns the spool's file. It is given works by the loop's thread, and executes them in their
 * order. All that came while the last commit ran are one transaction, so a commit is shared by those that
 * wait for it. A work is done when its changes are on the disk, and is told so in the loop's thread, in the
 * same order. If the file fails, its whole transaction is undone and executed again in transactions of one
 * work each, so that one that needs room on a full disk does not hinder one that makes some.
 *
 * All functions are for the loop's thread, unless they say otherwise; they never wait for the disk, except
 * spool_writer_stop().
 */
#ifndef TB_PROXY_STORE_SPOOL_WRITER_H
#define TB_PROXY_STORE_SPOOL_WRITER_H

#include <pthread.h>

#include "base/loop.h"
#include "proxy/store/spool_file.h"

#define SPOOL_WRITER_WORKS_MAX 4096               /* of those with bytes */
#define SPOOL_WRITER_NUMBERS   (INT64_C(1) << 36) /* of writes, that a new file may begin with, at random */
#define SPOOL_WRITER_BYTES_MAX                                                                               \
    (4 * 1024 * 1024) /* so a transaction fits into the reserve (spool_reserve.h) */

/* Its owner embeds it, and leaves it alone from spool_writer_submit() until DONE is called. */
struct spool_work {
    struct list link;
    /* In the writer's thread, in a transaction; touches nothing but its own work and FILE; may be called
     * again if the transaction was undone. 0 or a negative errno. */
    int (*run)(struct spool_work *work, struct spool_file *file);
    /* In the loop's thread: RESULT is what RUN returned, or why the transaction failed; may free WORK. */
    void (*done)(struct spool_work *work, int result);
    size_t bytes; /* that a bound counts; 0: always taken, whose owner has a bound of its own */
    int result;
};

/* What the loop's thread may know of the file. */
struct spool_facts {
    struct spool_totals totals;
    int64_t disk_bytes;
    int64_t commits;
    int64_t oldest_ms; /* arrival of the first that waits; 0: none */
};

struct spool_writer {
    struct loop *loop;
    char *directory;
    /* The file is open, and ERR->code 0; or it cannot be opened, and each work fails with that error.
     * NEXT_NUMBER is the least one for a new write. */
    void (*opened)(struct spool_writer *writer, int64_t next_number, const struct tb_error *err);
    /* The file was damaged, and a new one begun; or it was moved away: all rows are gone. Called before the
     * works that noticed are done; their result is -EUCLEAN. ERR->code is not 0 if there is no new one. If
     * another file was at its place, which may have rows, OPENED is called afterwards. */
    void (*replaced)(struct spool_writer *writer, const struct tb_error *err);
    struct watch watch; /* an eventfd: results are there */
    size_t held, held_bytes;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct list works;
    struct list results;
    struct spool_facts facts;
    int64_t next_number;
    struct tb_error error; /* why there is no file */
    bool has_opened, was_replaced, stopping;
    struct spool_file file; /* the thread's own */
};

/* Starts the thread, which opens the file in DIRECTORY. The owner sets OPENED and REPLACED before, and then
 * gives works. 0 or a negative errno. */
int spool_writer_start(struct spool_writer *writer, struct loop *loop, const char *directory,
                       struct tb_error *err);

/* Finishes all works, calls DONE of each, closes the file, and ends the thread. Works that one of these DONE
 * gives to it fail with -ESHUTDOWN. Harmless if it was not started. */
void spool_writer_stop(struct spool_writer *writer);

/* 0; -EAGAIN: too many works or bytes are not done, and WORK is not taken. */
int spool_writer_submit(struct spool_writer *writer, struct spool_work *work);

/* As of the last commit. */
struct spool_facts spool_writer_facts(struct spool_writer *writer);

#endif
