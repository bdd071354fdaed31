/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a request that was refused with 429 is retried, and how long to wait before that. The rule and its
 * defaults are those of ThingsBoard's official clients.
 */
#ifndef TB_UPSTREAM_RETRY_H
#define TB_UPSTREAM_RETRY_H

#include <stdbool.h>
#include <stdint.h>
#include <tbclient/table.h>

struct retry_options {
    bool off;
    unsigned max_retries;
    int64_t initial_delay_ms;
    int64_t max_delay_ms;
    bool unsafe; /* also retry what may act twice */
};

/* Why an answer of 429 was not retried. */
enum retry_refusal {
    RETRY_NOT_REFUSED,
    RETRY_IS_OFF,
    RETRY_ENOUGH,         /* max_retries */
    RETRY_UNSAFE,         /* the server may have executed it */
    RETRY_UNSTAMPED,      /* the server may have stored it, and it could not be given a time */
    RETRY_BODY_IS_GONE,   /* it was handed on as it came */
    RETRY_LATER_THAN_MAX, /* Retry-After is longer than max_delay_ms */
};

/* Whether a request of the kind RETRY that was retried RETRIES times may be retried once more, or why not.
 * STAMPED: each of its telemetry values has a time. */
enum retry_refusal retry_check(const struct retry_options *options, enum tb_retry retry, unsigned retries,
                               bool stamped);

/* Any number, for jitter. */
uint32_t retry_random(void);

/* How long to wait before retry number ATTEMPT, with random jitter: retry_backoff_ms(). */
int64_t retry_delay_ms(const struct retry_options *options, unsigned attempt, int64_t retry_after);

/*
 * Milliseconds to wait before retry number ATTEMPT (1 for the first): INITIAL_MS doubled with every attempt,
 * plus or minus 20 %, never more than MAX_MS. RETRY_AFTER, what the server asked for in ms (0 or less:
 * nothing; gateways round down to 0), takes precedence as it is; if it is more than MAX_MS, -1 is returned: a
 * retry before that would disobey, so the caller gives up. RANDOM is any number, evenly distributed; it makes
 * the jitter.
 */
int64_t retry_backoff_ms(unsigned attempt, int64_t initial_ms, int64_t max_ms, int64_t retry_after,
                         uint32_t random);

/* The value of a Retry-After header (RFC 9110, section 10.2.3) in ms, at most a day: seconds, or a date,
 * which is compared with the server's time SERVER_NOW_MS. -1: VALUE is neither. */
int64_t retry_after_ms(const char *value, int64_t server_now_ms);

#endif
