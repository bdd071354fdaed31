/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions to telemetry and attributes, for all subscribers of the daemon over one WebSocket to the
 * server. Those who want the same share one subscription at the server. The WebSocket is opened for the first
 * subscriber and closed a little after the last; after a loss it is opened again, later each time, and
 * everything is subscribed again.
 *
 *     WAITING ──first values──> CATCHING_UP ──history──> LIVE <──────────────┐
 *        ^          └── without a last time: the latest values ──> LIVE      │
 *        └── the WebSocket is lost ──┘          BEHIND ──subscriber_catch_up()┘
 *
 * A subscriber has the time of the latest value that it got, or comes with one (Last-Event-ID). From there on
 * it gets what it has missed, by TIMESERIES_HISTORY; of attributes there is no history, only what they are
 * now. One that has no room is left out until it has room again, and then catches up in the same way.
 *
 * How exact: a value is missed where it was written while the subscriber was not live and with a time before
 * the latest that it has; where more of a key were written meanwhile than SUBSCRIPTION_HISTORY_POINTS (the
 * latest are delivered); where it is more than SUBSCRIPTION_AHEAD_MS ahead of the server's clock, and then
 * only by who catches up. A value is delivered twice only where it is as far ahead.
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIPTION_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIPTION_H

#include "proxy/metrics/metrics.h"
#include "proxy/subscribe/subscription_socket.h"
#include "proxy/subscribe/update.h"

#define SUBSCRIBERS_MAX             100
#define SUBSCRIPTION_KEYS_MAX       100  /* that are named */
#define SUBSCRIPTION_LATEST_MAX     1000 /* keys of one entity, where none is named */
#define SUBSCRIPTION_LATEST_BYTES   (4 * 1024 * 1024)
#define SUBSCRIPTION_HISTORY_POINTS 1000  /* of one key at most ... */
#define SUBSCRIPTION_HISTORY_TOTAL  10000 /* ... and of all keys together */
#define SUBSCRIPTION_AHEAD_MS       3600000
#define SUBSCRIPTION_LINGER_MS      1000 /* the WebSocket stays open after the last subscriber */
#define SUBSCRIPTION_RETRY_MS       1000 /* it is not opened more often for a new subscriber */

/* What is subscribed to. */
struct subscription_target {
    const char *entity_type;
    const char *entity_id;
    const char *scope; /* of attributes; NULL: the latest telemetry */
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

/* One who wants the updates; memory of zeros but for the first part. It ends with unsubscribe() only, which
 * none of the functions may call. */
struct subscriber {
    int64_t since_ms; /* the latest time that it has; -1: none */
    /* Gets points of one time, after which its latest time is ID. False: it has no room; it gets nothing more
     * until subscriber_catch_up(). */
    bool (*event)(struct subscriber *subscriber, int64_t id, const struct point *points, size_t count);
    /* The first values are delivered, if there are any. */
    void (*began)(struct subscriber *subscriber);
    /* The WebSocket is lost, and is opened again for those who stay. */
    void (*lost)(struct subscriber *subscriber, const char *reason);
    /* The server refuses the subscription, or tells more than is taken. It gets nothing more. */
    void (*refused)(struct subscriber *subscriber, int status, const char *reason);

    struct list link; /* in the subscription's */
    struct subscription *subscription;
    enum subscriber_state state;
    struct subscription_query *query;
    json_t *seen;    /* keys of which it has a value of the time SINCE_MS */
    json_t *history; /* the last that it got: what of it comes once more, live, is left out */
};

struct subscriptions {
    struct upstream *upstream;
    const struct request_options *options; /* how long to wait before the WebSocket is opened again */
    struct metrics *metrics;
    struct subscription_socket socket;
    bool is_open; /* commands can be sent */
    unsigned attempts;
    int64_t tried_ms;
    struct timer timer; /* until it is opened again, or closed */
    struct list all;
    size_t count; /* of them */
    size_t subscribers;
    int64_t last_id;
};

void subscriptions_init(struct subscriptions *subscriptions, struct upstream *upstream,
                        struct websocket_token *websocket_token, const struct request_options *options,
                        struct metrics *metrics);

/* Begins. 0; -EBUSY where there are SUBSCRIBERS_MAX; -ENOMEM. Functions of the subscriber may be called
 * before this returns. */
int subscribe(struct subscriptions *subscriptions, const struct subscription_target *target,
              struct subscriber *subscriber);

/* It was behind and has room again. */
void subscriber_catch_up(struct subscriber *subscriber);

/* Some seconds have passed: what the history told does not come once more, and need not be kept. */
void subscriber_settle(struct subscriber *subscriber);

/* Harmless where it never began. */
void unsubscribe(struct subscriber *subscriber);

/* Nobody may be subscribed. */
void subscriptions_close(struct subscriptions *subscriptions);

#endif
