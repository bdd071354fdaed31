/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which limit caused a refusal (429). Most limits of a server count all calls together, some count one
 * operation (notifications, codes, exports), and the answer does not say which: only what happens to other
 * operations does. A refusal of operation X is attributed to
 *
 * 1. X's own limit, if X was found to have one (see 3). X is closed until a time and gets a pace of its own
 *    (pace.h). Nothing else changes.
 * 2. The shared limit,
 *    - if the call was sent before the last refusal by that limit was known; or
 *    - if another operation is in question (see 3); or
 *    - if the shared limit caused earlier refusals of X, and this looks the same: the shared pace is at least
 *      90 % of the one that was refused last, or the budget was closed until less than 2 s ago. But not if X
 *      is the only such operation, or if an eighth of what is granted goes to operations that are not.
 *    The budget closes, as budget.h describes.
 * 3. Nothing yet: X is in question. X is closed as in 1, and other operations decide: if one of them is
 *    refused, 2 applies. When calls of theirs that were sent since were granted 20 tokens, X has a limit of
 *    its own; if refusals of X had lowered the shared pace, that now grows fast. The question is dropped if X
 *    is accepted again before any other operation, and after a minute or when X opens, whichever is later.
 *    Until then others are slowed down, so that few are refused if it is the shared limit. If there is a
 *    shared pace, it slows them, and the 20 tokens must be granted in 10 s or more. Otherwise one call of
 *    theirs may go, and two more for each that is accepted; one a second in any case. Calls with such a
 *    permit wait for the buckets, but not for a pace or another closing.
 * 4. If no other operation was accepted within the last minute, X may be all that is sent: then, in addition
 *    to 3, the buckets are emptied, as in 2, and the shared pace is lowered instead of X's. Other operations
 *    need permits, as without a pace.
 *
 * So the shared limit costs at most one more refusal for each operation in use until it is recognised, and
 * almost none after that; with one operation in use it is found as if there were no others. The limit of one
 * operation only slows others down for a moment. Several such limits that are reached at the same time look
 * like the shared limit at first and are distinguished within a few minutes. What was found is forgotten ten
 * minutes after X's last refusal. A wrong conclusion does little harm: each operation then has its pace.
 *
 * Times are ms of the boot clock, given by the caller. Not thread-safe.
 */
#ifndef TB_UPSTREAM_REFUSALS_H
#define TB_UPSTREAM_REFUSALS_H

#include "upstream/refused_operations.h"

struct refusals {
    struct {
        bool is_open;
        bool is_paced;      /* others are slowed down by the shared pace, not by permits */
        uint32_t operation; /* that was refused */
        int64_t asked_ms;
        int64_t expires_ms;
        int64_t next_ms;  /* when a call of another operation may go without a permit */
        unsigned permits; /* calls of other operations that may go before */
        int64_t granted;  /* tokens, to calls of other operations that were sent since */
    } question;
    int64_t all_refused_ms;    /* when the shared limit was last reached */
    int64_t all_until_ms;      /* until when that closed the budget */
    int64_t granted;           /* tokens, since another operation first lowered the shared pace */
    int64_t granted_others;    /* those of them that went to operations without a limit known to apply */
    uint32_t accepted;         /* the operation of the last call that was accepted */
    int64_t accepted_ms;       /* when; INT64_MIN: never */
    int64_t other_accepted_ms; /* when a call of any other operation was */
    struct refused_operations operations;
};

/* A refused call. */
struct refusal {
    uint32_t operation;
    int64_t sent_ms;
    int64_t until_ms; /* its operation, or the budget, is closed until then, or longer if it already is */
};

enum refusal_scope {
    REFUSAL_OF_ALL,   /* 2: close the budget */
    REFUSAL_OF_ONE,   /* 1, 3: nothing to be done */
    REFUSAL_OF_ALONE, /* 4: empty the buckets and lower the shared pace */
};

/* REFUSALS may be uninitialized. */
void refusals_init(struct refusals *refusals);

/* Takes note of a refusal and closes its operation; PACE is the shared one. LEARN: operations get paces. */
enum refusal_scope refusals_report(struct refusals *refusals, int64_t now_ms, const struct refusal *refusal,
                                   const struct pace *pace, bool learn);

/* A call that was sent at SENT_MS was accepted; PACE is the shared one, which may grow faster for it. */
void refusals_accepted(struct refusals *refusals, int64_t now_ms, uint32_t operation, unsigned cost,
                       int64_t sent_ms, struct pace *pace);

/* Whether calls of OPERATION need a permit now, until question.expires_ms at most; and when the next may go.
 */
bool refusals_needs_permit(const struct refusals *refusals, int64_t now_ms, uint32_t operation);
int64_t refusals_permit_ms(const struct refusals *refusals);

/* A call that may go is sent. */
void refusals_take(struct refusals *refusals, int64_t now_ms, uint32_t operation, unsigned cost);

/* When the operation in question opens, as long as no other was accepted; INT64_MIN: there is none. */
int64_t refusals_alone_until_ms(const struct refusals *refusals, int64_t now_ms);

/* Opens all operations at once. */
void refusals_open(struct refusals *refusals, int64_t now_ms);

#endif
