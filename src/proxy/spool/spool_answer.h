/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server's answer to rows of the spool means for them. Decides only; no I/O.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_ANSWER_H
#define TB_PROXY_SPOOL_SPOOL_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "upstream/request.h"

/* A row that gets 500 is refused after so many attempts in so much time: the server may have been ill. */
#define SPOOL_ATTEMPTS_MAX    5
#define SPOOL_ATTEMPTS_MIN_MS INT64_C(600000)

enum spool_verdict {
    SPOOL_IS_DELIVERED,
    SPOOL_SERVER_IS_AWAY,  /* nothing was said of the rows: no connection, no session, 408, 502, ... */
    SPOOL_RATE_LIMITED,    /* 429 */
    SPOOL_IS_DOUBTED,      /* 401: the rows, or the credential; nothing is counted */
    SPOOL_HAS_FAILED,      /* 500 and the like: an attempt that counts */
    SPOOL_IS_REFUSED,      /* one of the rows, or more */
    SPOOL_ALL_ARE_REFUSED, /* whatever is in them: no such entity, or no permission; those of one user */
};

/* A call that has ended, and its first row. */
struct spool_ended_call {
    enum request_outcome outcome;
    int status;               /* if REQUEST_ANSWERED */
    bool is_page;             /* the answer is for people: the server has no pages at such paths */
    int attempts;             /* of the row that count, without this one */
    int64_t first_attempt_ms; /* the first of these */
    int64_t now_ms;           /* by the same clock */
    bool credential_passes;   /* since the row's last 401, the server has accepted another call with it */
};

enum spool_verdict spool_answer_judge(const struct spool_ended_call *call);

/* How long the entity rests after its rows have got 500 ATTEMPTS times, or 401: random, longer each time, at
 * most five minutes. */
int64_t spool_answer_rest_ms(int attempts);

#endif
