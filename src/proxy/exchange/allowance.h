/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a principal holds under one policy, if that sets bounds to each of its users. It lives as long as its
 * principal. A reload may change the numbers; what is held then stays held.
 */
#ifndef TB_PROXY_EXCHANGE_ALLOWANCE_H
#define TB_PROXY_EXCHANGE_ALLOWANCE_H

#include <limits.h>

#include "base/bucket.h"
#include "base/list.h"
#include "proxy/policy/policies.h"

struct allowance {
    struct list link;                   /* in principal->allowances */
    const struct policy_bounds *bounds; /* in the configuration; NULL: none any more */
    unsigned used[POLICY_BOUNDS];
    struct bucket bucket; /* of POLICY_REQUESTS_PER_SECOND */
    char name[];          /* of the bounds */
};

/* The one in LIST that has the name of BOUNDS, which is added if there is none. NULL: there is no memory. */
struct allowance *allowance_get(struct list *list, const struct policy_bounds *bounds);

/* Whether nothing is held, and the bucket is full. */
bool allowance_is_unused(const struct allowance *allowance, int64_t now_ms);

/* UINT_MAX: any number. */
static inline unsigned allowance_max(const struct allowance *allowance, enum policy_bound_kind kind)
{
    const struct policy_bounds *bounds = allowance->bounds;

    return bounds && bounds->list[kind].policy ? bounds->list[kind].max : UINT_MAX;
}

/* The functions below take NULL for a principal without bounds. */

/* Whether there is another of KIND, which is a number of things. */
static inline bool allowance_has(const struct allowance *allowance, enum policy_bound_kind kind)
{
    return !allowance || allowance->used[kind] < allowance_max(allowance, kind);
}

/* Whether there is none: sets RET to the name of the bound. */
bool allowance_lacks(const struct allowance *allowance, enum policy_bound_kind kind,
                     char ret[POLICY_BOUND_NAME_MAX]);

static inline void allowance_take(struct allowance *allowance, enum policy_bound_kind kind)
{
    if (allowance)
        allowance->used[kind]++;
}

static inline void allowance_give_back(struct allowance *allowance, enum policy_bound_kind kind)
{
    if (allowance)
        allowance->used[kind]--;
}

/* When a request may be sent; INT64_MAX: not before another has ended. */
int64_t allowance_request_ready_ms(const struct allowance *allowance, int64_t now_ms);

/* A request is sent. It ends with allowance_give_back(POLICY_MAX_REQUESTS). */
void allowance_take_request(struct allowance *allowance, int64_t now_ms);

/* Which bound holds a request back now: sets RET to its name; "": none does. */
void allowance_holds_request(const struct allowance *allowance, int64_t now_ms,
                             char ret[POLICY_BOUND_NAME_MAX]);

#endif
