/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which handler a request goes to, by its route.
 *
 * A body may be read before its request is answered or waits in the queue: by a policy, or because it is
 * telemetry. Many that arrive at once would hold up the loop, so they are tasks (exchange/tasks.h).
 */
#ifndef TB_PROXY_LISTEN_DISPATCH_H
#define TB_PROXY_LISTEN_DISPATCH_H

#include "proxy/exchange/exchange.h"

#define DISPATCH_TASK_BYTES 4096         /* a smaller body is dispatched at once */
#define DISPATCH_READ_BYTES (256 * 1024) /* and so is a larger one, because nobody reads it */

/* Gives EXCHANGE to its handler. Suspends the connection unless the handler responds at once. */
void dispatch(struct exchange *exchange);

#endif
