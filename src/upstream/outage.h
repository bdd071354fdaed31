/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time without any usable server: since when, why, and how many requests failed. It follows failover.h;
 * log, status and readiness report what it says. Times are ms of the boot clock.
 */
#ifndef TB_UPSTREAM_OUTAGE_H
#define TB_UPSTREAM_OUTAGE_H

#include "base/error.h"
#include "upstream/failover.h"

struct outage {
    bool is_on; /* it is certain that no server can be used */
    int64_t since_ms;
    uint64_t failed_requests;          /* since no server was certainly usable */
    char since[32];                    /* "2026-03-01T12:00:00Z", by the host's clock */
    char reason[TB_ERROR_MESSAGE_MAX]; /* for a person: one line of ASCII; "": it is not on */
};

/* To be called after any report on the server URL; CAUSE: why it cannot be used, or "". WALL_MS is NOW_MS by
 * the host's clock. Returns whether the outage has begun or ended; since_ms and failed_requests describe it
 * until outage_forget(). */
bool outage_update(struct outage *outage, const struct failover *failover, const char *url, const char *cause,
                   int64_t now_ms, int64_t wall_ms);
void outage_forget(struct outage *outage);

/* A client's request has failed, for whatever reason. */
void outage_count(struct outage *outage, const struct failover *failover);

#endif
