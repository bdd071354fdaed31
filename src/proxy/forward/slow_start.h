/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many calls the queue may send while the server is away, and after its return: none, then one at a time,
 * and one more for each that is answered, so that their number doubles with each round (as TCP does it, RFC
 * 5681, section 3.1). It also doubles every 250 ms, because the first call may be a long one. At 128 calls
 * at a time it is over. An outage of less than 1 s has no slow start.
 *
 * A state machine that does no I/O. Times are ms of the boot clock, given by the caller. Must be zeroed.
 */
#ifndef TB_PROXY_FORWARD_SLOW_START_H
#define TB_PROXY_FORWARD_SLOW_START_H

#include <stdbool.h>
#include <stdint.h>

#define SLOW_START_MAX       128
#define SLOW_START_STEP_MS   250
#define SLOW_START_OUTAGE_MS 1000

struct slow_start {
    bool is_closed;
    bool is_slow;
    int64_t since_ms;   /* closed or slow */
    int64_t away_ms;    /* closed: since when nothing was answered */
    uint64_t number;    /* of returns */
    unsigned window;    /* calls at a time, as answers have widened it */
    unsigned under_way; /* sent since the last return */
};

/* The server is away. Harmless if that is known. */
void slow_start_close(struct slow_start *start, int64_t now_ms);

/* It is back. Harmless if it was not away. */
void slow_start_open(struct slow_start *start, int64_t now_ms);

/* Whether a call may be sent now. */
bool slow_start_allows(struct slow_start *start, int64_t now_ms);

/* When that changes by itself; INT64_MAX: it does not. */
int64_t slow_start_ready_ms(const struct slow_start *start, int64_t now_ms);

/* A call is sent. Returns a number for slow_start_ended(), never 0. */
uint64_t slow_start_sent(struct slow_start *start);

/* It has ended, or needs no place any more; ANSWERED: with an answer of the server. NUMBER 0: ignored. */
void slow_start_ended(struct slow_start *start, uint64_t number, bool answered);

#endif
