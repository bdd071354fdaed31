/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscription_state.h"

#include <errno.h>
#include <stdio.h>

#include <tbclient/value.h>

#include "base/log.h"

#define HISTORY_KEYS_BYTES                                                                                   \
    (SUBSCRIPTION_SOCKET_COMMAND_BYTES - 4096) /* of a command; escapes can lengthen it */

/* Not too far ahead of the server's clock: such a timestamp as the latest would hide all others. */
static bool is_plausible(const struct subscription *subscription, int64_t ts_ms)
{
    return ts_ms <= upstream_clock_now_ms(&subscription->owner->upstream->clock) + SUBSCRIPTION_AHEAD_MS;
}

static void note_time(struct subscriber *subscriber, const struct point *points, size_t count)
{
    size_t i;

    if (points->ts_ms < subscriber->since_ms || !is_plausible(subscriber->subscription, points->ts_ms))
        return;
    if (points->ts_ms > subscriber->since_ms)
        json_object_clear(subscriber->seen);
    subscriber->since_ms = points->ts_ms;
    for (i = 0; i < count && json_object_size(subscriber->seen) < SUBSCRIPTION_LATEST_MAX; i++)
        json_object_set_new(subscriber->seen, points[i].key, json_true());
}

/* Delivers points of one timestamp. */
static void deliver_group(struct subscriber *subscriber, const struct point *points, size_t count)
{
    int64_t id = subscriber->since_ms;

    if (points->ts_ms > id && is_plausible(subscriber->subscription, points->ts_ms))
        id = points->ts_ms;
    if (subscriber->event(subscriber, id < 0 ? 0 : id, points, count)) {
        note_time(subscriber, points, count);
        metrics_count(subscriber->subscription->owner->metrics, METRICS_SUBSCRIPTION_EVENTS, 1);
        return;
    }
    subscriber->state = SUBSCRIBER_BEHIND;
    metrics_count(subscriber->subscription->owner->metrics, METRICS_SUBSCRIBERS_BEHIND, 1);
}

/* Delivers the points that are wanted, in the order of their timestamps, until there is no more room. */
static void deliver(struct subscriber *subscriber, const struct point *points, size_t count,
                    bool (*is_wanted)(const struct subscriber *subscriber, const struct point *point))
{
    struct point *wanted = calloc(count + 1, sizeof(*wanted));
    size_t n = 0, i;

    for (i = 0; wanted && i < count; i++)
        if (is_wanted(subscriber, &points[i]))
            wanted[n++] = points[i];
    for (i = 0; i < n && subscriber->state != SUBSCRIBER_BEHIND;) {
        size_t length = update_group(wanted + i, n - i);

        deliver_group(subscriber, wanted + i, length);
        i += length;
    }
    free(wanted);
}

/* While catching up: points after the latest timestamp, and those of that timestamp that were not delivered.
 */
static bool is_missed(const struct subscriber *subscriber, const struct point *point)
{
    return !json_is_null(point->value) &&
           (point->ts_ms > subscriber->since_ms ||
            (point->ts_ms == subscriber->since_ms && json_object_size(subscriber->seen) > 0 &&
             !json_object_get(subscriber->seen, point->key)));
}

/* While live: all points except those that the history had already. */
static bool is_new(const struct subscriber *subscriber, const struct point *point)
{
    const json_t *list = json_object_get(subscriber->history, point->key);
    size_t i;

    for (i = 0; i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);

        if (json_integer_value(json_array_get(pair, 0)) == point->ts_ms &&
            json_equal(json_array_get(pair, 1), point->value))
            return false;
    }
    return true;
}

static void begin_live(struct subscriber *subscriber)
{
    if (subscriber->state != SUBSCRIBER_BEHIND)
        subscriber->state = SUBSCRIBER_LIVE;
    if (subscriber->since_ms < 0)
        subscriber->since_ms = subscriber->subscription->first_ms - 1;
    subscriber->began(subscriber);
}

static void deliver_latest(struct subscriber *subscriber)
{
    struct point *points;
    size_t count;

    if (update_points(subscriber->subscription->latest, &points, &count) == 0) {
        subscriber->state = SUBSCRIBER_CATCHING_UP;
        deliver(subscriber, points, count, is_missed);
        free(points);
    }
    begin_live(subscriber);
}

/* The keys for a history command. -EINVAL if there are too many, or one has a comma or is not UTF-8. */
static int history_keys(const struct subscription *subscription, struct buf *keys)
{
    const char *key;
    json_t *value;
    int r = *subscription->keys ? buf_append_string(keys, subscription->keys) : 0;

    if (*subscription->keys)
        return r;
    json_object_foreach(subscription->latest, key, value) if (r == 0) r =
        strchr(key, ',') || tb_verbatim(key) ? -EINVAL
                                             : buf_append_format(keys, "%s%s", keys->len > 0 ? "," : "", key);
    return r < 0 || keys->len == 0 ? -EINVAL : 0;
}

static unsigned history_limit(const struct subscription *subscription)
{
    size_t keys = json_object_size(subscription->latest), limit;

    limit = SUBSCRIPTION_HISTORY_TOTAL / (keys > 0 ? keys : 1);
    return limit > SUBSCRIPTION_HISTORY_POINTS ? SUBSCRIPTION_HISTORY_POINTS : (unsigned)limit;
}

static struct subscription_query *find_query(struct subscription *subscription, int64_t start_ms)
{
    struct subscription_query *query;

    list_for_each(query, &subscription->queries, link)
        if (query->start_ms == start_ms && !query->late)
            return query;
    return NULL;
}

static struct subscription_query *ask(struct subscription *subscription, int64_t start_ms)
{
    CLEANUP(buf_free) struct buf keys = BUF_INIT(HISTORY_KEYS_BYTES);
    struct subscription_query *query;

    if (history_keys(subscription, &keys) < 0)
        return NULL;
    query = calloc(1, sizeof(*query));
    if (!query)
        return NULL;
    query->start_ms = start_ms;
    query->limit = history_limit(subscription);
    list_append(&subscription->queries, &query->link);
    if (subscription_ask(subscription, query, keys.data) == 0)
        return query;
    list_remove(&query->link);
    free(query);
    return NULL;
}

void subscriber_catch_up(struct subscriber *subscriber)
{
    struct subscription *subscription = subscriber->subscription;
    int64_t start_ms;

    if (!subscription || subscription->refused)
        return;
    subscriber->query = NULL;
    subscriber->state = SUBSCRIBER_WAITING;
    if (!subscription->ready)
        return;
    if (subscriber->since_ms < 0 || subscription->scope) {
        deliver_latest(subscriber);
        return;
    }
    start_ms = subscriber->since_ms;
    if (json_object_size(subscriber->seen) == 0 && start_ms < INT64_MAX)
        start_ms++;
    subscriber->query = find_query(subscription, start_ms);
    if (!subscriber->query)
        subscriber->query = ask(subscription, start_ms);
    if (subscriber->query)
        subscriber->state = SUBSCRIBER_CATCHING_UP;
    else /* better than nothing */
        deliver_latest(subscriber);
}

void subscriber_settle(struct subscriber *subscriber)
{
    json_decref(TAKE_PTR(subscriber->history));
}

void subscription_drop_queries(struct subscription *subscription)
{
    const struct subscriber *subscriber;
    struct subscription_query *query;

    list_for_each_safe(query, &subscription->queries, link) {
        bool is_wanted = false;

        list_for_each(subscriber, &subscription->subscribers, link)
            is_wanted = is_wanted || subscriber->query == query;
        if (is_wanted)
            continue;
        list_remove(&query->link);
        free(query);
    }
}

/* All subscribers that wait for QUERY get its points; after an error, only the latest values. */
static void end_query(struct subscription *subscription, struct subscription_query *query,
                      const struct update *update)
{
    struct subscriber *subscriber;
    bool late = query->late;

    list_for_each(subscriber, &subscription->subscribers, link) {
        if (subscriber->query != query)
            continue;
        subscriber->query = NULL;
        if (update->error_code != 0) {
            deliver_latest(subscriber);
            continue;
        }
        json_decref(subscriber->history);
        subscriber->history = json_incref(update->data);
        deliver(subscriber, update->points, update->count, is_missed);
        if (late && subscriber->state != SUBSCRIBER_BEHIND)
            subscriber_catch_up(subscriber);
        else
            begin_live(subscriber);
    }
    subscription_drop_queries(subscription);
}

/* Asks again for a history that was too large, with a tenth of the points. */
static bool ask_for_less(struct subscription *subscription, struct subscription_query *query)
{
    CLEANUP(buf_free) struct buf keys = BUF_INIT(HISTORY_KEYS_BYTES);

    query->limit /= 10;
    return query->limit > 0 && history_keys(subscription, &keys) == 0 &&
           subscription_ask(subscription, query, keys.data) == 0;
}

static bool take_history(struct subscription *subscription, const struct update *update)
{
    struct subscription_query *query;

    list_for_each(query, &subscription->queries, link) {
        if (query->id != update->id)
            continue;
        if (update->error_code == UPDATE_TOO_LARGE && ask_for_less(subscription, query))
            return true;
        if (update->error_code != 0)
            log_warning("subscriptions: no history from the server: %s", update->error);
        end_query(subscription, query, update);
        return true;
    }
    return false;
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

    subscription->ready = true;
    subscription->first_ms = upstream_clock_now_ms(&subscription->owner->upstream->clock);
    for (i = 0; i < update->count; i++)
        if (json_is_null(update->points[i].value) && update->points[i].ts_ms > 0 &&
            is_plausible(subscription, update->points[i].ts_ms))
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
        if (subscriber->state == SUBSCRIBER_LIVE)
            deliver(subscriber, update->points, update->count, is_new);
}

bool subscription_take(struct subscription *subscription, const struct update *update)
{
    if (update->id != subscription->id)
        return take_history(subscription, update);
    if (update->error_code == UPDATE_TOO_LARGE || !note_all(subscription, update))
        subscription_refuse(subscription, 502, "more or larger values than tbproxyd takes: name the keys");
    else if (update->error_code != 0)
        subscription_refuse(subscription,
                            update->error_code == 2   ? 400
                            : update->error_code == 3 ? 403
                                                      : 502,
                            *update->error ? update->error : "without a reason");
    else if (!subscription->ready)
        take_first(subscription, update);
    else
        take_live(subscription, update);
    return true;
}

void subscription_lost(struct subscription *subscription, const char *reason)
{
    struct subscriber *subscriber;

    subscription->ready = false;
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

void subscription_refuse(struct subscription *subscription, int status, const char *reason)
{
    struct subscriber *subscriber;

    subscription->refused = true;
    list_for_each(subscriber, &subscription->subscribers, link) {
        subscriber->query = NULL;
        subscriber->refused(subscriber, status, reason);
    }
    subscription_drop_queries(subscription);
}
