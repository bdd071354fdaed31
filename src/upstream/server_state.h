/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the server, for people: log, STATUS of the service, status pages and error responses say what
 * is here. It follows from what is known of the connections (server_health.h), the session and the budget; a
 * state machine that does no I/O. Times are ms of the boot clock. Not thread-safe.
 */
#ifndef TB_UPSTREAM_SERVER_STATE_H
#define TB_UPSTREAM_SERVER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum server_condition {
    SERVER_STARTING,    /* the first login is under way */
    SERVER_READY,       /* requests are sent; a renewal of the login may have failed */
    SERVER_UNREACHABLE, /* no connection, or no answer in time */
    SERVER_FAILING,     /* answers 502, 503 or 504, or something that is not ThingsBoard does */
    SERVER_REFUSED,     /* the credential is refused, or there is none */
    SERVER_LIMITED,     /* its rate limit is reached: no request is sent for a time */
};
#define SERVER_CONDITIONS 6

/* Texts are one line of UTF-8, without secrets. */
struct server_trouble {
    enum server_condition condition;
    char cause[TB_ERROR_MESSAGE_MAX];
    char remedy[TB_ERROR_MESSAGE_MAX]; /* what a person can do, without times; "": nothing */
    int64_t since_ms;                  /* INT64_MAX: it is noticed now */
    int64_t next_try_ms;               /* INT64_MAX: not known */
};

/* What is known now. NULL: no trouble. */
struct server_facts {
    const struct server_trouble *connection;
    const struct server_trouble *session;
    const struct server_trouble *budget;
    bool has_credential;
    bool in_doubt; /* requests fail, and it is not certain yet why */
};

struct server_state {
    enum server_condition condition;
    int64_t since_ms;
    char cause[TB_ERROR_MESSAGE_MAX]; /* "": none */
    char remedy[TB_ERROR_MESSAGE_MAX];
    int64_t next_try_ms;      /* INT64_MAX: none is planned, or not known */
    int64_t left_ms;          /* when it was last ready before it was not */
    uint64_t failed_requests; /* since then, or since it is in doubt */
    struct {
        int64_t at_ms;
        char cause[TB_ERROR_MESSAGE_MAX]; /* "": none yet */
    } last_failure;                       /* the last trouble of all */
};

/* What an update has changed. */
struct server_change {
    bool is_news; /* another condition, or something else is to be done: worth a line in the log */
    enum server_condition before;
    int64_t away_ms;          /* ready again: how long it was not; 0: it was ready before */
    uint64_t failed_requests; /* in that time */
};

void server_state_init(struct server_state *state, int64_t now_ms);

/* To be called whenever a fact may have changed. */
struct server_change server_state_update(struct server_state *state, const struct server_facts *facts,
                                         int64_t now_ms);

/* A client's request has failed with 502, 503 or 504. */
void server_state_count_failure(struct server_state *state, bool in_doubt);

/* Whether requests can be sent, now or after a wait for the rate limit. */
static inline bool server_state_is_ready(const struct server_state *state)
{
    return state->condition == SERVER_READY || state->condition == SERVER_LIMITED;
}

/* "ready", "unreachable", ... */
const char *server_condition_name(enum server_condition condition);

#endif
