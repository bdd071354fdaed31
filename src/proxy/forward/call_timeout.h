/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that are meant to take long: an RPC waits for its device, a long poll for news. Such a call says how
 * long the server may wait, and the server answers when that is over.
 */
#ifndef TB_PROXY_FORWARD_CALL_TIMEOUT_H
#define TB_PROXY_FORWARD_CALL_TIMEOUT_H

#include <stdint.h>

#include "base/buf.h"
#include "http/target.h"

#define CALL_TIMEOUT_MARGIN_MS 5000   /* for the server's answer when the call's own time is over */
#define CALL_TIMEOUT_MAX_MS    300000 /* whatever a call says */
#define CALL_TIMEOUT_BODY_MAX  65536  /* bytes; a larger body is not looked at */

/*
 * How long to wait for the server's answer to a call, ms: LEAST_MS, or what METHOD, TARGET and BODY (NULL:
 * none is kept) say, plus the margin, if that is longer. NOW_MS: the server's clock, since an RPC can say
 * when it expires instead.
 */
int64_t call_timeout_ms(const char *method, const struct target *target, const struct buf *body,
                        int64_t least_ms, int64_t now_ms);

#endif
