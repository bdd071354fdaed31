/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/retry.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/loop.h"
#include "http/headers.h"

#define RETRY_AFTER_MAX_MS (INT64_C(86400) * 1000)

enum retry_refusal retry_check(const struct retry_options *options, enum tb_retry retry, unsigned retries,
                               bool stamped)
{
    if (options->off)
        return RETRY_IS_OFF;
    if (retries >= options->max_retries)
        return RETRY_ENOUGH;
    if (retry == TB_RETRY_NEVER && !options->unsafe)
        return RETRY_UNSAFE;
    if (retry == TB_RETRY_STAMPED && !stamped)
        return RETRY_UNSTAMPED;
    return RETRY_NOT_REFUSED;
}

uint32_t retry_random(void)
{
    uint32_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random = (uint32_t)clock_boot_ms(); /* early after the boot; jitter need not be secret */
    return random;
}

int64_t retry_delay_ms(const struct retry_options *options, unsigned attempt, int64_t retry_after)
{
    return retry_backoff_ms(attempt, options->initial_delay_ms, options->max_delay_ms, retry_after,
                            retry_random());
}

int64_t retry_backoff_ms(unsigned attempt, int64_t initial_ms, int64_t max_ms, int64_t retry_after,
                         uint32_t random)
{
    int64_t delay = initial_ms;
    int64_t jitter;

    if (retry_after > 0)
        return retry_after <= max_ms ? retry_after : -1;
    while (attempt > 1 && delay < max_ms) {
        delay *= 2;
        attempt--;
    }
    if (delay > max_ms)
        delay = max_ms;
    jitter = delay * (int64_t)(random % 401) / 1000 - delay / 5; /* -20 % to +20 % in steps of 0.1 % */
    delay += jitter;
    return delay < max_ms ? delay : max_ms;
}

int64_t retry_after_ms(const char *value, int64_t server_now_ms)
{
    int64_t wait;

    if (isdigit((unsigned char)*value)) {
        char *end;
        unsigned long seconds = strtoul(value, &end, 10);

        if (*end != '\0')
            return -1;
        wait = seconds < RETRY_AFTER_MAX_MS / 1000 ? (int64_t)seconds * 1000 : RETRY_AFTER_MAX_MS;
    } else {
        int64_t date_s = header_date_s(value);

        if (date_s < 0)
            return -1;
        wait = date_s * 1000 - server_now_ms;
    }
    if (wait < 0)
        return 0;
    return wait < RETRY_AFTER_MAX_MS ? wait : RETRY_AFTER_MAX_MS;
}
