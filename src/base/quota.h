/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A limit on the bytes that several users hold together.
 */
#ifndef TB_BASE_QUOTA_H
#define TB_BASE_QUOTA_H

#include <stdbool.h>
#include <stddef.h>

struct quota {
    size_t used;
    size_t max;
};

/* Takes BYTES. False: fewer are left, and none are taken. */
static inline bool quota_take(struct quota *quota, size_t bytes)
{
    if (quota->used > quota->max || bytes > quota->max - quota->used)
        return false;
    quota->used += bytes;
    return true;
}

/* Takes BYTES that are in memory already, even if they are more than are left. */
static inline void quota_add(struct quota *quota, size_t bytes)
{
    quota->used += bytes;
}

static inline void quota_give_back(struct quota *quota, size_t bytes)
{
    quota->used -= bytes;
}

#endif
