/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the policy of a client allows its request.
 */
#ifndef TB_PROXY_LISTEN_PERMISSION_H
#define TB_PROXY_LISTEN_PERMISSION_H

#include "proxy/exchange/exchange.h"
#include "upstream/own_user.h"

enum permission {
    PERMISSION_GRANTED,
    PERMISSION_REFUSED,        /* the exchange has got its response, 403 */
    PERMISSION_NEEDS_AUTHORITY /* granted if the user in the path has less authority than the own one */
};

/* Judges a request that is about to be dispatched. */
enum permission permission_check(struct exchange *exchange);

/* After PERMISSION_NEEDS_AUTHORITY: AUTHORITY is that of the user in the path. Grants or refuses. */
enum permission permission_check_authority(struct exchange *exchange, enum authority authority);

#endif
