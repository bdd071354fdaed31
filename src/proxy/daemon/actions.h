/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an administrator can have done on the admin socket: POST /-/session/renew, /-/reload, /-/log-level.
 * The log says who asked.
 */
#ifndef TB_PROXY_DAEMON_ACTIONS_H
#define TB_PROXY_DAEMON_ACTIONS_H

#include "proxy/exchange/handler.h"

struct daemon;

#define RENEWAL_WAIT_MS 30000 /* for the end of a renewal, before it is answered with 504 */

extern const struct handler actions_handler;

/* A call of the session has ended: answers those who wait for its renewal, unless another call follows. */
void actions_session_changed(struct daemon *daemon);

#endif
