/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rate limit in the server's syntax: "100:1,2000:60" is 100 tokens that come back in 1 s and, at the same
 * time, 2000 that come back in 60 s.
 */
#ifndef TB_UPSTREAM_RATE_LIMIT_H
#define TB_UPSTREAM_RATE_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define RATE_LIMIT_PAIRS_MAX    8
#define RATE_LIMIT_CAPACITY_MAX INT64_C(100000000) /* tokens */
#define RATE_LIMIT_SECONDS_MAX  INT64_C(10000000)  /* 115 days */

struct rate_limit {
    size_t count; /* 0: no limit */
    struct rate_limit_pair {
        int64_t capacity;
        int64_t seconds;
    } pairs[RATE_LIMIT_PAIRS_MAX];
};

/* Parses TEXT; blanks around a pair are allowed, and "" means no limit. Returns 0, or -EINVAL with a message
 * that names the pair and what is allowed. */
int rate_limit_parse(const char *text, struct rate_limit *ret, struct tb_error *err);

#define RATE_LIMIT_TEXT_MAX (RATE_LIMIT_PAIRS_MAX * 20)

/* Writes LIMIT in that syntax, without blanks, to RET, which has RATE_LIMIT_TEXT_MAX bytes. */
void rate_limit_format(const struct rate_limit *limit, char *ret);

#endif
