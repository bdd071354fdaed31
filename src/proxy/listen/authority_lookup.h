/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler of requests for an activation link: asks the server for the user in the path. If the policy
 * then allows the request, it goes on to forward_handler.
 */
#ifndef TB_PROXY_LISTEN_AUTHORITY_LOOKUP_H
#define TB_PROXY_LISTEN_AUTHORITY_LOOKUP_H

#include "proxy/exchange/handler.h"

extern const struct handler authority_lookup_handler;

#endif
