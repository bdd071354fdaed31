/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responses to writes that the spool has, or should have (exchange/reply.h).
 */
#ifndef TB_PROXY_SPOOL_SPOOL_REPLY_H
#define TB_PROXY_SPOOL_SPOOL_REPLY_H

#include "proxy/exchange/exchange.h"

/* It is on the disk, as NUMBER. */
void spool_reply_stored(struct exchange *exchange, int64_t number);

/* Later requests have replaced all that it writes. */
void spool_reply_replaced(struct exchange *exchange);

/* 400: what it writes has not the form that REASON says. */
void spool_reply_bad(struct exchange *exchange, const char *reason);

/* 413: the body is too large for the spool, in which it would have to wait. */
void spool_reply_large(struct exchange *exchange);

/* It is not stored: RESULT is a negative errno, WHY its text. 503, which says that it was not executed; or
 * 502 if it MAY_HAVE_RUN. */
void spool_reply_not_stored(struct exchange *exchange, int result, const char *why, bool may_have_run);

#endif
