/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's clock, for hosts whose own date may be wrong. The Date header of an answer (RFC 9110,
 * section 6.6.1) says whole seconds, so each answer bounds the server's time from below and from above, and
 * many together bound it to the round trip. The host's own clock is believed as far as it is within these
 * bounds.
 */
#ifndef TB_UPSTREAM_SERVER_CLOCK_H
#define TB_UPSTREAM_SERVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define SERVER_CLOCK_HOLD_MS  2000
#define SERVER_CLOCK_AHEAD_MS 2000
#define SERVER_CLOCK_JUMP_MS  30000
#define SERVER_CLOCK_SLOTS    1024

/* Server's time = boot clock + something between these two. */
struct server_clock_bounds {
    int64_t lowest_ms;
    int64_t highest_ms;
};

struct server_clock {
    bool known;
    bool in_doubt;
    struct server_clock_bounds bounds;     /* if it is known */
    struct server_clock_bounds doubted;    /* what the answer in doubt says */
    int64_t last_ms;                       /* the latest time that a stamp was made of */
    int64_t stamps_ms[SERVER_CLOCK_SLOTS]; /* the last stamp of the entities with this hash */
};

/* When an answer says what time it is. Boot clock, but for the date. */
struct server_clock_answer {
    int64_t date_s; /* seconds since the epoch */
    int64_t sent_ms;
    int64_t received_ms;
};

/*
 * Learns from ANSWER; WALL_MS is the host's own idea of the time. An answer that contradicts the earlier ones
 * (a clock was set) makes them forgotten.
 *
 * A single answer does not move the time by more than SERVER_CLOCK_JUMP_MS: it is set aside, clock->in_doubt
 * is set, and the owner asks the server again, past all caches, and ends the doubt with
 * server_clock_second_answer(). Meanwhile the clock stays as it was.
 */
void server_clock_learn(struct server_clock *clock, const struct server_clock_answer *answer,
                        int64_t wall_ms);

/* Ends the doubt: if ANSWER (NULL: none came) agrees with the one in doubt, the time moves; otherwise that
 * one is forgotten. */
void server_clock_second_answer(struct server_clock *clock, const struct server_clock_answer *answer,
                                int64_t wall_ms);

/* The server's time at the boot time NOW_MS, in ms since the epoch; WALL_MS is the host's own idea of it, and
 * the answer while nothing is known. */
int64_t server_clock_at(const struct server_clock *clock, int64_t now_ms, int64_t wall_ms);

/* The same, but an answer in doubt is believed: for what only concerns that answer. */
int64_t server_clock_told_at(const struct server_clock *clock, int64_t now_ms, int64_t wall_ms);

/*
 * The same as server_clock_at() for a timestamp that is given to a value of the entity whose name has this
 * HASH. The server keeps one value for each entity, key and ms, so the stamp is later than the one before for
 * that entity. Where it gets more than one a ms, its stamps run ahead of the clock, by at most
 * SERVER_CLOCK_AHEAD_MS; there they repeat. Entities that share a slot share this; all others stay at the
 * clock.
 *
 * Where a correction would make a stamp earlier than the one before of any entity, by at most
 * SERVER_CLOCK_HOLD_MS, the clock stands still until it has caught up.
 */
int64_t server_clock_stamp(struct server_clock *clock, uint64_t hash, int64_t now_ms, int64_t wall_ms);

#endif
