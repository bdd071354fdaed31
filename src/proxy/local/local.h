/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler of requests that tbproxyd answers at once by itself: health, logout, and what it does not
 * forward.
 */
#ifndef TB_PROXY_LOCAL_LOCAL_H
#define TB_PROXY_LOCAL_LOCAL_H

#include "proxy/exchange/handler.h"

extern const struct handler local_handler;

#endif
