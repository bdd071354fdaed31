/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many calls the server accepts: its rate limit, configured or learned, and a bound on calls in flight.
 * One budget for all that is sent with one credential, because the server counts that together.
 *
 *     budget_take() -> the call is made -> budget_accepted() or budget_refused() -> budget_settle()
 *
 * The twin of the server's own buckets (bucket4j with greedy refill): each holds up to CAPACITY tokens, gets
 * CAPACITY of them back in SECONDS, evenly, and a call takes its cost from all of them or nothing from any.
 * The server takes a token at some time between the sending of a call and its answer. The twin therefore
 * reserves it when the call is sent, and takes it out, so that its refill begins, when the answer is there:
 * if the server's limit is configured and nothing else uses it, no call is refused, however long it takes.
 *
 * If the limit is not known, changes, or is used by others, too, a call is refused (429). refusals.h decides
 * whether that was the shared limit or of its operation, and closes the operation. The shared limit closes
 * the budget for all calls until a time, the twin goes on from empty buckets, and with learning it also sets
 * or lowers a pace (pace.h).
 *
 * Times are ms of the boot clock, given by the caller; the budget reads no clock. Not thread-safe: it belongs
 * to the thread of its upstream.
 */
#ifndef TB_UPSTREAM_BUDGET_H
#define TB_UPSTREAM_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "upstream/pace.h"
#include "upstream/rate_limit.h"
#include "upstream/refusals.h"

struct budget_options {
    struct rate_limit limit;
    bool learn;
    unsigned max_in_flight; /* calls at a time; at least 1 */
};

/* What the server counted for a call. */
enum budget_result {
    BUDGET_COUNTED,   /* it took its tokens, or may have */
    BUDGET_UNCOUNTED, /* it did not reach the server's limit: its tokens are available again at once */
    BUDGET_REFUSED,   /* 429: the same, but budget_refused() empties the buckets */
};

struct budget_bucket {
    struct rate_limit_pair limit;
    int64_t level; /* in units of 1 / (1000 * seconds) token, so that CAPACITY of them come back each ms */
};

struct budget {
    struct budget_options options;
    struct budget_bucket buckets[RATE_LIMIT_PAIRS_MAX];
    int64_t filled_ms;       /* the levels are those of this time */
    unsigned in_flight;      /* calls */
    unsigned free_in_flight; /* those of them that cost nothing */
    int64_t reserved;        /* tokens of the calls in flight; the levels still hold them */
    int64_t settling; /* tokens of calls answered at filled_ms; the levels hold them until the next ms */
    int64_t closed_until_ms;
    int64_t
        held_until_ms; /* until when a refusal holds all calls back, even if only one operation is closed */
    int64_t held_ms;   /* how long that was so, with what is still to come */
    struct pace pace;  /* the shared one */
    struct refusals refusals;
};

/* BUDGET may be uninitialized; the buckets are full. */
void budget_init(struct budget *budget, const struct budget_options *options, int64_t now_ms);

/* Changes the options of a budget in use. A pair that stays keeps its level; a new one begins full. Calls in
 * flight stay in flight, and what was learned is kept unless learning ends. */
void budget_configure(struct budget *budget, const struct budget_options *options, int64_t now_ms);

/* Reserves COST tokens and a place in flight for a call of OPERATION (any number that identifies it) that is
 * sent now. False: not now, and nothing is reserved; but the budget learns from it that more calls are
 * wanted, so try rather than ask budget_ready_ms() first. A call of COST 0 counts against no limit and
 * belongs to no operation: it only needs a place, and goes while the budget is closed; but half of the places
 * are kept from such calls, which may be long polls. */
bool budget_take(struct budget *budget, int64_t now_ms, uint32_t operation, unsigned cost);

/* When budget_take() can succeed at the earliest; INT64_MAX: not before a call in flight ends. For both, a
 * COST above a bucket's capacity counts as the capacity: such a call is sent when the bucket is full, or it
 * would never be sent. */
int64_t budget_ready_ms(const struct budget *budget, int64_t now_ms, uint32_t operation, unsigned cost);

/* The answer to a call has begun and goes on, perhaps for hours: the server has taken the tokens. From here
 * on the call is one of COST 0. */
void budget_answer_begun(struct budget *budget, int64_t now_ms, unsigned cost);

/* Ends what budget_take() began, with the same COST. Every call is settled once. */
void budget_settle(struct budget *budget, int64_t now_ms, unsigned cost, enum budget_result result);

/* The server accepted a call of OPERATION and COST that was sent at SENT_MS. Before or after budget_settle()
 * of that call, which counts its tokens for all; this counts them for its operation. */
void budget_accepted(struct budget *budget, int64_t now_ms, uint32_t operation, unsigned cost,
                     int64_t sent_ms);

/* A call was refused: closes its operation, or all calls that cost something. Before or after budget_settle()
 * of that call. */
void budget_refused(struct budget *budget, int64_t now_ms, const struct refusal *refusal);

/* Ends all closings before their time. */
void budget_open(struct budget *budget, int64_t now_ms);

/* For how many ms nothing is sent, because all is closed, or the only operation in use is. */
int64_t budget_closed_ms(const struct budget *budget, int64_t now_ms);

/* For how many ms nothing was sent so far, because all was closed, or the only operation in use was. */
int64_t budget_was_closed_ms(const struct budget *budget, int64_t now_ms);

/* The learned shared pace, tokens a second; 0: none. */
double budget_pace(const struct budget *budget);

/* What a status page shows. */
struct budget_state {
    const struct rate_limit *limit; /* until the next budget_configure() */
    bool learn;
    double pace;       /* as budget_pace() */
    int64_t closed_ms; /* as budget_closed_ms() */
    unsigned in_flight, max_in_flight;
};

struct budget_state budget_state(const struct budget *budget, int64_t now_ms);

/* Iterates over the operations that are closed now, or have a pace of their own. NULL starts and ends it. */
const struct refused_operation *budget_next_refused(const struct budget *budget, int64_t now_ms,
                                                    const struct refused_operation *previous);

/* Tokens that the bucket INDEX of the configured limit has left for new calls now; at least 0. */
double budget_tokens(const struct budget *budget, int64_t now_ms, size_t index);

#endif
