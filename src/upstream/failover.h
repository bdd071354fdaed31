/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of several servers of one cluster is used: the first in order that is healthy; and whether any of
 * them can be used at all. A state machine without input or output: its owner reports what came of requests
 * and makes the probes that are due.
 *
 *     healthy ── unreachable once, or a gateway's error 3 times in a row ──> ejected for 1, 2, 4 ... 30 s
 *      ^   └──── in doubt: probed, and used meanwhile ── in vain ─────────────^     │
 *      └──────────────────── the probe is answered <── probed <─────────────────────┘
 *
 * A server that is alone is used also while it is ejected. Times are ms of the boot clock, given by the
 * caller.
 */
#ifndef TB_UPSTREAM_FAILOVER_H
#define TB_UPSTREAM_FAILOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAILOVER_SERVERS_MAX 8
#define FAILOVER_NONE        SIZE_MAX

/* What a request or a probe has come to. */
enum failover_result {
    FAILOVER_ANSWERED,
    FAILOVER_UNREACHABLE,   /* no connection, or none with TLS */
    FAILOVER_GATEWAY_ERROR, /* 502, 503 or 504 */
    FAILOVER_DOUBTFUL,      /* nothing, or nothing good: perhaps for a reason of the request's own */
};

struct failover_server {
    unsigned gateway_errors; /* in a row */
    bool ejected;
    bool in_doubt;
    bool is_probed;        /* a probe is under way */
    bool failed_probe;     /* since it was ejected */
    int64_t since_ms;      /* ejected or in doubt: since when nothing good came */
    int64_t ejected_ms;    /* for how long, the last time; 0: never since it was healthy */
    int64_t until_ms;      /* when it is probed */
    int64_t calm_until_ms; /* not put in doubt before: it was, and a probe was made */
};

struct failover {
    size_t count;
    struct failover_server servers[FAILOVER_SERVERS_MAX];
};

/* FAILOVER is any memory; COUNT is from 1 to FAILOVER_SERVERS_MAX. */
void failover_init(struct failover *failover, size_t count);

/* The server in use: the first that is healthy; where none is, the one that will be probed first. */
size_t failover_current(const struct failover *failover);

/* The same without those of the bit set TRIED, for a request that went to them in vain; FAILOVER_NONE where
 * no healthy one is left. */
size_t failover_next(const struct failover *failover, unsigned tried);

/* What came of a request. Whether the server was ejected, or is healthy again, because of this. What was
 * sent before it was ejected does not keep it ejected for longer, also while it is probed. */
bool failover_report(struct failover *failover, size_t server, enum failover_result result, int64_t now_ms);

/* What came of the probe that failover_begin_probe() asked for; nothing if a request was answered meanwhile.
 * Whether the server was ejected, or is healthy again, because of this. */
bool failover_report_probe(struct failover *failover, size_t server, enum failover_result result,
                           int64_t now_ms);

/* Whether nothing speaks against one of the servers: it is neither ejected nor in doubt. */
bool failover_is_sound(const struct failover *failover);

/* Since when no server can be used; INT64_MAX while one can, or may: each of them is ejected, and was then
 * probed in vain. */
int64_t failover_away_since_ms(const struct failover *failover);

/* When the next probe is due; INT64_MAX: none is. */
int64_t failover_due_ms(const struct failover *failover);

/* A server that is to be probed now; FAILOVER_NONE: there is none. Its end is told to
 * failover_report_probe(). */
size_t failover_begin_probe(struct failover *failover, int64_t now_ms);

#endif
