/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How subscribers catch up: histories of a subscription that are asked for, and shared by the subscribers
 * that need the same part.
 */
#ifndef TB_PROXY_SUBSCRIBE_SUBSCRIPTION_HISTORY_H
#define TB_PROXY_SUBSCRIBE_SUBSCRIPTION_HISTORY_H

#include "proxy/subscribe/subscription.h"

/* If UPDATE answers a query of SUBSCRIPTION, delivers it to the subscribers that wait for it and returns
 * true. */
bool subscription_take_history(struct subscription *subscription, const struct update *update);

/* Forgets the queries that no subscriber waits for. */
void subscription_drop_queries(struct subscription *subscription);

#endif
