/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which handler a request goes to, by its route.
 */
#ifndef TB_PROXY_LISTEN_DISPATCH_H
#define TB_PROXY_LISTEN_DISPATCH_H

#include "proxy/exchange/exchange.h"

/* Gives EXCHANGE to its handler. Suspends the connection unless the handler responds at once. */
void dispatch(struct exchange *exchange);

#endif
