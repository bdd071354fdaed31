/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that tbproxyd answers itself.
 */
#ifndef TB_PROXY_LOCAL_LOCAL_H
#define TB_PROXY_LOCAL_LOCAL_H

#include "proxy/exchange/exchange.h"

/* Answers an exchange whose route is not forwarded. A login is answered only while there is a session. */
void local_answer(struct exchange *exchange);

#endif
