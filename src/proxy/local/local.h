/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler of requests to which tbproxyd responds itself, at once: health, logout, and requests that it
 * does not forward.
 */
#ifndef TB_PROXY_LOCAL_LOCAL_H
#define TB_PROXY_LOCAL_LOCAL_H

#include "proxy/exchange/handler.h"

extern const struct handler local_handler;

#endif
