/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subscriber of a subscription (subscriptions.h), and the delivery of values to it.
 *
 *     WAITING ──first values──> CATCHING_UP ──history──> LIVE <──────────────┐
 *        ^          └── without a last time: the latest values ──> LIVE      │
 *        └── the WebSocket is lost ──┘          BEHIND ──subscriber_catch_up()┘
 *
 * A subscriber has the timestamp of the latest value that it got, or brings one along (Last-Event-ID). It
 * gets what it has missed since then by TIMESERIES_HISTORY. Attributes have no history, only current values.
 * A subscriber without room gets nothing until it has room again, and then catches up in the same way.
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIBER_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIBER_H

#include <stdbool.h>

#include "base/list.h"
#include "proxy/subscribe/update.h"

enum subscriber_state {
    SUBSCRIBER_WAITING,
    SUBSCRIBER_CATCHING_UP,
    SUBSCRIBER_LIVE,
    SUBSCRIBER_BEHIND,
};

struct subscription;
struct subscription_query;

/* A receiver of updates. Zeroed memory except for the first part. It ends only with unsubscribe(), which none
 * of its functions may call. */
struct subscriber {
    int64_t since_ms; /* the latest timestamp that it has; -1: none */
    /* Takes points of one timestamp, after which its latest timestamp is ID. False: it has no room, and gets
     * nothing more until subscriber_catch_up(). */
    bool (*event)(struct subscriber *subscriber, int64_t id, const struct point *points, size_t count);
    /* The first values have been delivered, if there were any. */
    void (*began)(struct subscriber *subscriber);
    /* The WebSocket is lost. It is opened again unless all unsubscribe. */
    void (*lost)(struct subscriber *subscriber, const char *reason);
    /* The server refused the subscription, or sent more than is kept. Nothing more comes. */
    void (*refused)(struct subscriber *subscriber, int status, const char *reason);

    struct list link; /* in subscription->subscribers */
    struct subscription *subscription;
    enum subscriber_state state;
    struct subscription_query *query;
    json_t *seen;    /* keys of which it has the value at SINCE_MS */
    json_t *history; /* the last history that it got: values of it that come again, live, are left out */
};

/* It was behind and has room again, or begins anew. In subscription_history.c. */
void subscriber_catch_up(struct subscriber *subscriber);

/* Call it some seconds later: values of the history no longer come again, so it need not be kept. */
void subscriber_settle(struct subscriber *subscriber);

/* ---- for the room ---- */

/* Delivers the latest values of the subscription, and goes live. */
void subscriber_deliver_latest(struct subscriber *subscriber);

/* Delivers HISTORY. The caller then makes it go live, or catch up once more. */
void subscriber_deliver_history(struct subscriber *subscriber, const struct update *history);

/* From now on it gets updates as they come. */
void subscriber_go_live(struct subscriber *subscriber);

/* Delivers an update if it is live. */
void subscriber_deliver_update(struct subscriber *subscriber, const struct update *update);

#endif
