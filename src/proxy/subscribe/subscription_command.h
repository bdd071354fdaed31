/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of subscriptions to the server's WebSocket API. Errors are those of
 * subscription_socket_send().
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIPTION_COMMAND_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIPTION_COMMAND_H

#include "proxy/subscribe/subscription.h"

/* Subscribes, with a new subscription->id. */
int subscription_command_begin(struct subscription *subscription);

/* Unsubscribes. */
void subscription_command_end(struct subscription *subscription);

/* Asks for the history of KEYS ("a,b") from query->start_ms on, with a new query->id. */
int subscription_command_history(struct subscription *subscription, struct subscription_query *query,
                                 const char *keys);

#endif
