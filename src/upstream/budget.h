/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many calls the server takes: its rate limit, configured or learned, and a bound on calls in flight. One
 * budget for everything that is sent with one credential, because the server counts that together.
 *
 *     budget_take() -> the call is made -> budget_accepted() or budget_refused() -> budget_settle()
 *
 * The twin of the server's own buckets (bucket4j with greedy refill): each holds up to CAPACITY tokens, gets
 * CAPACITY of them back in SECONDS, evenly, and a call takes its cost from all of them or nothing from any.
 * The server takes a token at some time between the sending of a call and its answer. The twin therefore sets
 * it aside when the call is sent, and takes it out, so that its refill begins, when the answer is there: with
 * the server's limit configured, and nobody else using it up, no call is refused, however long it takes.
 *
 * Where the limit is not known, or changes, or others use it up too, a call is refused (429). refusals.h
 * tells whether that is the limit of all or of its operation, and closes the operation. The limit of all
 * closes the budget until a time for all calls at once, the twin goes on from empty buckets, and with
 * learning it also sets or lowers a pace (pace.h).
 *
 * Times are ms of the boot clock, given by the caller; the budget knows no clock of its own. Not thread-safe:
 * it belongs to the thread of its upstream.
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

/* What came of a call, as far as the server's count goes. */
enum budget_result {
    BUDGET_COUNTED,   /* it took its tokens, or may have */
    BUDGET_UNCOUNTED, /* it never got as far as the server's limit: its tokens are there again at once */
    BUDGET_REFUSED,   /* 429: likewise, but budget_refused() says that there are none */
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
    struct pace pace; /* of all */
    struct refusals refusals;
};

/* BUDGET is any memory; the buckets are full. */
void budget_init(struct budget *budget, const struct budget_options *options, int64_t now_ms);

/* Other options for a budget in use. A pair that stays keeps its level; a new one begins full. Calls in
 * flight stay so, and so does what was learned, unless learning ends. */
void budget_configure(struct budget *budget, const struct budget_options *options, int64_t now_ms);

/* Sets aside COST tokens and a place in flight for a call of OPERATION, any number that stands for it, that
 * is sent now. False: not now, and nothing is taken; but the budget learns from it that more calls are
 * wanted, so try rather than ask budget_ready_ms() first. A call of COST 0 counts against no limit and
 * belongs to no operation: it needs a place only, and goes while the budget is closed; but half of the places
 * are not for such calls, which may be long polls. */
bool budget_take(struct budget *budget, int64_t now_ms, uint32_t operation, unsigned cost);

/* When budget_take() can succeed at the earliest; INT64_MAX: not before a call in flight has ended. A COST
 * above a bucket's capacity counts as the capacity, here and there: such a call is sent with a full bucket,
 * because it would never be sent otherwise. */
int64_t budget_ready_ms(const struct budget *budget, int64_t now_ms, uint32_t operation, unsigned cost);

/* The answer to a call has begun and goes on, perhaps for hours: the server has taken the tokens. From here
 * on the call is one of COST 0. */
void budget_answer_begun(struct budget *budget, int64_t now_ms, unsigned cost);

/* Ends what budget_take() began, with the same COST. Every call is settled once. */
void budget_settle(struct budget *budget, int64_t now_ms, unsigned cost, enum budget_result result);

/* The server did what a call of OPERATION and COST, sent at SENT_MS, asked for. Before or after
 * budget_settle() of that call, which counts its tokens for all; this counts them for its operation. */
void budget_accepted(struct budget *budget, int64_t now_ms, uint32_t operation, unsigned cost,
                     int64_t sent_ms);

/* A call was refused: its operation, or all that count, are closed. Before or after budget_settle() of that
 * call. */
void budget_refused(struct budget *budget, int64_t now_ms, const struct refusal *refusal);

/* Ends all closings before their time. */
void budget_open(struct budget *budget, int64_t now_ms);

/* For how many ms nothing is sent, because all is closed, or all that was wanted lately. */
int64_t budget_closed_ms(const struct budget *budget, int64_t now_ms);

/* The learned pace of all, tokens a second; 0: none. */
double budget_pace(const struct budget *budget);

/* Tokens that the bucket INDEX of the configured limit has left for new calls now; at least 0. */
double budget_tokens(const struct budget *budget, int64_t now_ms, size_t index);

#endif
