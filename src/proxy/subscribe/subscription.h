/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One subscription at the server, and the subscribers that share it. Internal to the room.
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIPTION_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIPTION_H

#include "proxy/subscribe/subscriptions.h"

#define UPDATE_TOO_LARGE INT32_MIN /* in place of the server's error codes */

enum subscription_state {
    SUBSCRIPTION_WAITING, /* for the first values */
    SUBSCRIPTION_READY,   /* updates come */
    SUBSCRIPTION_REFUSED, /* by the server, and its subscribers know; it waits for them to unsubscribe */
};

struct subscription {
    struct list link; /* in owner->all */
    struct subscriptions *owner;
    char *entity_type, *entity_id, *keys;
    char *scope; /* NULL: telemetry */
    int64_t id;  /* at the server; a new one for each WebSocket */
    enum subscription_state state;
    int64_t first_ms; /* the server's time of the first values */
    json_t *latest;   /* {"key":[[ts,value]]} */
    size_t latest_bytes;
    struct list subscribers;
    struct list queries;
};

/* A history that was asked for, for all subscribers that need the same part. */
struct subscription_query {
    struct list link; /* in subscription->queries */
    int64_t id;
    int64_t start_ms;
    unsigned limit;
    bool late; /* an update has come since, so its subscribers have to ask again */
};

/* Not too far ahead of the server's clock: such a timestamp as the latest would hide all others. */
static inline bool subscription_is_plausible(const struct subscription *subscription, int64_t ts_ms)
{
    return ts_ms <= upstream_clock_now_ms(&subscription->owner->upstream->clock) + SUBSCRIPTION_AHEAD_MS;
}

/* A subscription to a copy of TARGET, without subscribers. NULL if there is no memory. */
struct subscription *subscription_new(struct subscriptions *owner, const struct subscription_target *target);

/* Call it when it has no subscribers. */
void subscription_free(struct subscription *subscription);

bool subscription_is_for(const struct subscription *subscription, const struct subscription_target *target);

/* Subscribes at the server. */
void subscription_begin(struct subscription *subscription);

/* Delivers UPDATE if it is for this subscription; false if it is not. */
bool subscription_take(struct subscription *subscription, const struct update *update);

/* The WebSocket is lost: all subscribers begin anew with the first values. */
void subscription_lost(struct subscription *subscription, const char *reason);

#endif
