/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session_delays.h"

#define OFFLINE_MAX_MS      30000
#define RATE_LIMITED_MAX_MS 3600000 /* one odd answer does not end all logins */
#define LOCKED_OUT_MIN_MS   15000
#define LOCKED_OUT_MAX_MS   3600000
#define HOLD_MIN_MS         1000
#define HOLD_MAX_MS         60000

/* What a token's rounding and the call that renews it may take of its life. */
#define RENEWAL_MARGIN_MS 1500

static int64_t doubled(int64_t delay_ms, unsigned times, int64_t max_ms)
{
    while (times-- > 0 && delay_ms < max_ms)
        delay_ms *= 2;
    return delay_ms < max_ms ? delay_ms : max_ms;
}

/* JWT times are whole seconds, so a token may end up to one second before its life, counted from its receipt,
 * is over, and the renewal takes its time: renew when 80 % have passed, or RENEWAL_MARGIN_MS before the end
 * if that is sooner. */
int64_t session_renewal_delay_ms(int64_t life_ms)
{
    int64_t delay = life_ms / 10 * 8;

    if (delay > life_ms - RENEWAL_MARGIN_MS)
        delay = life_ms - RENEWAL_MARGIN_MS;
    if (delay < life_ms / 4)
        delay = life_ms / 4;
    return delay > SESSION_RENEWAL_MIN_MS ? delay : SESSION_RENEWAL_MIN_MS;
}

int64_t session_offline_delay_ms(unsigned outages)
{
    return doubled(SESSION_OFFLINE_MIN_MS, outages, OFFLINE_MAX_MS);
}

int64_t session_locked_out_delay_ms(unsigned refusals)
{
    return doubled(LOCKED_OUT_MIN_MS, refusals, LOCKED_OUT_MAX_MS);
}

/* Only with these two does Retry-After ask for a wait (RFC 9110, section 10.2.3), and a 503 may come from
 * a proxy in front of the server. */
int64_t session_retry_after_ms(int status, int64_t retry_after_ms)
{
    int64_t max_ms = status == 429 ? RATE_LIMITED_MAX_MS : status == 503 ? OFFLINE_MAX_MS : -1;

    return retry_after_ms < max_ms ? retry_after_ms : max_ms;
}

void session_hold_begin(struct session_hold *hold, int64_t now_ms)
{
    bool again = hold->delay_ms > 0 && now_ms - hold->until_ms < HOLD_MAX_MS;

    hold->delay_ms = again ? doubled(hold->delay_ms, 1, HOLD_MAX_MS) : HOLD_MIN_MS;
    hold->until_ms = now_ms + hold->delay_ms;
}
