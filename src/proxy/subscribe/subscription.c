/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscription.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "proxy/subscribe/subscription_state.h"

#define FIRST_ID 2 /* the server uses id 1 in its answer to a command that it does not understand */

static void free_subscription(struct subscription *subscription)
{
    list_remove(&subscription->link);
    subscription->owner->count--;
    json_decref(subscription->latest);
    free(subscription->entity_type);
    free(subscription->entity_id);
    free(subscription->scope);
    free(subscription->keys);
    free(subscription);
}

static bool is_same(const struct subscription *subscription, const struct subscription_target *target)
{
    return strcmp(subscription->entity_type, target->entity_type) == 0 &&
           strcmp(subscription->entity_id, target->entity_id) == 0 &&
           strcmp(subscription->keys, target->keys) == 0 && !subscription->scope == !target->scope &&
           (!target->scope || strcmp(subscription->scope, target->scope) == 0);
}

static struct subscription *find(const struct subscriptions *subscriptions,
                                 const struct subscription_target *target)
{
    struct subscription *subscription;

    list_for_each(subscription, &subscriptions->all, link)
        if (!subscription->refused && is_same(subscription, target))
            return subscription;
    return NULL;
}

static struct subscription *new_subscription(struct subscriptions *subscriptions,
                                             const struct subscription_target *target)
{
    struct subscription *subscription = calloc(1, sizeof(*subscription));

    if (!subscription)
        return NULL;
    subscription->owner = subscriptions;
    list_init(&subscription->subscribers);
    list_init(&subscription->queries);
    list_append(&subscriptions->all, &subscription->link);
    subscriptions->count++;
    subscription->entity_type = strdup(target->entity_type);
    subscription->entity_id = strdup(target->entity_id);
    subscription->scope = target->scope ? strdup(target->scope) : NULL;
    subscription->keys = strdup(target->keys);
    subscription->latest = json_object();
    if (subscription->entity_type && subscription->entity_id && subscription->keys && subscription->latest &&
        !target->scope == !subscription->scope)
        return subscription;
    free_subscription(subscription);
    return NULL;
}

/* Frees COMMAND. */
static int send_command(struct subscriptions *subscriptions, json_t *command)
{
    json_t *message = command ? json_pack("{s:[o]}", "cmds", command) : NULL;
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
    int r = text ? subscription_socket_send(&subscriptions->socket, text, strlen(text)) : -ENOMEM;

    free(text);
    json_decref(message);
    return r;
}

static json_t *command_for(const struct subscription *subscription, int64_t id, const char *type)
{
    return json_pack("{s:I,s:s,s:s,s:s}", "cmdId", (json_int_t)id, "type", type, "entityType",
                     subscription->entity_type, "entityId", subscription->entity_id);
}

static const char *type_of(const struct subscription *subscription)
{
    return subscription->scope ? "ATTRIBUTES" : "TIMESERIES";
}

static void begin(struct subscription *subscription)
{
    json_t *command;

    subscription->id = ++subscription->owner->last_id;
    command = command_for(subscription, subscription->id, type_of(subscription));
    json_object_set_new(command, "scope",
                        json_string(subscription->scope ? subscription->scope : "LATEST_TELEMETRY"));
    if (*subscription->keys)
        json_object_set_new(command, "keys", json_string(subscription->keys));
    if (send_command(subscription->owner, command) < 0)
        subscription_refuse(subscription, 503, "out of memory");
}

/* Without the id of the entity, the server would end all subscriptions of the session. */
static void end(struct subscription *subscription)
{
    json_t *command = command_for(subscription, subscription->id, type_of(subscription));

    json_object_set_new(command, "unsubscribe", json_true());
    send_command(subscription->owner, command);
}

int subscription_ask(struct subscription *subscription, struct subscription_query *query, const char *keys)
{
    int64_t end_ms = upstream_clock_now_ms(&subscription->owner->upstream->clock) + SUBSCRIPTION_AHEAD_MS;
    json_t *command;

    query->id = ++subscription->owner->last_id;
    command = command_for(subscription, query->id, "TIMESERIES_HISTORY");
    json_object_set_new(command, "keys", json_string(keys));
    json_object_set_new(command, "startTs", json_integer(query->start_ms));
    json_object_set_new(command, "endTs", json_integer(end_ms));
    json_object_set_new(command, "interval", json_integer(0));
    json_object_set_new(command, "limit", json_integer(query->limit));
    json_object_set_new(command, "agg", json_string("NONE"));
    return send_command(subscription->owner, command);
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
        if (!subscription->refused)
            begin(subscription);
}

static void subscriptions_socket_lost(struct subscription_socket *socket, const char *reason)
{
    struct subscriptions *subscriptions = CONTAINER_OF(socket, struct subscriptions, socket);
    struct subscription *subscription;

    if (subscriptions->is_open ||
        !subscriptions->upstream->health.outage.is_on) /* an outage is logged elsewhere */
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
        if (subscription->refused || !subscription_take(subscription, update))
            continue;
        if (update->error_code == 0)
            subscriptions->attempts = 0;
        return;
    }
    if (update->id < FIRST_ID)
        log_warning("subscriptions: the server did not understand a command");
}

static void subscriptions_message_received(struct subscription_socket *socket, const char *text,
                                           size_t length, bool cut)
{
    struct subscriptions *subscriptions = CONTAINER_OF(socket, struct subscriptions, socket);
    struct update update = {0};
    int r = 0;

    if (cut) { /* handled as an error of its subscription */
        update = (struct update){
            .id = update_id_of(text, length), .error_code = UPDATE_TOO_LARGE, .error = "too large"};
        dispatch(subscriptions, &update);
        return;
    }
    r = update_parse(text, length, &update);
    if (r == 0)
        dispatch(subscriptions, &update);
    else
        log_warning("subscriptions: the server sent an invalid message");
    update_free(&update);
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

/* A new subscriber does not wait for a long delay to end. */
static void open_for_new(struct subscriptions *subscriptions)
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

    if (subscriptions->subscribers >= SUBSCRIBERS_MAX)
        return -EBUSY;
    subscriber->seen = json_object();
    if (is_new && subscriber->seen)
        subscription = new_subscription(subscriptions, target);
    if (!subscription || !subscriber->seen)
        return -ENOMEM;
    subscriber->subscription = subscription;
    list_append(&subscription->subscribers, &subscriber->link);
    subscriptions->subscribers++;
    open_for_new(subscriptions);
    if (is_new && subscriptions->is_open)
        begin(subscription);
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
            end(subscription);
        free_subscription(subscription);
    }
    if (subscriptions->subscribers == 0)
        open_or_close_later(subscriptions, SUBSCRIPTION_LINGER_MS);
}

void subscriptions_close(struct subscriptions *subscriptions)
{
    if (!subscriptions->upstream) /* never opened */
        return;
    loop_timer_stop(subscriptions->upstream->loop, &subscriptions->timer);
    subscription_socket_close(&subscriptions->socket);
}
