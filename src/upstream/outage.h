/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time without any server: since when, why, and what it has cost. It follows failover.h, and is the one
 * place that log, status and readiness are told from. Times are ms of the boot clock.
 */
#ifndef TB_UPSTREAM_OUTAGE_H
#define TB_UPSTREAM_OUTAGE_H

#include "base/error.h"
#include "upstream/failover.h"

struct outage {
    bool is_on; /* no server can be used, for certain */
    int64_t since_ms;
    uint64_t failed_requests;          /* since nobody was sure of a server any more */
    char since[32];                    /* "2026-03-01T12:00:00Z", by the host's clock */
    char reason[TB_ERROR_MESSAGE_MAX]; /* for a person; one line of ASCII; "" while it is not on */
};

/* After any report on the server URL; CAUSE: why it cannot be used, if so. WALL_MS is NOW_MS by the host's
 * clock. Whether the outage has begun, or is over; then since_ms and failed_requests are those of it until
 * outage_forget(). */
bool outage_update(struct outage *outage, const struct failover *failover, const char *url, const char *cause,
                   int64_t now_ms, int64_t wall_ms);
void outage_forget(struct outage *outage);

/* A program's request has failed, for whatever reason. */
void outage_count(struct outage *outage, const struct failover *failover);

#endif
