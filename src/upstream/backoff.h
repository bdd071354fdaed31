/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long to wait before a request is retried after a 429. The rule and its defaults are those of
 * ThingsBoard's official clients.
 */
#ifndef TB_UPSTREAM_BACKOFF_H
#define TB_UPSTREAM_BACKOFF_H

#include <stdint.h>

/*
 * Milliseconds to wait before retry number ATTEMPT (1 for the first): INITIAL_MS doubled with every attempt,
 * plus or minus 20 %, never more than MAX_MS. RETRY_AFTER, what the server asked for in ms, wins as it is; -1
 * where it asked for nothing. -1 where it asked for more than MAX_MS: repeating earlier would disobey, so the
 * caller gives up. RANDOM is any number, evenly distributed; it makes the jitter.
 */
int64_t backoff_delay_ms(unsigned attempt, int64_t initial_ms, int64_t max_ms, int64_t retry_after,
                         uint32_t random);

/* The value of a Retry-After header (RFC 9110, section 10.2.3) in ms: seconds, or a date compared with the
 * server's time SERVER_NOW_MS; at most a day; -1 where VALUE is neither. */
int64_t retry_after_ms(const char *value, int64_t server_now_ms);

#endif
