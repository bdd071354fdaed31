/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket: so many tokens come back in a second, evenly, and it holds CAPACITY of them at most. Kept
 * as a virtual clock that each token moves forward (ITU-T I.371, the generic cell rate algorithm), so that
 * the numbers may change at any time. Times are ms of the boot clock, given by the caller.
 */
#ifndef TB_BASE_BUCKET_H
#define TB_BASE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#define BUCKET_NS_PER_S  INT64_C(1000000000)
#define BUCKET_NS_PER_MS INT64_C(1000000)

struct bucket {
    int64_t due_ns; /* when it is full again; zeroed: it is full */
};

/* When the next token is there, at NOW_MS or later. */
static inline int64_t bucket_ready_ms(const struct bucket *bucket, int64_t now_ms, unsigned capacity,
                                      unsigned per_second)
{
    int64_t ready_ns = bucket->due_ns - (capacity - 1) * (BUCKET_NS_PER_S / per_second);

    return ready_ns <= now_ms * BUCKET_NS_PER_MS ? now_ms
                                                 : (ready_ns + BUCKET_NS_PER_MS - 1) / BUCKET_NS_PER_MS;
}

/* Takes a token, which may not be there yet. */
static inline void bucket_take(struct bucket *bucket, int64_t now_ms, unsigned per_second)
{
    int64_t now_ns = now_ms * BUCKET_NS_PER_MS;

    bucket->due_ns = (bucket->due_ns > now_ns ? bucket->due_ns : now_ns) + BUCKET_NS_PER_S / per_second;
}

static inline bool bucket_is_full(const struct bucket *bucket, int64_t now_ms)
{
    return bucket->due_ns <= now_ms * BUCKET_NS_PER_MS;
}

#endif
