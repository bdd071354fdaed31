/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of a WebSocket that ask by a query: ENTITY_DATA, ENTITY_COUNT; and NOTIFICATIONS, of which
 * there are none here. */
#pragma once

#include "sim/state/sim.h"

/* Where the answers of a command go. */
struct output {
    void (*send)(void *arg, const char *text, size_t length);
    void *arg;
};

struct data_query;

/* Those of one WebSocket whose results are followed. */
struct data_queries {
    struct data_query *list;
    size_t n;
};

/* Takes the message over. */
void output_send(const struct output *out, json_t *message);

/* Carries a command out; false: its type is another one. */
bool data_queries_command(struct sim *sim, const struct user *user, struct data_queries *queries,
                          const json_t *cmd, const char *type, const struct output *out);
/* What a write has changed, to those whose results it concerns. SCOPE: N_SCOPES for time series. */
void data_queries_notify(const struct data_queries *queries, const struct entity *e, enum scope scope,
                         const json_t *changes, const struct output *out);
void data_queries_free(struct data_queries *queries);
