/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which requests can be sent again once the server is back.
 */
#ifndef TB_UPSTREAM_RESEND_H
#define TB_UPSTREAM_RESEND_H

#include "upstream/request.h"

/* Whether REQUEST, which has ended, failed because the server is away (no connection, no login, or 502 or 503
 * of a gateway in front), and sending it again does no harm: the server has not executed it, or may do so
 * twice. */
bool request_may_be_resent(const struct request *request);

#endif
