/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions to telemetry and attributes, for all subscribers of the daemon, over one WebSocket to the
 * server. Subscribers to the same target share one subscription at the server. The WebSocket is opened for
 * the first subscriber and closed shortly after the last has gone. After a loss it is opened again, with
 * growing delays, and everything is subscribed again.
 *
 *     WAITING ──first values──> CATCHING_UP ──history──> LIVE <──────────────┐
 *        ^          └── without a last time: the latest values ──> LIVE      │
 *        └── the WebSocket is lost ──┘          BEHIND ──subscriber_catch_up()┘
 *
 * A subscriber has the timestamp of the latest value that it got, or brings one along (Last-Event-ID). It
 * gets what it has missed since then by TIMESERIES_HISTORY. Attributes have no history, only current values.
 * A subscriber without room gets nothing until it has room again, and then catches up in the same way.
 *
 * Accuracy: a value is missed if it was written while the subscriber was not live, with a timestamp before
 * the latest that the subscriber has; or if more than SUBSCRIPTION_HISTORY_POINTS of its key were written in
 * that time (the latest are delivered); or, while catching up, if it is more than SUBSCRIPTION_AHEAD_MS ahead
 * of the server's clock. A value is delivered twice only if it is that far ahead.
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIPTION_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIPTION_H

#include "proxy/metrics/metrics.h"
#include "proxy/subscribe/subscription_socket.h"
#include "proxy/subscribe/update.h"

#define SUBSCRIBERS_MAX             100
#define SUBSCRIPTION_KEYS_MAX       100  /* in a request */
#define SUBSCRIPTION_LATEST_MAX     1000 /* keys of one entity, if the request names none */
#define SUBSCRIPTION_LATEST_BYTES   (4 * 1024 * 1024)
#define SUBSCRIPTION_HISTORY_POINTS 1000  /* most of one key ... */
#define SUBSCRIPTION_HISTORY_TOTAL  10000 /* ... and of all keys together */
#define SUBSCRIPTION_AHEAD_MS       3600000
#define SUBSCRIPTION_LINGER_MS      1000 /* the WebSocket stays open for so long after the last subscriber */
#define SUBSCRIPTION_RETRY_MS       1000 /* least time between two attempts to open it for new subscribers */

/* The values to subscribe to. */
struct subscription_target {
    const char *entity_type;
    const char *entity_id;
    const char *scope; /* of attributes; NULL: telemetry */
    const char *keys;  /* "a,b", sorted, each once; "": all */
};

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

struct subscriptions {
    struct upstream *upstream;
    const struct request_options *options; /* the delays before the WebSocket is opened again */
    struct metrics *metrics;
    struct subscription_socket socket;
    bool is_open; /* commands can be sent */
    unsigned attempts;
    int64_t tried_ms;
    struct timer timer; /* until the WebSocket is opened again, or closed */
    struct list all;
    size_t count; /* of all */
    size_t subscribers;
    int64_t last_id;
};

void subscriptions_init(struct subscriptions *subscriptions, struct upstream *upstream,
                        struct websocket_token *websocket_token, const struct request_options *options,
                        struct metrics *metrics);

/* Subscribes. Returns 0, -EBUSY if there are SUBSCRIBERS_MAX already, or -ENOMEM. Functions of the subscriber
 * may be called before this returns. */
int subscribe(struct subscriptions *subscriptions, const struct subscription_target *target,
              struct subscriber *subscriber);

/* SUBSCRIBER was behind and has room again. */
void subscriber_catch_up(struct subscriber *subscriber);

/* Call it some seconds later: values of the history no longer come again, so it need not be kept. */
void subscriber_settle(struct subscriber *subscriber);

/* Harmless if it never subscribed. */
void unsubscribe(struct subscriber *subscriber);

/* Call it when nobody is subscribed. */
void subscriptions_close(struct subscriptions *subscriptions);

#endif
