/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscriber.h"

#include "proxy/subscribe/subscription.h"

static void note_time(struct subscriber *subscriber, const struct point *points, size_t count)
{
    size_t i;

    if (points->ts_ms < subscriber->since_ms ||
        !subscription_is_plausible(subscriber->subscription, points->ts_ms))
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

    if (points->ts_ms > id && subscription_is_plausible(subscriber->subscription, points->ts_ms))
        id = points->ts_ms;
    if (subscriber->event(subscriber, id < 0 ? 0 : id, points, count)) {
        note_time(subscriber, points, count);
        metrics_count(subscriber->subscription->owner->metrics, METRICS_SUBSCRIPTION_EVENTS, 1);
        return;
    }
    subscriber->state = SUBSCRIBER_BEHIND;
    metrics_count(subscriber->subscription->owner->metrics, METRICS_SUBSCRIBERS_BEHIND, 1);
}

/* A subscriber that missed points without a word would wait for them. */
static void end_without_memory(struct subscriber *subscriber)
{
    subscriber->state = SUBSCRIBER_BEHIND;
    subscriber->refused(subscriber, 503, "out of memory");
}

/* Delivers the points that are wanted, in the order of their timestamps, until there is no more room. */
static void deliver(struct subscriber *subscriber, const struct point *points, size_t count,
                    bool (*is_wanted)(const struct subscriber *subscriber, const struct point *point))
{
    struct point *wanted = calloc(count + 1, sizeof(*wanted));
    size_t n = 0, i;

    if (!wanted) {
        end_without_memory(subscriber);
        return;
    }
    for (i = 0; i < count; i++)
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

void subscriber_go_live(struct subscriber *subscriber)
{
    if (subscriber->state != SUBSCRIBER_BEHIND)
        subscriber->state = SUBSCRIBER_LIVE;
    if (subscriber->since_ms < 0)
        subscriber->since_ms = subscriber->subscription->first_ms - 1;
    subscriber->began(subscriber);
}

void subscriber_deliver_latest(struct subscriber *subscriber)
{
    struct point *points;
    size_t count;

    if (update_points(subscriber->subscription->latest, &points, &count) < 0) {
        end_without_memory(subscriber);
        return;
    }
    subscriber->state = SUBSCRIBER_CATCHING_UP;
    deliver(subscriber, points, count, is_missed);
    free(points);
    subscriber_go_live(subscriber);
}

void subscriber_deliver_history(struct subscriber *subscriber, const struct update *history)
{
    json_decref(subscriber->history);
    subscriber->history = json_incref(history->data);
    deliver(subscriber, history->points, history->count, is_missed);
}

void subscriber_deliver_update(struct subscriber *subscriber, const struct update *update)
{
    if (subscriber->state == SUBSCRIBER_LIVE)
        deliver(subscriber, update->points, update->count, is_new);
}

void subscriber_settle(struct subscriber *subscriber)
{
    json_decref(TAKE_PTR(subscriber->history));
}
