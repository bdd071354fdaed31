/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Content-Type of a JSON body whose client has not given it one (forward.fix_content_type).
 */
#ifndef TB_PROXY_LISTEN_BODY_TYPE_H
#define TB_PROXY_LISTEN_BODY_TYPE_H

#include "proxy/exchange/exchange.h"

/* Makes it application/json if it is missing or that of a form, the operation takes JSON, and the body is an
 * object or an array. Call it before the policy is asked, which reads JSON bodies only. */
void body_type_fix(struct exchange *exchange);

#endif
