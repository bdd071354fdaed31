/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internal to the room: one subscription and what its subscribers have of it. subscription.c talks to the
 * server, subscription_state.c delivers to the subscribers.
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIPTION_STATE_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIPTION_STATE_H

#include "proxy/subscribe/subscription.h"

#define UPDATE_TOO_LARGE INT32_MIN /* in place of an error code of the server's */

struct subscription {
    struct list link; /* in the owner's */
    struct subscriptions *owner;
    char *entity_type, *entity_id, *keys;
    char *scope;      /* NULL: telemetry */
    int64_t id;       /* at the server; a new one for each WebSocket */
    bool ready;       /* the first values are there */
    bool refused;     /* and all its subscribers were told */
    int64_t first_ms; /* the server's time then */
    json_t *latest;   /* {"key":[[ts,value]]} */
    size_t latest_bytes;
    struct list subscribers;
    struct list queries;
};

/* A history that was asked for, for those who have the same part of it. */
struct subscription_query {
    struct list link; /* in the subscription's */
    int64_t id;
    int64_t start_ms;
    unsigned limit;
    bool late; /* an update has come since: those who wait for this need another one */
};

/* Sends the command. 0, or an error of subscription_socket_send(). */
int subscription_ask(struct subscription *subscription, struct subscription_query *query, const char *keys);

/* Whether the message is one of this subscription; then it is delivered. */
bool subscription_take(struct subscription *subscription, const struct update *update);

/* All subscribers begin anew with the first values. */
void subscription_lost(struct subscription *subscription, const char *reason);

/* Tells all subscribers the end. */
void subscription_refuse(struct subscription *subscription, int status, const char *reason);

/* Forgets the queries that nobody waits for. */
void subscription_drop_queries(struct subscription *subscription);

#endif
