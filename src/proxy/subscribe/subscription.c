/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscription.h"

#include "proxy/subscribe/subscription_command.h"
#include "proxy/subscribe/subscription_history.h"

void subscription_free(struct subscription *subscription)
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

struct subscription *subscription_new(struct subscriptions *owner, const struct subscription_target *target)
{
    struct subscription *subscription = calloc(1, sizeof(*subscription));

    if (!subscription)
        return NULL;
    subscription->owner = owner;
    list_init(&subscription->subscribers);
    list_init(&subscription->queries);
    list_append(&owner->all, &subscription->link);
    owner->count++;
    subscription->entity_type = strdup(target->entity_type);
    subscription->entity_id = strdup(target->entity_id);
    subscription->scope = target->scope ? strdup(target->scope) : NULL;
    subscription->keys = strdup(target->keys);
    subscription->latest = json_object();
    if (subscription->entity_type && subscription->entity_id && subscription->keys && subscription->latest &&
        !target->scope == !subscription->scope)
        return subscription;
    subscription_free(subscription);
    return NULL;
}

bool subscription_is_for(const struct subscription *subscription, const struct subscription_target *target)
{
    return strcmp(subscription->entity_type, target->entity_type) == 0 &&
           strcmp(subscription->entity_id, target->entity_id) == 0 &&
           strcmp(subscription->keys, target->keys) == 0 && !subscription->scope == !target->scope &&
           (!target->scope || strcmp(subscription->scope, target->scope) == 0);
}

static void refuse(struct subscription *subscription, int status, const char *reason)
{
    struct subscriber *subscriber;

    subscription->state = SUBSCRIPTION_REFUSED;
    list_for_each(subscriber, &subscription->subscribers, link) {
        subscriber->query = NULL;
        subscriber->refused(subscriber, status, reason);
    }
    subscription_drop_queries(subscription);
}

void subscription_begin(struct subscription *subscription)
{
    if (subscription_command_begin(subscription) < 0)
        refuse(subscription, 503, "out of memory");
}

static size_t bytes_of(const char *key, const json_t *list)
{
    const json_t *value = json_array_get(json_array_get(list, 0), 1);

    return strlen(key) + (json_is_string(value) ? json_string_length(value)
                                                : json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY));
}

/* Keeps the latest value of each key; telemetry can arrive out of order. False: more than is kept. */
static bool note_latest(struct subscription *subscription, const struct point *point)
{
    json_t *old = json_object_get(subscription->latest, point->key), *list;

    if (!subscription->scope && json_is_null(point->value))
        return true;
    if (old && !subscription->scope &&
        json_integer_value(json_array_get(json_array_get(old, 0), 0)) > point->ts_ms)
        return true;
    if (old)
        subscription->latest_bytes -= bytes_of(point->key, old);
    list = json_pack("[[I,O]]", (json_int_t)point->ts_ms, (json_t *)(uintptr_t)point->value);
    if (!list || json_object_set_new(subscription->latest, point->key, list) < 0)
        return false;
    subscription->latest_bytes += bytes_of(point->key, list);
    return subscription->latest_bytes <= SUBSCRIPTION_LATEST_BYTES &&
           json_object_size(subscription->latest) <= SUBSCRIPTION_LATEST_MAX;
}

static bool note_all(struct subscription *subscription, const struct update *update)
{
    size_t i;

    for (i = 0; i < update->count; i++)
        if (!note_latest(subscription, &update->points[i]))
            return false;
    return true;
}

/* The server sends a key without a value with its own time. */
static void take_first(struct subscription *subscription, const struct update *update)
{
    struct subscriber *subscriber;
    size_t i;

    subscription->state = SUBSCRIPTION_READY;
    subscription->first_ms = upstream_clock_now_ms(&subscription->owner->upstream->clock);
    for (i = 0; i < update->count; i++)
        if (json_is_null(update->points[i].value) && update->points[i].ts_ms > 0 &&
            subscription_is_plausible(subscription, update->points[i].ts_ms))
            subscription->first_ms = update->points[i].ts_ms;
    list_for_each(subscriber, &subscription->subscribers, link)
        subscriber_catch_up(subscriber);
}

static void take_live(struct subscription *subscription, const struct update *update)
{
    struct subscription_query *query;
    struct subscriber *subscriber;

    list_for_each(query, &subscription->queries, link)
        query->late = true;
    list_for_each(subscriber, &subscription->subscribers, link)
        subscriber_deliver_update(subscriber, update);
}

bool subscription_take(struct subscription *subscription, const struct update *update)
{
    if (update->id != subscription->id)
        return subscription_take_history(subscription, update);
    if (update->error_code == UPDATE_TOO_LARGE || !note_all(subscription, update))
        refuse(subscription, 502, "too many or too large values; select some with keys=a,b");
    else if (update->error_code != 0)
        refuse(subscription,
               update->error_code == 2   ? 400
               : update->error_code == 3 ? 403
                                         : 502,
               *update->error ? update->error : "without a reason");
    else if (subscription->state == SUBSCRIPTION_WAITING)
        take_first(subscription, update);
    else
        take_live(subscription, update);
    return true;
}

void subscription_lost(struct subscription *subscription, const char *reason)
{
    struct subscriber *subscriber;

    if (subscription->state != SUBSCRIPTION_REFUSED)
        subscription->state = SUBSCRIPTION_WAITING;
    subscription->id = 0;
    json_object_clear(subscription->latest);
    subscription->latest_bytes = 0;
    list_for_each(subscriber, &subscription->subscribers, link) {
        subscriber->query = NULL;
        subscriber->state = SUBSCRIBER_WAITING;
        subscriber->lost(subscriber, reason);
    }
    subscription_drop_queries(subscription);
}
