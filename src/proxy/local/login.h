/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /api/auth/login and the like: a token pair that opens nothing, for clients that insist on logging in.
 * They get it while there is a session, so that a login that fails is told to them.
 */
#ifndef TB_PROXY_LOCAL_LOGIN_H
#define TB_PROXY_LOCAL_LOGIN_H

#include "proxy/exchange/handler.h"

extern const struct handler login_handler;

#endif
