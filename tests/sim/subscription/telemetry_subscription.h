/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a WebSocket has subscribed to: the commands TIMESERIES, ATTRIBUTES and TIMESERIES_HISTORY, and those
 * of data_query.h, in the shape of /api/ws ({"cmds":[{"type":...}]}) and in the older one
 * ({"tsSubCmds":[...],"attrSubCmds":[...]}).
 */
#pragma once

#include "sim/state/sim.h"
#include "sim/subscription/entity_data_subscription.h"

struct subscription;

struct subscriptions {
    struct subscription *list;
    size_t n;
    struct data_queries queries;
};

/* Takes the text of a message to the client. */
typedef void send_update(void *arg, const char *text, size_t length);

/* Carries out all commands of a message; false: the message is not understood. */
bool subscriptions_command(struct sim *sim, const struct user *user, struct subscriptions *subscriptions,
                           const json_t *message, send_update *send, void *arg);

/* {"cmdId","type","entityType","entityId","scope","keys"} of each; keys null: all. */
json_t *subscriptions_json(const struct subscriptions *subscriptions);
void subscriptions_free(struct subscriptions *subscriptions);

#define TIMESERIES_SCOPE N_SCOPES /* in place of an attribute scope */

/* What a write has changed, {"key":[[ts,"value"],...]}, to those that have subscribed to it. */
void subscriptions_notify(const struct subscriptions *subscriptions, const struct entity *e, enum scope scope,
                          const json_t *changes, send_update *send, void *arg);
/* Adds [ts,"value"] to a key of the changes. */
void changes_add(json_t *changes, const char *key, int64_t ts, const json_t *value);
