/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entity whose rows are being delivered. Private to the delivery.
 *
 *     a batch is read ─> it waits for its turn ─> call ─> what became of it is noted, the next one is read
 *            ^                  │        ^          │
 *            └── rests <────────┴────────┴──────────┘
 *
 * If the server refuses a batch, its first half goes alone, and so on, until the bad row is found; then the
 * row's body is cut, until the bad value is a row of its own, which is set aside.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_SLOT_H
#define TB_PROXY_SPOOL_SPOOL_SLOT_H

#include "proxy/spool/spool_delivery.h"
#include "proxy/spool/spool_entities.h"
#include "proxy/spool/spool_progress.h"

enum spool_slot_state {
    SPOOL_SLOT_WORKING, /* the writer has its work */
    SPOOL_SLOT_READY,
    SPOOL_SLOT_CALLING,
    SPOOL_SLOT_RESTING,
};

struct spool_slot {
    struct list link;  /* in delivery->slots */
    struct list ready; /* in delivery->ready */
    struct spool_delivery *delivery;
    struct spool_backlog *backlog; /* of its entity */
    enum spool_slot_state state;
    struct spool_progress progress; /* its batch is what is sent */
    size_t bytes;                   /* of its owner */
    size_t suspects;                /* one of so many rows, the first ones, is refused; 0: none is known */
    unsigned limited, doubts;       /* in a row: 429; 401 */
    int64_t unauthorized_ms;        /* when the last 401 came, boot clock; 0: there was none */
    bool has_rested;                /* its rows need not rest again for what happened before */
    bool waits_for_earlier;         /* a write of it that forward/ has, and that may become a row */
    struct timer timer;             /* while it rests */

    struct request request;
    struct headers headers;
    uint32_t operation; /* for the budget */
    unsigned cost;
    bool is_try;    /* sent while the server was away */
    uint64_t start; /* slow_start_sent() */
    uint64_t round; /* spool_delivery_queue() */
};

/* ---- of spool_delivery.c ---- */

/* SLOT waits for the turn of its call. */
void spool_delivery_queue(struct spool_delivery *delivery, struct spool_slot *slot);

/* ---- */

/* A slot for the entity of BACKLOG reads its first batch. NULL: there is no memory. */
struct spool_slot *spool_slot_begin(struct spool_delivery *delivery, struct spool_backlog *backlog);

/* SLOT, which rests for an earlier write, reads again at once. Harmless otherwise. */
void spool_slot_wake(struct spool_slot *slot);

/* The writer has no work of it. A call under way is given up. */
void spool_slot_free(struct spool_slot *slot);

/* Notes what became of the batch, and reads the next one. */
void spool_slot_submit(struct spool_slot *slot, enum spool_note note);

/* What the note says of the server's answer, or of what came instead; TEXT (NULL: none) is copied, REASON is
 * static. */
void spool_slot_set_answer(struct spool_slot *slot, int status, const char *text, const char *reason);

/* Does nothing for MS, and then reads the batch again. NOTE is still to be noted, or nothing. */
void spool_slot_rest(struct spool_slot *slot, enum spool_note note, int64_t ms);

/* Whether a limit of its operation alone holds SLOT back, which is ready. */
bool spool_slot_is_held_back(const struct spool_slot *slot);

/* Its entity waits for its next turn. SLOT is freed. */
void spool_slot_give_way(struct spool_slot *slot);

/* The batch waits for its turn. */
void spool_slot_get_ready(struct spool_slot *slot);

/* ---- of spool_call.c ---- */

/* Sends the batch of SLOT, which is ready; the budget has taken the call. */
void spool_slot_send(struct spool_slot *slot);

/* Gives up the call. */
void spool_slot_cancel(struct spool_slot *slot);

#endif
