/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler of requests that are allowed only if the server answers a question as it should: for an
 * activation link, about its user. If the policy then allows the request, it goes on to forward_handler. The
 * question does not wait in the queue: if the rate limit leaves nothing for it, or too many are under way,
 * the request gets 503.
 */
#ifndef TB_PROXY_LISTEN_PERMISSION_LOOKUP_H
#define TB_PROXY_LISTEN_PERMISSION_LOOKUP_H

#include "proxy/exchange/handler.h"

extern const struct handler permission_lookup_handler;

#endif
