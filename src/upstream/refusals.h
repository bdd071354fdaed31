/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose limit a refusal (429) was. Most limits of a server count everything together, some count one
 * operation (notifications, codes, exports), and the answer does not tell which: only what happens to other
 * operations does. A refusal of operation X is
 *
 * 1. X's own limit, if X was found to have one (see 3). X is closed until a time and gets a pace of its own
 *    (pace.h). Nothing else changes.
 * 2. The limit of all,
 *    - if the call was sent before the last refusal of that was known; or
 *    - if another operation is in question (see 3); or
 *    - if refusals of X were that of all before, and it looks like the same again: the pace of all is at
 *      least 90 % of the one that was refused last, or less than 2 s ago all were still closed. But not if
 *      X is the only such operation, or if those that are not get an eighth of what is granted.
 *    All are closed, as budget.h tells.
 * 3. In question otherwise. X is closed as in 1, and other operations find out whose limit it is: if one
 *    of them is refused, 2 applies. When they were granted 20 tokens by calls that were sent since, X has a
 *    limit of its own; if refusals of X had lowered the pace of all, that grows fast now. The question is
 *    dropped if X is accepted again before any other is, and after a minute, or when X opens if that is
 *    later. Meanwhile others are kept slow, so that few are refused if it is the limit of all. If there is
 *    a pace of all, it does that, and the 20 tokens must be granted in 10 s or more. Else one call of theirs
 *    may go, and two more for each that is accepted; one a second in any case. These wait for the buckets,
 *    but for no pace and no other closing.
 * 4. If no other operation was accepted within the last minute, X is perhaps all that is sent: then in
 *    addition to 3 the buckets are emptied, as in 2, and the pace of all goes down instead of X's. Who comes
 *    later goes by permit, as without a pace.
 *
 * So a limit of all costs at most one refusal more for each operation in use until it is known as that, and
 * then mostly none; with one operation in use it is found as if there were no others. A limit of one
 * operation costs others nothing but a moment's slowness. Several such limits that are met at the same time
 * pass for one of all at first, and are found within a few minutes. What was found is forgotten ten minutes
 * after X's last refusal. A wrong finding does little harm: each operation then has its pace.
 */
#ifndef TB_UPSTREAM_REFUSALS_H
#define TB_UPSTREAM_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "upstream/pace.h"

#define REFUSALS_OPERATIONS_MAX 16 /* that are told from the others at a time */

/* One that was refused. */
struct refused_operation {
    uint32_t id;
    bool has_own_limit;
    bool has_lowered;  /* a refusal of it lowered the pace of all */
    unsigned in_a_row; /* refusals; those of calls that were sent before the first was known are one */
    int64_t refused_ms;
    int64_t closed_until_ms;
    struct pace pace;
};

struct refusals {
    struct {
        bool is_open;
        bool is_paced;      /* the pace of all keeps others slow, and not permits */
        uint32_t operation; /* that was refused */
        int64_t asked_ms;
        int64_t expires_ms;
        int64_t next_ms;  /* when a call of another operation may go without a permit */
        unsigned permits; /* calls of other operations that may go before */
        int64_t granted;  /* tokens, to other operations' calls that were sent since */
    } question;
    int64_t all_refused_ms;    /* when a refusal was last that of all */
    int64_t all_until_ms;      /* and until when it closed them */
    int64_t granted;           /* tokens, since one more operation lowered the pace of all */
    int64_t granted_others;    /* of them, to operations that never did, and have no limit of their own */
    uint32_t accepted;         /* the operation of the last call that was accepted */
    int64_t accepted_ms;       /* when; INT64_MIN: never */
    int64_t other_accepted_ms; /* the last of another operation than that */
    size_t count;
    struct refused_operation operations[REFUSALS_OPERATIONS_MAX];
};

/* A refused call. */
struct refusal {
    uint32_t operation;
    int64_t sent_ms;
    int64_t until_ms; /* its operation, or all, are closed until then, or longer if they are already */
};

enum refusal_scope {
    REFUSAL_OF_ALL,   /* 2: close all */
    REFUSAL_OF_ONE,   /* 1, 3: nothing is to be done */
    REFUSAL_OF_ALONE, /* 4: empty the buckets, and the pace of all goes down */
};

void refusals_init(struct refusals *refusals);

/* What a refusal is, given the PACE of all; closes the operation. LEARN: operations get paces. */
enum refusal_scope refusals_judge(struct refusals *refusals, int64_t now_ms, const struct refusal *refusal,
                                  const struct pace *pace, bool learn);

/* A call that was sent at SENT_MS was accepted; PACE is that of all, which may grow faster for it. */
void refusals_accepted(struct refusals *refusals, int64_t now_ms, uint32_t operation, unsigned cost,
                       int64_t sent_ms, struct pace *pace);

/* What is kept of an operation apart from the others: it is closed or has a pace; NULL: nothing. */
const struct refused_operation *refusals_find(const struct refusals *refusals, int64_t now_ms,
                                              uint32_t operation);

/* When an operation lets a call of COST go, as far as it alone is concerned; NOW_MS if at once. */
int64_t refusals_ready_ms(const struct refusals *refusals, int64_t now_ms, uint32_t operation, unsigned cost);

/* Whether calls of the operation go by permit now, until question.expires_ms at most; and when the next may.
 */
bool refusals_needs_permit(const struct refusals *refusals, int64_t now_ms, uint32_t operation);
int64_t refusals_permit_ms(const struct refusals *refusals);

/* A call that may go is sent. */
void refusals_take(struct refusals *refusals, int64_t now_ms, uint32_t operation, unsigned cost);

/* How often an operation that has a limit of its own was refused in a row before a call that was sent at
 * SENT_MS: the next time may be closed for longer. */
unsigned refusals_in_a_row(const struct refusals *refusals, uint32_t operation, int64_t sent_ms);

/* When the operation in question opens while no other was accepted; INT64_MIN: there is none. */
int64_t refusals_alone_until_ms(const struct refusals *refusals, int64_t now_ms);

/* All operations go on at once. */
void refusals_open(struct refusals *refusals, int64_t now_ms);

/* Learning has ended. */
void refusals_forget_paces(struct refusals *refusals);

#endif
