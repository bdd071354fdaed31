/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many events come in a second, on an average of the last SPOOL_RATE_MS to twice that. Times are ms of
 * the boot clock. Zeroed: none has come.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_RATE_H
#define TB_PROXY_SPOOL_SPOOL_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define SPOOL_RATE_MS 10000

struct spool_rate {
    int64_t begun_ms; /* of the period under way; 0: none is */
    bool has_before;  /* the period before it counts */
    uint64_t events, events_before;
};

void spool_rate_count(struct spool_rate *rate, int64_t now_ms, uint64_t events);

double spool_rate_per_s(const struct spool_rate *rate, int64_t now_ms);

#endif
