/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/subscription_command.h"
#include "json/json_write.h"

#include <errno.h>

/* Frees COMMAND. */
static int send_command(struct subscriptions *subscriptions, json_t *command)
{
    json_t *message = command ? json_pack("{s:[o]}", "cmds", command) : NULL;
    char *text = json_write_text(message, JSON_COMPACT);
    int r = text ? subscription_socket_send(&subscriptions->socket, text, strlen(text)) : -ENOMEM;

    free(text);
    json_decref(message);
    return r;
}

/* With the members of MORE, which is freed. NULL: no memory. A command that lacks a member would ask for
 * something else. */
static json_t *command_for(const struct subscription *subscription, int64_t id, const char *type,
                           json_t *more)
{
    json_t *command = json_pack("{s:I,s:s,s:s,s:s}", "cmdId", (json_int_t)id, "type", type, "entityType",
                                subscription->entity_type, "entityId", subscription->entity_id);

    if (json_object_update(command, more) < 0) {
        json_decref(command);
        command = NULL;
    }
    json_decref(more);
    return command;
}

static const char *type_of(const struct subscription *subscription)
{
    return subscription->scope ? "ATTRIBUTES" : "TIMESERIES";
}

int subscription_command_begin(struct subscription *subscription)
{
    const char *scope = subscription->scope ? subscription->scope : "LATEST_TELEMETRY";
    const char *keys = *subscription->keys ? subscription->keys : NULL;

    subscription->id = ++subscription->owner->last_id;
    return send_command(subscription->owner,
                        command_for(subscription, subscription->id, type_of(subscription),
                                    json_pack("{s:s,s:s*}", "scope", scope, "keys", keys)));
}

/* Without the id of the entity, the server would end all subscriptions of the session. */
void subscription_command_end(struct subscription *subscription)
{
    send_command(subscription->owner, command_for(subscription, subscription->id, type_of(subscription),
                                                  json_pack("{s:b}", "unsubscribe", 1)));
}

int subscription_command_history(struct subscription *subscription, struct subscription_query *query,
                                 const char *keys)
{
    int64_t end_ms = upstream_clock_now_ms(&subscription->owner->upstream->clock) + SUBSCRIPTION_AHEAD_MS;

    query->id = ++subscription->owner->last_id;
    return send_command(
        subscription->owner,
        command_for(subscription, query->id, "TIMESERIES_HISTORY",
                    json_pack("{s:s,s:I,s:I,s:i,s:I,s:s}", "keys", keys, "startTs",
                              (json_int_t)query->start_ms, "endTs", (json_int_t)end_ms, "interval", 0,
                              "limit", (json_int_t)query->limit, "agg", "NONE")));
}
