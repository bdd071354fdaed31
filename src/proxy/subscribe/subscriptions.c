/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscriptions.h"

#include <errno.h>

#include "base/log.h"
#include "proxy/subscribe/subscription_command.h"
#include "proxy/subscribe/subscription_history.h"

#define FIRST_ID 2 /* the server uses id 1 in its answer to a command that it does not understand */

static struct subscription *find(const struct subscriptions *subscriptions,
                                 const struct subscription_target *target)
{
    struct subscription *subscription;

    list_for_each(subscription, &subscriptions->all, link)
        if (subscription->state != SUBSCRIPTION_REFUSED && subscription_is_for(subscription, target))
            return subscription;
    return NULL;
}

/* Starts the timer that opens the WebSocket, or closes it if there are no subscribers. */
static void open_or_close_later(struct subscriptions *subscriptions, int64_t delay_ms)
{
    loop_timer_start(subscriptions->upstream->loop, &subscriptions->timer, delay_ms);
}

static void subscriptions_timer_expired(struct timer *timer)
{
    struct subscriptions *subscriptions = CONTAINER_OF(timer, struct subscriptions, timer);

    if (subscriptions->subscribers == 0) {
        subscriptions->is_open = false;
        subscription_socket_close(&subscriptions->socket);
    } else if (!subscriptions->socket.is_open) {
        subscriptions->tried_ms = subscriptions->upstream->loop->now_ms;
        subscription_socket_open(&subscriptions->socket, subscriptions->options->timeout_ms);
    }
}

static void subscriptions_socket_opened(struct subscription_socket *socket)
{
    struct subscriptions *subscriptions = CONTAINER_OF(socket, struct subscriptions, socket);
    struct subscription *subscription;

    log_debug("subscriptions: the WebSocket is open");
    subscriptions->is_open = true;
    list_for_each(subscription, &subscriptions->all, link)
        if (subscription->state != SUBSCRIPTION_REFUSED)
            subscription_begin(subscription);
}

static void subscriptions_socket_lost(struct subscription_socket *socket, const char *reason)
{
    struct subscriptions *subscriptions = CONTAINER_OF(socket, struct subscriptions, socket);
    struct subscription *subscription;

    if (subscriptions->is_open || !subscriptions->upstream->is_away) /* that is logged elsewhere */
        log_warning("subscriptions: %s", reason);
    if (subscriptions->is_open)
        metrics_count(subscriptions->metrics, METRICS_SUBSCRIPTION_LOSSES, 1);
    subscriptions->is_open = false;
    subscriptions->attempts++;
    list_for_each(subscription, &subscriptions->all, link)
        subscription_lost(subscription, reason);
    if (subscriptions->subscribers > 0)
        open_or_close_later(subscriptions,
                            retry_delay_ms(&subscriptions->options->retry, subscriptions->attempts, -1));
}

static void dispatch(struct subscriptions *subscriptions, const struct update *update)
{
    struct subscription *subscription;

    list_for_each(subscription, &subscriptions->all, link) {
        if (subscription->state == SUBSCRIPTION_REFUSED || !subscription_take(subscription, update))
            continue;
        if (update->error_code == 0)
            subscriptions->attempts = 0;
        return;
    }
    if (update->id < FIRST_ID)
        log_warning("subscriptions: the server did not understand a command");
}

static int subscriptions_message_received(struct subscription_socket *socket, const char *text, size_t length,
                                          bool cut)
{
    struct subscriptions *subscriptions = CONTAINER_OF(socket, struct subscriptions, socket);
    struct update update = {0};
    int r = 0;

    if (cut) { /* handled as an error of its subscription */
        update = (struct update){
            .id = update_id_of(text, length), .error_code = UPDATE_TOO_LARGE, .error = "too large"};
        dispatch(subscriptions, &update);
        return 0;
    }
    r = update_parse(text, length, &update);
    if (r == 0)
        dispatch(subscriptions, &update);
    else if (r != -ENOMEM)
        log_warning("subscriptions: the server sent an invalid message");
    update_free(&update);
    return r == -ENOMEM ? r : 0;
}

void subscriptions_init(struct subscriptions *subscriptions, struct upstream *upstream,
                        struct websocket_token *websocket_token, const struct request_options *options,
                        struct metrics *metrics)
{
    subscriptions->upstream = upstream;
    subscriptions->options = options;
    subscriptions->metrics = metrics;
    subscriptions->last_id = FIRST_ID - 1;
    subscriptions->timer.expired = subscriptions_timer_expired;
    list_init(&subscriptions->all);
    subscriptions->socket = (struct subscription_socket){.opened = subscriptions_socket_opened,
                                                         .message = subscriptions_message_received,
                                                         .lost = subscriptions_socket_lost};
    subscription_socket_init(&subscriptions->socket, upstream, websocket_token);
}

/* Does not wait for a long delay to end. */
static void open_soon(struct subscriptions *subscriptions)
{
    int64_t next_ms = subscriptions->tried_ms + SUBSCRIPTION_RETRY_MS;
    int64_t now_ms = subscriptions->upstream->loop->now_ms;

    if (subscriptions->socket.is_open)
        loop_timer_stop(subscriptions->upstream->loop, &subscriptions->timer); /* or it would be closed */
    else if (!timer_is_started(&subscriptions->timer) || subscriptions->timer.due_ms > next_ms)
        open_or_close_later(subscriptions,
                            subscriptions->tried_ms > 0 && next_ms > now_ms ? next_ms - now_ms : 0);
}

int subscribe(struct subscriptions *subscriptions, const struct subscription_target *target,
              struct subscriber *subscriber)
{
    struct subscription *subscription = find(subscriptions, target);
    bool is_new = !subscription;

    subscriber->seen = json_object();
    if (is_new && subscriber->seen)
        subscription = subscription_new(subscriptions, target);
    if (!subscription || !subscriber->seen)
        return -ENOMEM;
    subscriber->subscription = subscription;
    list_append(&subscription->subscribers, &subscriber->link);
    subscriptions->subscribers++;
    open_soon(subscriptions);
    if (is_new && subscriptions->is_open)
        subscription_begin(subscription);
    else
        subscriber_catch_up(subscriber);
    return 0;
}

void unsubscribe(struct subscriber *subscriber)
{
    struct subscription *subscription = TAKE_PTR(subscriber->subscription);
    struct subscriptions *subscriptions;

    json_decref(TAKE_PTR(subscriber->seen));
    json_decref(TAKE_PTR(subscriber->history));
    if (!subscription)
        return;
    subscriptions = subscription->owner;
    list_remove(&subscriber->link);
    subscription_drop_queries(subscription);
    subscriptions->subscribers--;
    if (list_is_empty(&subscription->subscribers)) {
        if (subscriptions->is_open && subscription->id > 0)
            subscription_command_end(subscription);
        subscription_free(subscription);
    }
    if (subscriptions->subscribers == 0)
        open_or_close_later(subscriptions, SUBSCRIPTION_LINGER_MS);
}

/* All who wait for updates would wait for the rest of a delay that the outage has made long. */
void subscriptions_health_changed(struct subscriptions *subscriptions)
{
    bool is_back = subscriptions->was_away && !subscriptions->upstream->is_away;

    subscriptions->was_away = subscriptions->upstream->is_away;
    if (is_back && subscriptions->subscribers > 0)
        open_soon(subscriptions);
}

size_t subscriptions_count(const struct subscriptions *subscriptions)
{
    return subscriptions->count;
}

size_t subscribers_count(const struct subscriptions *subscriptions)
{
    return subscriptions->subscribers;
}

void subscriptions_close(struct subscriptions *subscriptions)
{
    if (!subscriptions->upstream) /* never opened */
        return;
    loop_timer_stop(subscriptions->upstream->loop, &subscriptions->timer);
    subscription_socket_close(&subscriptions->socket);
}
