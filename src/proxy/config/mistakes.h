/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of the mistakes in a configuration: the first one ends a start or a reload; --check-config
 * logs all of them.
 */
#ifndef TB_PROXY_CONFIG_MISTAKES_H
#define TB_PROXY_CONFIG_MISTAKES_H

#include "base/buf.h"
#include "base/error.h"

#define MISTAKES_PLACES_MAX_BYTES (1024 * 1024)

struct mistakes {
    unsigned count;
    struct buf
        places; /* "FILE:LINE: " of each; of those in the stages before this one, the first BEFORE bytes */
    size_t before;
};

#define MISTAKES_INIT                                                                                        \
    {                                                                                                        \
        .places = BUF_INIT(MISTAKES_PLACES_MAX_BYTES)                                                        \
    }

/* R is the result of a check, with its message in ERR. If it is a mistake (-EINVAL) and MISTAKES is not NULL,
 * it is logged and counted, unless it follows from one in the same line of an earlier stage; ERR is cleared;
 * and the result is 0, so that the checks go on. Otherwise the result is R. */
int mistakes_take(struct mistakes *mistakes, int r, struct tb_error *err);

/* The text, its options, and what they are together are checked one after the other. */
void mistakes_begin_stage(struct mistakes *mistakes);

void mistakes_free(struct mistakes *mistakes);

#endif
