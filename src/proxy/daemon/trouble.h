/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with the server now, in words, for upstream/server_state.h. Each function returns whether
 * something is, and fills *RET then.
 */
#ifndef TB_PROXY_DAEMON_TROUBLE_H
#define TB_PROXY_DAEMON_TROUBLE_H

#include "proxy/exchange/services.h"

/* No server can be used. */
bool trouble_of_connection(const struct services *services, struct server_trouble *ret);

/* There is no session, or its renewal failed. */
bool trouble_of_session(const struct services *services, struct server_trouble *ret);

/* No request is sent, because of refusals (429). */
bool trouble_of_budget(const struct services *services, struct server_trouble *ret);

#endif
