/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the time of a forwarded request goes, in microseconds of the boot clock: it waits (for its turn,
 * after a 429, for a login), the server has it, and the rest is what tbproxyd itself needs. What arrives in a
 * turn of the loop is there since the turn began (loop->turn_us): so the rest includes what else is done in
 * the turn before. Zeroed, it has not begun.
 */
#ifndef TB_PROXY_EXCHANGE_TIMING_H
#define TB_PROXY_EXCHANGE_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

struct timing {
    int64_t begun_us;   /* the request was complete, or its header if its body streams */
    int64_t waiting_us; /* since when it waits; 0: it does not */
    int64_t waited_us, upstream_us;
    bool was_sent;
};

static inline void timing_begin_wait(struct timing *timing)
{
    timing->waiting_us = clock_boot_us();
}

static inline void timing_end_wait(struct timing *timing, int64_t now_us)
{
    if (timing->waiting_us > 0)
        timing->waited_us += now_us - timing->waiting_us;
    timing->waiting_us = 0;
}

/* The server had a call for the request from SENT_US to NOW_US. A read that joined the call counts from its
 * own beginning. */
static inline void timing_end_call(struct timing *timing, int64_t sent_us, int64_t now_us)
{
    int64_t since_us = sent_us > timing->begun_us ? sent_us : timing->begun_us;

    timing->upstream_us +=
        now_us > since_us ? now_us - since_us : 0; /* it can fail in the turn it is sent in */
    timing->was_sent = true;
}

/* What tbproxyd has added so far. */
static inline int64_t timing_added_us(const struct timing *timing, int64_t now_us)
{
    int64_t added_us = now_us - timing->begun_us - timing->waited_us - timing->upstream_us;

    return added_us > 0 ? added_us : 0;
}

#endif
