/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscription_history.h"

#include <errno.h>

#include <tbclient/value.h>

#include "base/log.h"
#include "proxy/subscribe/subscription_command.h"

/* The keys of a command. Escapes can lengthen it. */
#define HISTORY_KEYS_BYTES (SUBSCRIPTION_SOCKET_COMMAND_BYTES - 4096)

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
    if (subscription_command_history(subscription, query, keys.data) == 0)
        return query;
    list_remove(&query->link);
    free(query);
    return NULL;
}

void subscriber_catch_up(struct subscriber *subscriber)
{
    struct subscription *subscription = subscriber->subscription;
    int64_t start_ms;

    if (!subscription || subscription->state == SUBSCRIPTION_REFUSED)
        return;
    subscriber->query = NULL;
    subscriber->state = SUBSCRIBER_WAITING;
    if (subscription->state != SUBSCRIPTION_READY)
        return;
    if (subscriber->since_ms < 0 || subscription->scope) {
        subscriber_deliver_latest(subscriber);
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
        subscriber_deliver_latest(subscriber);
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
            subscriber_deliver_latest(subscriber);
            continue;
        }
        subscriber_deliver_history(subscriber, update);
        if (late && subscriber->state != SUBSCRIBER_BEHIND)
            subscriber_catch_up(subscriber);
        else
            subscriber_go_live(subscriber);
    }
    subscription_drop_queries(subscription);
}

/* Asks again for a history that was too large, with a tenth of the points. */
static bool ask_for_less(struct subscription *subscription, struct subscription_query *query)
{
    CLEANUP(buf_free) struct buf keys = BUF_INIT(HISTORY_KEYS_BYTES);

    query->limit /= 10;
    return query->limit > 0 && history_keys(subscription, &keys) == 0 &&
           subscription_command_history(subscription, query, keys.data) == 0;
}

bool subscription_take_history(struct subscription *subscription, const struct update *update)
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
