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

#define LIMIT_PAIRS_MAX    8
#define LIMIT_CAPACITY_MAX INT64_C(100000000) /* tokens */
#define LIMIT_SECONDS_MAX  INT64_C(10000000)  /* 115 days */

struct limit {
    size_t count; /* 0: no limit */
    struct limit_pair {
        int64_t capacity;
        int64_t seconds;
    } pairs[LIMIT_PAIRS_MAX];
};

/* Blanks around pairs are allowed; "" is no limit. -EINVAL with a message that names the pair and what is
 * allowed. */
int limit_parse(const char *text, struct limit *ret, struct tb_error *err);

#define LIMIT_TEXT_MAX (LIMIT_PAIRS_MAX * 20)

/* The limit in that syntax, without blanks; RET has LIMIT_TEXT_MAX bytes. */
void limit_format(const struct limit *limit, char *ret);

#endif
