/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's clock (server_clock.h), learned from the answers to all transfers; in doubt, the server is
 * asked once more. Belongs to one loop and one thread.
 */
#ifndef TB_UPSTREAM_UPSTREAM_CLOCK_H
#define TB_UPSTREAM_UPSTREAM_CLOCK_H

#include "upstream/server_clock.h"
#include "upstream/server_health.h"

struct upstream_clock {
    struct loop *loop;
    const struct server_health *health; /* knows the server to ask */
    struct server_clock clock;
    char last_date[40];       /* the last Date header that was learned from */
    struct transfer question; /* for a second answer, while the clock is in doubt */
    int64_t asked_ms;         /* boot clock */
    void (*doubt_ended)(struct upstream_clock *clock);
};

/* CLOCK must be zeroed. */
void upstream_clock_open(struct upstream_clock *clock, struct loop *loop, const struct server_health *health,
                         void (*doubt_ended)(struct upstream_clock *clock));

/* Harmless if it was never opened. */
void upstream_clock_close(struct upstream_clock *clock);

/* Learns the server's time from an answer that comes from the server itself, not from a cache: one without
 * Age (RFC 9111, section 5.1). If it differs widely from what is known, the server is asked once more. */
void upstream_clock_learn(struct upstream_clock *clock, const struct transfer *transfer);

/* The server's time now, ms since the epoch. */
int64_t upstream_clock_now_ms(const struct upstream_clock *clock);

/* Whether that is right: an answer has given the server's time, or the host's clock is synchronised. */
bool upstream_clock_is_certain(const struct upstream_clock *clock);

/* The same according to the last answer, even if that is in doubt. */
int64_t upstream_clock_told_ms(const struct upstream_clock *clock);

/* The server's time for a value that is stamped here: later than the last stamp of the same entity
 * (server_clock_stamp()), which the LENGTH bytes at ENTITY name. */
int64_t upstream_clock_stamp_ms(struct upstream_clock *clock, const char *entity, size_t length);

/* How long the answer asks to wait before the next attempt, ms; -1: it does not ask. */
int64_t upstream_clock_retry_after_ms(const struct upstream_clock *clock, const struct transfer *transfer);

#endif
