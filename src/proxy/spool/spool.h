/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool of the daemon: writes of local programs that are kept on the disk until the server has them.
 *
 *     spool_admission.h  what forward/ asks about requests that arrive, fail, or end
 *     spool_take.h       stores a write, and responds
 *     spool_room.h       bounds
 *     spool_entities.h   which entities have rows, so that later writes go behind them
 *     spool_writer.h     the thread that owns the file
 *     spool_delivery.h   sends what is there to the server
 *     spool_age.h        drops what is too old
 *     forward_spool.h    what forward/ asks: to take requests, and to deliver in its turn
 *
 * All works that change rows go through spool->writer. Its works are executed, and done, in the order in
 * which they were submitted. Only the loop's thread uses struct spool.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_H
#define TB_PROXY_SPOOL_SPOOL_H

#include "proxy/exchange/services.h"
#include "proxy/forward/forward_spool.h"
#include "proxy/spool/spool_age.h"
#include "proxy/spool/spool_bounds.h"
#include "proxy/spool/spool_delivery.h"
#include "proxy/spool/spool_entities.h"
#include "proxy/spool/spool_rate.h"
#include "proxy/store/spool_writer.h"

#define SPOOL_OPEN_MS       (SPOOL_LOCK_MS + 500) /* the wait for the file at the start, then others are served */
#define SPOOL_REOPEN_MS     5000                  /* between two tries to open the file */
#define SPOOL_LOOK_ENTITIES 256                   /* that are read at once */
#define SPOOL_LOOK_MS       1000                  /* between two looks at all, at least */
#define SPOOL_LOOK_PART     4 /* and four times as long as the last one took: others wait for it */

/* Which entities have rows (spool_look.h). */
struct spool_look {
    struct spool_work work;
    struct timer timer; /* until the next one */
    bool under_way;
    bool is_of_old;            /* another file was opened since it began */
    int64_t begun_ms, took_ms; /* the last one */
    int64_t cursor, next_cursor;
    struct spool_entity found[SPOOL_LOOK_ENTITIES];
    size_t count;
};

/* The bounds (spool_room.h). */
struct spool_room {
    struct spool_bounds bounds;
    struct spool_work work; /* counts what each principal has in the file */
    bool is_counting;
    int64_t counted_ms, told_ms, full_ms; /* boot clock; 0: never */
    int64_t took_ms;                      /* the last count, in the writer's thread */
    struct spool_share *shares;
    size_t share_count;
};

struct spool {
    struct services *services;
    struct forward_spool hooks; /* services->forward->spool */
    struct spool_writer writer; /* also for delivery, and for what administrators do */
    char *directory;
    bool is_open;        /* the file is */
    bool is_opening;     /* it is being opened for the first time */
    struct list waiting; /* requests that wait for that (spool_wait.h) */
    struct list asks;    /* of users (spool_ask.h) */
    bool closing;
    struct tb_error error; /* why not; or why the last row could not be stored; code 0: all is well */
    int64_t next_number;   /* of the next write */
    struct timer reopen_timer;
    struct spool_entities entities;      /* taking sets them, delivery clears them */
    struct spool_rate stored, delivered; /* rows (spool_report.h) */
    int64_t damaged_ms;                  /* when the file was last replaced, since the epoch; 0: never */
    struct spool_look look;
    struct spool_room room;
    struct spool_delivery delivery;
    struct spool_age age;
};

/* Opens the file, unless spool.mode is "off"; waits for it, SPOOL_OPEN_MS at most: a large one takes longer,
 * and then what it should take waits. Sets services->spool and services->forward->spool. -EBUSY: another
 * tbproxyd has the directory; 0 if it cannot be opened for another reason: then it is tried again, and what
 * it should take is answered with 503. SPOOL must be zeroed. */
int spool_open(struct spool *spool, struct services *services, struct tb_error *err);

/* Applies the configuration after a reload. Harmless if it is not open, as spool_close() is. */
void spool_configure(struct spool *spool);

/* When no exchange is left: finishes all works. */
void spool_close(struct spool *spool);

#endif
