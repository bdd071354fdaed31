/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler of requests for an activation link: asks the server for the user in the path. If the policy
 * then allows the request, it goes on to forward_handler. The question does not wait in the queue: if the
 * rate limit leaves nothing for it, or too many are under way, the request gets 503.
 */
#ifndef TB_PROXY_LISTEN_AUTHORITY_LOOKUP_H
#define TB_PROXY_LISTEN_AUTHORITY_LOOKUP_H

#include "proxy/exchange/handler.h"

#define AUTHORITY_LOOKUPS_MAX 4 /* at a time */

extern const struct handler authority_lookup_handler;

#endif
