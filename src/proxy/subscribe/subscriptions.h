/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions to telemetry and attributes, for all subscribers of the daemon, over one WebSocket to the
 * server. Subscribers to the same target share one subscription at the server. The WebSocket is opened for
 * the first subscriber and closed shortly after the last has gone. After a loss it is opened again, with
 * growing delays, and everything is subscribed again.
 *
 * Accuracy: a value is missed if it was written while the subscriber was not live, with a timestamp before
 * the latest that the subscriber has; or if more than SUBSCRIPTION_HISTORY_POINTS of its key were written in
 * that time (the latest are delivered); or, while catching up, if it is more than SUBSCRIPTION_AHEAD_MS ahead
 * of the server's clock. A value is delivered twice only if it is that far ahead.
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIPTIONS_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIPTIONS_H

#include "proxy/metrics/metrics.h"
#include "proxy/subscribe/subscriber.h"
#include "proxy/subscribe/subscription_socket.h"

#define SUBSCRIBERS_MAX             100  /* of one principal; all have a third more (quota.h) */
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

struct subscriptions {
    struct upstream *upstream;
    const struct request_options *options; /* the delays before the WebSocket is opened again */
    struct metrics *metrics;
    struct subscription_socket socket;
    bool is_open;  /* commands can be sent */
    bool was_away; /* the server, when the health changed last */
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

/* Subscribes. Returns 0 or -ENOMEM. Functions of the subscriber
 * may be called before this returns. */
int subscribe(struct subscriptions *subscriptions, const struct subscription_target *target,
              struct subscriber *subscriber);

/* Harmless if it never subscribed. */
void unsubscribe(struct subscriber *subscriber);

/* What is known of the servers has changed. */
void subscriptions_health_changed(struct subscriptions *subscriptions);

/* How many there are. */
size_t subscriptions_count(const struct subscriptions *subscriptions);
size_t subscribers_count(const struct subscriptions *subscriptions);

/* Call it when nobody is subscribed. */
void subscriptions_close(struct subscriptions *subscriptions);

#endif
