/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request authenticates with: one header line. Counted, because a renewal may replace it while a
 * transfer still reads it. Not thread-safe.
 */
#ifndef TB_UPSTREAM_CREDENTIAL_H
#define TB_UPSTREAM_CREDENTIAL_H

#include <stdint.h>

#include "base/util.h"

struct credential {
    unsigned references;
    uint64_t generation; /* grows with every renewal */
    int64_t expires_ms;  /* ms of the boot clock; INT64_MAX: unknown */
    size_t header_length;
    char header[]; /* "X-Authorization: Bearer ..." */
};

/* SCHEME is "Bearer" or "ApiKey". Returns one reference, or NULL if there is no memory. */
struct credential *credential_new(const char *scheme, const char *secret, uint64_t generation,
                                  int64_t expires_ms);

struct credential *credential_reference(struct credential *credential);

/* The last reference overwrites and frees it. NULL is allowed. */
void credential_release(struct credential *credential);

#endif
