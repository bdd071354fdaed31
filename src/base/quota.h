/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A limit on what several users hold together: bytes, connections, ...
 *
 * A quota can be shared by parts, one for each user, of which each may have MAX, and all together a third
 * more, rounded down. A part gets more only while it holds less than three times what is free, and the last
 * eighth of all goes to parts that hold nothing. So one that is alone can have all of MAX. What is left for
 * those who come later is bounded: beside one that holds as much as it can there is always something, unless
 * MAX is 1 or 2; beside several, there is until the last eighth has been given to as many parts.
 */
#ifndef TB_BASE_QUOTA_H
#define TB_BASE_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct quota {
    size_t used;
    size_t max;          /* of a part, not used: that of the whole counts */
    struct quota *whole; /* it is a part of this one; NULL: it is none */
};

/* What all parts together may have, if one may have MAX. */
static inline size_t quota_total(size_t max)
{
    return max > SIZE_MAX - max / 3 ? SIZE_MAX : max + max / 3;
}

/* The most that one may have, if all together may have TOTAL: the inverse. */
static inline size_t quota_part(size_t total)
{
    return total / 4 * 3 + (total % 4 < 3 ? total % 4 : 2);
}

/* Whether a part that holds HELD may get BYTES more, if each may have MAX and all together hold ALL. */
static inline bool quota_allows(size_t max, size_t held, size_t all, size_t bytes)
{
    size_t total = quota_total(max), left = all < total ? total - all : 0;
    size_t kept = held > 0 ? total / 8 : 0;

    return bytes == 0 ||
           (held <= max && bytes <= max - held && left > kept && bytes <= left - kept && held / 3 < left);
}

/* Takes BYTES. False: fewer are left, and none are taken. */
static inline bool quota_take(struct quota *quota, size_t bytes)
{
    if (quota->whole ? !quota_allows(quota->whole->max, quota->used, quota->whole->used, bytes)
                     : quota->used > quota->max || bytes > quota->max - quota->used)
        return false;
    quota->used += bytes;
    if (quota->whole)
        quota->whole->used += bytes;
    return true;
}

/* Takes BYTES that are in memory already, even if they are more than are left. */
static inline void quota_add(struct quota *quota, size_t bytes)
{
    quota->used += bytes;
    if (quota->whole)
        quota->whole->used += bytes;
}

static inline void quota_give_back(struct quota *quota, size_t bytes)
{
    quota->used -= bytes;
    if (quota->whole)
        quota->whole->used -= bytes;
}

#endif
