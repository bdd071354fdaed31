/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscription_command.h"

#include <errno.h>

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

int subscription_command_begin(struct subscription *subscription)
{
    json_t *command;

    subscription->id = ++subscription->owner->last_id;
    command = command_for(subscription, subscription->id, type_of(subscription));
    json_object_set_new(command, "scope",
                        json_string(subscription->scope ? subscription->scope : "LATEST_TELEMETRY"));
    if (*subscription->keys)
        json_object_set_new(command, "keys", json_string(subscription->keys));
    return send_command(subscription->owner, command);
}

/* Without the id of the entity, the server would end all subscriptions of the session. */
void subscription_command_end(struct subscription *subscription)
{
    json_t *command = command_for(subscription, subscription->id, type_of(subscription));

    json_object_set_new(command, "unsubscribe", json_true());
    send_command(subscription->owner, command);
}

int subscription_command_history(struct subscription *subscription, struct subscription_query *query,
                                 const char *keys)
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
