/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /api/auth/login and the like: a token pair that gives no access, for clients that insist on logging
 * in. They get it once there is a session, so they notice if tbproxyd cannot log in. A login as another user
 * than tbproxyd's own is refused (local.accept_any_login), because it would get tbproxyd's rights.
 */
#ifndef TB_PROXY_LOCAL_LOGIN_H
#define TB_PROXY_LOCAL_LOGIN_H

#include "proxy/exchange/handler.h"

/* Room for a refresh token, of which the largest that login.c makes has half of that. */
#define LOGIN_BODY_MAX_BYTES (32 * 1024)

extern const struct handler login_handler;

#endif
