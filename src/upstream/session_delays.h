/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a session waits: before it renews a token, and after a call that failed. All times are ms.
 */
#ifndef TB_UPSTREAM_SESSION_DELAYS_H
#define TB_UPSTREAM_SESSION_DELAYS_H

#include <stdbool.h>
#include <stdint.h>

/* A server that does not answer is not asked more often, even if requests want it. */
#define SESSION_OFFLINE_MIN_MS 1000

/* How often files are looked at for another secret while the session is locked out. */
#define SESSION_LOOK_MS 2000

/* A token is used at least this long, however short its life is said to be. */
#define SESSION_RENEWAL_MIN_MS 500

/* From the receipt of a token that lives LIFE_MS to its renewal. */
int64_t session_renewal_delay_ms(int64_t life_ms);

/* After OUTAGES earlier ones in a row: 1, 2, 4 ... 30 s. */
int64_t session_offline_delay_ms(unsigned outages);

/* After REFUSALS earlier ones in a row: 15 s, 30 s, 1, 2, 4 ... 60 min. ThingsBoard can lock an account after
 * failed logins. */
int64_t session_locked_out_delay_ms(unsigned refusals);

/* What of RETRY_AFTER_MS is obeyed in an answer of STATUS; -1: nothing. */
int64_t session_retry_after_ms(int status, int64_t retry_after_ms);

/* A time without renewals for refused requests, because they did not help: 1, 2, 4 ... 60 s. */
struct session_hold {
    int64_t delay_ms; /* the last one; 0: none yet */
    int64_t until_ms; /* boot clock; INT64_MIN / 2 before the first */
};

void session_hold_begin(struct session_hold *hold, int64_t now_ms);

#endif
