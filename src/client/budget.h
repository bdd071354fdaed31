/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many calls the server takes: its rate limit, configured or learned, and a bound on calls in flight. One
 * budget for everything that is sent with one credential, because the server counts that together.
 *
 *     budget_take() -> the call is made -> budget_settle()
 *
 * The twin of the server's own buckets (bucket4j with greedy refill): each holds up to CAPACITY tokens, gets
 * CAPACITY of them back in SECONDS, evenly, and a call takes its cost from all of them or nothing from any.
 * The server takes a token at some time between the sending of a call and its answer. The twin therefore sets
 * it aside when the call is sent, and takes it out, so that its refill begins, when the answer is there: with
 * the server's limit configured, and nobody else using it up, no call is refused, however long it takes.
 *
 * Where the limit is not known, or changes, or others use it up too, a call is refused (429). That closes the
 * budget until a time, for all calls at once, and the twin goes on from empty buckets. With learning, it also
 * sets a pace:
 *
 * - down: to 70 % of itself, or the first time, of the rate that the server granted in the last second or so.
 *   Where that and the calls in flight were less than 5 tokens, to 70 % of what it granted since the first
 *   refusal within a minute, as soon as that are 5: a refusal now and then of somebody who sends little sets
 *   none. Not below half a token a second. Once for all calls that were sent before.
 * - up: for each second in which the pace, and nothing else, held a call back: by 0.5 % of the pace that was
 *   refused, so that this is reached again after a minute; beyond it, because the limit has risen, by 5 % of
 *   itself; by a tenth of itself where nothing better is known: after the first refusal, which was a guess,
 *   and beyond twice the pace that was refused.
 * - forgotten, when it has held nothing back for 10 minutes.
 *
 * Times are ms of the boot clock, given by the caller; the budget knows no clock of its own. Not thread-safe:
 * it belongs to the thread of its upstream.
 */
#ifndef TB_CLIENT_BUDGET_H
#define TB_CLIENT_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/limit.h"

struct budget_options {
    struct limit limit;
    bool learn;
    unsigned max_in_flight; /* calls at a time; at least 1 */
};

/* What came of a call, as far as the server's count goes. */
enum budget_result {
    BUDGET_COUNTED,   /* it took its tokens, or may have */
    BUDGET_UNCOUNTED, /* it never got as far as the server's limit: its tokens are there again at once */
    BUDGET_REFUSED,   /* 429: likewise, but budget_close() says that there are none */
};

struct budget_bucket {
    struct limit_pair limit;
    int64_t level; /* in units of 1 / (1000 * seconds) token, so that CAPACITY of them come back each ms */
};

/* The pace is a bucket of one second's worth, but of two tokens at least, so that no call is too large. */
struct budget_learning {
    int64_t pace;           /* thousandths of a token a second; 0: none */
    int64_t ceiling;        /* the pace that was refused last; 0: only a guess was */
    int64_t level;          /* in millionths of a token, so that PACE of them come back each ms */
    int64_t filled_ms;      /* the level is that of this time; in the future while closed */
    int64_t held_ms;        /* when the pace last grew for a call that it held back, or will be open again */
    int64_t decreased_ms;   /* when it last went down */
    int64_t granted;        /* tokens that the server granted since counted_ms */
    int64_t counted_ms;     /* at most a second ago while calls are answered */
    int64_t granted_before; /* the rate in the second or more before that, as the pace */
    int64_t refused_ms;     /* the first refusal of the last minute that set no pace */
    int64_t granted_since;  /* tokens, since then */
};

struct budget {
    struct budget_options options;
    struct budget_bucket buckets[LIMIT_PAIRS_MAX];
    int64_t filled_ms;       /* the levels are those of this time */
    unsigned in_flight;      /* calls */
    unsigned free_in_flight; /* those of them that cost nothing */
    int64_t reserved;        /* tokens of the calls in flight; the levels still hold them */
    int64_t settling; /* tokens of calls answered at filled_ms; the levels hold them until the next ms */
    int64_t closed_until_ms;
    struct budget_learning learning;
};

/* BUDGET is any memory; the buckets are full. */
void budget_init(struct budget *budget, const struct budget_options *options, int64_t now_ms);

/* Other options for a budget in use. A pair that stays keeps its level; a new one begins full. Calls in
 * flight stay so, and so does the pace unless learning ends. */
void budget_configure(struct budget *budget, const struct budget_options *options, int64_t now_ms);

/* Sets aside COST tokens and a place in flight for a call that is sent now. False: not now, and nothing is
 * taken; but the budget learns from it that more calls are wanted, so try rather than ask budget_ready_ms()
 * first. A call of COST 0 counts against no limit: it needs a place only, and goes while the budget is
 * closed; but half of the places are not for such calls, which may be long polls. */
bool budget_take(struct budget *budget, int64_t now_ms, unsigned cost);

/* When budget_take() of COST can succeed at the earliest; INT64_MAX: not before a call in flight has ended. A
 * COST above a bucket's capacity counts as the capacity, here and there: such a call is sent with a full
 * bucket, because it would never be sent otherwise. */
int64_t budget_ready_ms(const struct budget *budget, int64_t now_ms, unsigned cost);

/* The answer to a call has begun and goes on, perhaps for hours: the server has taken the tokens. From here
 * on the call is one of COST 0. */
void budget_answer_begun(struct budget *budget, int64_t now_ms, unsigned cost);

/* Ends what budget_take() began, with the same COST. Every call is settled once. */
void budget_settle(struct budget *budget, int64_t now_ms, unsigned cost, enum budget_result result);

/* A call that was sent at SENT_MS was refused: nothing that counts is sent before UNTIL_MS (or later, where
 * it is closed for longer already), the buckets are empty, and the pace goes down, unless it has gone down
 * since SENT_MS. Before or after budget_settle() of that call. */
void budget_close(struct budget *budget, int64_t now_ms, int64_t sent_ms, int64_t until_ms);

/* Ends a closing before its time. */
void budget_open(struct budget *budget, int64_t now_ms);

/* The learned pace, tokens a second; 0: none. */
double budget_pace(const struct budget *budget);

/* Tokens that the bucket INDEX of the configured limit has left for new calls now; at least 0. */
double budget_tokens(const struct budget *budget, int64_t now_ms, size_t index);

#endif
