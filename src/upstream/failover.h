/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of several servers of one cluster is used: the first healthy one; and whether any can be used at all.
 * A state machine that does no I/O: its owner reports the results of requests and makes the probes that are
 * due.
 *
 *     healthy ── unreachable once, or gateway errors 3 times in a row ─────> ejected for 1, 2, 4 ... 30 s
 *      ^   └──── in doubt: probed, and used meanwhile ── no answer ───────────^     │
 *      │                     (silent, if that takes long)                           │
 *      └──────────────────── the probe is answered <── probed <─────────────────────┘
 *
 * While no server is healthy, each is probed sooner: after a 64th of the time that it has been away, at
 * least 0.25 s and at most 5 s; an eighth more or less, because a fleet may miss the same server. One that is
 * used all the same is the one that is probed next. The last one is used until both a request and a probe
 * have met gateway errors: one program may ask for what has no backend, again and again, and a gateway may
 * let requests through but no probes. Therefore a request is also tried when a gateway has refused probes for
 * 10 s. Times are ms of the boot clock, given by the caller.
 */
#ifndef TB_UPSTREAM_FAILOVER_H
#define TB_UPSTREAM_FAILOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAILOVER_SERVERS_MAX 8
#define FAILOVER_NONE        SIZE_MAX

/* The result of a request or a probe. */
enum failover_result {
    FAILOVER_ANSWERED,
    FAILOVER_UNREACHABLE,   /* no connection, or none with TLS */
    FAILOVER_GATEWAY_ERROR, /* 502, 503 or 504 */
    FAILOVER_DOUBTFUL,      /* no answer, or a bad one, perhaps because of the request itself */
};

struct failover_server {
    unsigned gateway_errors; /* in a row */
    bool ejected;
    bool in_doubt;
    bool is_checked;       /* that is only because nothing was heard of it */
    bool is_silent;        /* in doubt, and the probe is not answered so far */
    bool is_probed;        /* a probe is under way */
    bool failed_probe;     /* since it was ejected */
    bool is_unproven;      /* ejected because of gateway errors to requests alone, or to probes alone */
    int64_t closed_ms;     /* since when it is in vain to send anything */
    int64_t since_ms;      /* ejected or in doubt: since when there is no good answer */
    int64_t ejected_ms;    /* for how long, the last time; 0: never since it was healthy */
    int64_t until_ms;      /* when it is probed */
    int64_t calm_until_ms; /* a probe was made: not put in doubt before this time */
};

struct failover {
    size_t count;
    uint32_t
        random; /* odd: makes the pauses between probes differ from those of other hosts; 0: it does not */
    struct failover_server servers[FAILOVER_SERVERS_MAX];
};

/* FAILOVER may be uninitialized; COUNT is from 1 to FAILOVER_SERVERS_MAX. */
void failover_init(struct failover *failover, size_t count);

/* The server in use: the first healthy one; if there is none, the one that is probed next. */
size_t failover_current(const struct failover *failover);

/* The first healthy server that is not in the bit set TRIED, to which a request was sent in vain;
 * FAILOVER_NONE: there is none. */
size_t failover_next(const struct failover *failover, unsigned tried);

/* Whether no server is healthy. */
bool failover_has_none(const struct failover *failover);

/* Whether it is in vain to send anything: the same, and both requests and probes say so, or no connection can
 * be made. */
bool failover_is_in_vain(const struct failover *failover);

/* Reports the RESULT of a request. Returns whether the server is ejected, or healthy again, because of it. A
 * request that was sent before the server was ejected, or while it is probed, does not prolong that. */
bool failover_report(struct failover *failover, size_t server, enum failover_result result, int64_t now_ms);

/* Nothing has been heard of SERVER for a time: puts it in doubt, unless it is already. A gateway error is
 * then asked for three times, too. */
void failover_check(struct failover *failover, size_t server, int64_t now_ms);

/* The probe of SERVER is still under way: it is in use all the same, but not to be counted on. Returns
 * whether that is news: a server that is ejected is known to be worse. */
bool failover_report_silence(struct failover *failover, size_t server);

/* Reports the RESULT of the probe that failover_begin_probe() asked for; ignored if a request was answered in
 * the meantime. Returns whether the server is ejected, or healthy again, because of it. */
bool failover_report_probe(struct failover *failover, size_t server, enum failover_result result,
                           int64_t now_ms);

/* Whether some server is neither ejected nor in doubt. */
bool failover_is_sound(const struct failover *failover);

/* Since when no server can be used: each is ejected, and a probe has failed since; or the one in use is
 * silent. INT64_MAX: one can be used, or may be. */
int64_t failover_away_since_ms(const struct failover *failover);

/* When the next probe is due; INT64_MAX: none is. */
int64_t failover_due_ms(const struct failover *failover);

/* A server to probe now; FAILOVER_NONE: there is none. The result goes to failover_report_probe(). */
size_t failover_begin_probe(struct failover *failover, int64_t now_ms);

#endif
