/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FNV-1a (Fowler, Noll and Vo), 64 bits. It does not resist chosen keys: only for tables of bounded size, in
 * which many keys in one slot cost no more than time.
 */
#ifndef TB_BASE_HASH_H
#define TB_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t hash_bytes(const void *data, size_t length)
{
    const unsigned char *bytes = data;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t i;

    for (i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
