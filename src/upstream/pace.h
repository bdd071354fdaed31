/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rate in tokens a second that is learned from refusals, for a server whose limit is not known.
 *
 * A refusal lowers it, never below half a token a second. Refusals of calls that were sent before the pace
 * was lowered do not lower it again.
 * - The first refusal sets it to 70 % of the rate that the server granted in the last second or so.
 * - If that rate and the calls in flight are less than 5 tokens, no pace is set yet. A later refusal within a
 *   minute sets it to 70 % of the rate granted since the first, once 5 tokens were granted. So an occasional
 *   refusal of a client that sends little sets no pace.
 * - Each further refusal lowers it to 70 % of itself.
 *
 * It rises for each second in which the pace, and nothing else, held a call back, by
 * - 0.5 % of the rate that was refused last, until that is reached again after a minute;
 * - 5 % of itself beyond that, because the limit has risen;
 * - 10 % of itself after the first refusal, which was a guess, and beyond twice the rate that was refused;
 * - 25 % of itself if another limit had caused the refusal.
 *
 * It is forgotten when it has held nothing back for 10 minutes.
 *
 * Times are ms of the boot clock, given by the caller. Not thread-safe.
 */
#ifndef TB_UPSTREAM_PACE_H
#define TB_UPSTREAM_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_MILLI       1000                      /* the unit of a rate */
#define PACE_KEPT_MS     (INT64_C(10) * 60 * 1000) /* without holding anything back */
#define PACE_EVIDENCE_MS (INT64_C(60) * 1000)      /* refusals within it are evaluated together */

/* A bucket that holds what comes back in one second, at least two tokens, so that no call is too large. */
struct pace {
    int64_t rate;           /* thousandths of a token a second; 0: none */
    int64_t ceiling;        /* the rate that was refused last; 0: that was only a guess */
    int64_t level;          /* in millionths of a token, so that RATE of them come back each ms */
    int64_t filled_ms;      /* the level is that of this time; in the future while closed */
    int64_t held_ms;        /* when the pace last grew for a call that it held back, or will be open again */
    int64_t decreased_ms;   /* when it last went down */
    int64_t granted;        /* tokens that the server granted since counted_ms */
    int64_t counted_ms;     /* at most a second ago while calls are answered */
    int64_t granted_before; /* the rate in the second or more before that, as RATE */
    int64_t refused_ms;     /* the first refusal within a minute that set no pace */
    int64_t granted_since;  /* tokens, since then */
    bool is_doubted;        /* it went down without reason, and grows fast until it goes down again */
};

/* PACE may be uninitialized; there is no pace. */
void pace_init(struct pace *pace, int64_t now_ms);

/* Brings it up to NOW_MS; the functions below expect that. */
void pace_refill(struct pace *pace, int64_t now_ms);

/* Whether a call of COST may go now. */
bool pace_allows(const struct pace *pace, unsigned cost);

/* When it may go; NOW_MS if at once. */
int64_t pace_ready_ms(const struct pace *pace, int64_t now_ms, unsigned cost);

/* A call that pace_allows() is sent, or was not sent after all. */
void pace_take(struct pace *pace, unsigned cost);
void pace_give_back(struct pace *pace, unsigned cost);

/* A call is held back by the pace and by nothing else. */
void pace_grow(struct pace *pace, int64_t now_ms);

/* The server granted TOKENS. */
void pace_count(struct pace *pace, int64_t now_ms, unsigned tokens);

/* A call that was sent at SENT_MS was refused while calls of IN_FLIGHT tokens were under way, and nothing is
 * sent before OPEN_MS: the pace goes down, unless it has gone down since SENT_MS, and begins with one token.
 */
void pace_refuse(struct pace *pace, int64_t now_ms, int64_t sent_ms, int64_t open_ms, int64_t in_flight);

/* Another limit caused the refusal; RATE was granted in the meantime. */
void pace_doubt(struct pace *pace, int64_t rate);

/* Sending goes on before the time given to pace_refuse(). */
void pace_open(struct pace *pace, int64_t now_ms);

/* The rate in tokens a second; 0: none. */
static inline double pace_tokens_per_s(const struct pace *pace)
{
    return (double)pace->rate / PACE_MILLI;
}

#endif
