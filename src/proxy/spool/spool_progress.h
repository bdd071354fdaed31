/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A work for the writer (spool_writer.h): notes in the file what became of a batch, and reads the next one of
 * its entity in the same transaction.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_PROGRESS_H
#define TB_PROXY_SPOOL_SPOOL_PROGRESS_H

#include "proxy/spool/spool_batch.h"
#include "proxy/spool/spool_bounds.h"
#include "proxy/store/spool_writer.h"

#define SPOOL_PROGRESS_ANSWER_MAX 256 /* bytes of an answer that are kept */

enum spool_note {
    SPOOL_NOTE_NOTHING,
    SPOOL_NOTE_DELIVERED,
    SPOOL_NOTE_ATTEMPT, /* an answer that may be the rows' fault; they stay */
    SPOOL_NOTE_REFUSED, /* the batch is one row: it is cut into halves; with one value, set aside */
    SPOOL_NOTE_ASIDE,
    SPOOL_NOTE_USER_REFUSED, /* the rows of one user: all of them are set aside, up to REFUSED_ID */
    SPOOL_NOTE_TIMES,        /* rows without times get them */
};

/* Its owner has freed the batches, and sets all but the results; KEY lives as long as the work. */
struct spool_progress {
    struct spool_work work; /* its owner sets done() */
    const char *key;
    struct spool_batch batch;
    enum spool_note note;
    struct spool_answer answer;
    char answer_text[SPOOL_PROGRESS_ANSWER_MAX];
    int64_t epoch_ms;   /* SPOOL_NOTE_TIMES: the server's time at boot time 0 */
    int64_t refused_id; /* the last row of the batch of several users that was refused as a whole */
    bool reads_on;
    struct spool_batch_bounds bounds; /* of the next batch */

    struct spool_amount room; /* for the answer, and for a part more of a refused row (spool_room.h) */

    int64_t time_ms;    /* the last one that was given to a row */
    size_t answer_room; /* what is left of ROOM for answers */

    /* The results. */
    struct spool_amount grown; /* by what the rows take more now */
    size_t set_aside;
    bool was_halved;
    int read_result; /* of reading; what was noted stays noted */
    struct spool_batch next;
};

/* Sets what is the same for all notes, but not work.done. */
void spool_progress_init(struct spool_progress *progress, const char *key);

#endif
