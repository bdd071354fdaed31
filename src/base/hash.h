/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FNV-1a, 32 bits: spreads names over a table. Whoever chooses the names can make them collide.
 */
#ifndef TB_BASE_HASH_H
#define TB_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t hash_bytes(const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;
    const unsigned char *end = byte + length;
    uint32_t hash = 2166136261U;

    while (byte < end)
        hash = (hash ^ *byte++) * 16777619U;
    return hash;
}

#endif
