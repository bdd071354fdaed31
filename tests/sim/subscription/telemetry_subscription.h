/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a WebSocket has subscribed to: the commands TIMESERIES, ATTRIBUTES and TIMESERIES_HISTORY, and those
 * of entity_data_subscription.h, in the form of /api/ws ({"cmds":[{"type":...}]}) and in the older one
 * ({"tsSubCmds":[...],"attrSubCmds":[...]}). Called with the lock of struct sim.
 */
#ifndef TB_SIM_TELEMETRY_SUBSCRIPTION_H
#define TB_SIM_TELEMETRY_SUBSCRIPTION_H

#include "sim/state/sim.h"
#include "sim/subscription/entity_data_subscription.h"

struct subscription;

struct subscriptions {
    struct list link; /* in sim->subscribers */
    struct output out;
    struct subscription *list;
    size_t n;
    struct data_queries queries;
};

/* OUT takes the messages to the client, until subscriptions_close(). */
void subscriptions_open(struct sim *sim, struct subscriptions *subscriptions, const struct output *out);
void subscriptions_close(struct subscriptions *subscriptions);
void subscriptions_free(struct subscriptions *subscriptions);

/* Carries out all commands of a message. */
void subscriptions_command(struct sim *sim, const struct user *user, struct subscriptions *subscriptions,
                           const json_t *message);

/* {"cmdId","type","entityType","entityId","scope","keys"} of each; keys is null for all. */
json_t *subscriptions_json(const struct subscriptions *subscriptions);

#define TIMESERIES_SCOPE N_SCOPES /* in place of an attribute scope */

/* Whether there is anybody to notify. */
static inline bool subscribers_exist(const struct sim *sim)
{
    return !list_is_empty(&sim->subscribers);
}
/* Sends what a write has changed, {"key":[[ts,"value"],...]}, to those that have subscribed to it. */
void subscribers_notify(struct sim *sim, const struct entity *e, enum scope scope, const json_t *changes);
/* Adds [ts,"value"] to a key of the changes. */
void changes_add(json_t *changes, const char *key, int64_t ts, const json_t *value);

#endif
