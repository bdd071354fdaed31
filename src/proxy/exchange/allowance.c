/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/allowance.h"

#include <stdlib.h>
#include <string.h>

struct allowance *allowance_get(struct list *list, const struct policy_bounds *bounds)
{
    struct allowance *allowance;
    size_t size;

    list_for_each(allowance, list, link)
        if (strcmp(allowance->name, bounds->name) == 0)
            return allowance;
    size = strlen(bounds->name) + 1;
    allowance = calloc(1, sizeof(*allowance) + size);
    if (!allowance)
        return NULL;
    memcpy(allowance->name, bounds->name, size);
    allowance->bounds = bounds;
    list_append(list, &allowance->link);
    return allowance;
}

bool allowance_lacks(const struct allowance *allowance, enum policy_bound_kind kind,
                     char ret[POLICY_BOUND_NAME_MAX])
{
    if (allowance_has(allowance, kind))
        return false;
    policy_bound_print(allowance->bounds, kind, ret);
    return true;
}

bool allowance_is_unused(const struct allowance *allowance, int64_t now_ms)
{
    size_t i;

    for (i = 0; i < POLICY_BOUNDS; i++)
        if (allowance->used[i] > 0)
            return false;
    return bucket_is_full(&allowance->bucket, now_ms);
}

static int64_t token_ready_ms(const struct allowance *allowance, int64_t now_ms)
{
    unsigned rate = allowance_max(allowance, POLICY_REQUESTS_PER_SECOND);

    return rate == UINT_MAX ? now_ms : bucket_ready_ms(&allowance->bucket, now_ms, rate, rate);
}

int64_t allowance_request_ready_ms(const struct allowance *allowance, int64_t now_ms)
{
    if (!allowance)
        return now_ms;
    return allowance_has(allowance, POLICY_MAX_REQUESTS) ? token_ready_ms(allowance, now_ms) : INT64_MAX;
}

void allowance_take_request(struct allowance *allowance, int64_t now_ms)
{
    unsigned rate;

    if (!allowance)
        return;
    rate = allowance_max(allowance, POLICY_REQUESTS_PER_SECOND);
    allowance_take(allowance, POLICY_MAX_REQUESTS);
    if (rate != UINT_MAX)
        bucket_take(&allowance->bucket, now_ms, rate);
}

void allowance_holds_request(const struct allowance *allowance, int64_t now_ms,
                             char ret[POLICY_BOUND_NAME_MAX])
{
    *ret = '\0';
    if (allowance_request_ready_ms(allowance, now_ms) > now_ms)
        policy_bound_print(allowance->bounds,
                           allowance_has(allowance, POLICY_MAX_REQUESTS) ? POLICY_REQUESTS_PER_SECOND
                                                                         : POLICY_MAX_REQUESTS,
                           ret);
}
