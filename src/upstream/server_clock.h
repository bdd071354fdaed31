/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's clock, for hosts whose own date may be wrong. The Date header of an answer (RFC 9110,
 * section 6.6.1) has whole seconds, so each answer bounds the server's time from below and from above, and
 * many together narrow that down to the round trip. The host's own clock is used as long as it is within
 * these bounds. Not thread-safe.
 */
#ifndef TB_UPSTREAM_SERVER_CLOCK_H
#define TB_UPSTREAM_SERVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define SERVER_CLOCK_HOLD_MS  2000
#define SERVER_CLOCK_AHEAD_MS 2000
#define SERVER_CLOCK_JUMP_MS  30000
#define SERVER_CLOCK_SLOTS    1024

/* The server's time is the boot clock plus something between these two. */
struct server_clock_bounds {
    int64_t lowest_ms;
    int64_t highest_ms;
};

struct server_clock {
    bool known;
    bool in_doubt;
    struct server_clock_bounds bounds;     /* if it is known */
    struct server_clock_bounds doubted;    /* according to the answer in doubt */
    int64_t last_ms;                       /* the latest time that was used for a stamp */
    int64_t stamps_ms[SERVER_CLOCK_SLOTS]; /* the last stamp of the entities with this hash */
};

/* What an answer says about the time. ms of the boot clock, except the date. */
struct server_clock_answer {
    int64_t date_s; /* seconds since the epoch */
    int64_t sent_ms;
    int64_t received_ms;
};

/*
 * Learns from ANSWER; WALL_MS is the time by the host's clock. An answer that contradicts the earlier ones (a
 * clock was set) replaces them.
 *
 * A single answer does not move the time by more than SERVER_CLOCK_JUMP_MS: instead clock->in_doubt is set,
 * the owner asks the server again, past all caches, and ends the doubt with server_clock_second_answer().
 * Meanwhile the clock stays as it was.
 */
void server_clock_learn(struct server_clock *clock, const struct server_clock_answer *answer,
                        int64_t wall_ms);

/* Ends the doubt: if ANSWER (NULL: none came) agrees with the one in doubt, the time moves; otherwise the one
 * in doubt is forgotten. */
void server_clock_second_answer(struct server_clock *clock, const struct server_clock_answer *answer,
                                int64_t wall_ms);

/* The server's time at the boot time NOW_MS, in ms since the epoch; WALL_MS is the time by the host's clock,
 * which is returned as long as nothing is known. */
int64_t server_clock_at(const struct server_clock *clock, int64_t now_ms, int64_t wall_ms);

/* The same, but believes an answer in doubt: for what concerns only that answer. */
int64_t server_clock_told_at(const struct server_clock *clock, int64_t now_ms, int64_t wall_ms);

/*
 * The time of server_clock_at() as a timestamp for a value of the entity whose name has this HASH. The server
 * keeps one value for each entity, key and ms, so the stamp is later than the previous one for that entity.
 * If there is more than one in a ms, the stamps run ahead of the clock, by at most SERVER_CLOCK_AHEAD_MS, and
 * then repeat. Entities that share a slot share this; all others stay at the clock.
 *
 * If a correction would make a stamp earlier than the previous one of any entity, by at most
 * SERVER_CLOCK_HOLD_MS, the clock stands still until it has caught up.
 */
int64_t server_clock_stamp(struct server_clock *clock, uint64_t hash, int64_t now_ms, int64_t wall_ms);

#endif
