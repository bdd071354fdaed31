/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of a WebSocket that hold an entity query: ENTITY_DATA, ENTITY_COUNT; and NOTIFICATIONS, whose
 * list is always empty. */
#ifndef TB_SIM_ENTITY_DATA_SUBSCRIPTION_H
#define TB_SIM_ENTITY_DATA_SUBSCRIPTION_H

#include "sim/state/sim.h"

/* Where messages to the client go. */
struct output {
    void (*send)(void *arg, const char *text, size_t length);
    void *arg;
};

struct data_query;

/* The queries of one WebSocket whose results are subscribed to. */
struct data_queries {
    struct data_query *list;
    size_t n;
};

/* Takes MESSAGE over. */
void output_send(const struct output *out, json_t *message);

/* Carries out a command; false: its type is not one of these. */
bool data_queries_command(struct sim *sim, const struct user *user, struct data_queries *queries,
                          const json_t *cmd, const char *type, const struct output *out);
/* Sends what a write has changed of the results. SCOPE: N_SCOPES for time series. */
void data_queries_notify(const struct data_queries *queries, const struct entity *e, enum scope scope,
                         const json_t *changes, const struct output *out);
void data_queries_free(struct data_queries *queries);

#endif
