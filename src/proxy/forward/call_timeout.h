/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timeouts of calls that are meant to take long: an RPC waits for its device, a long poll for an update. Such
 * a call says how long the server may wait, and the server answers at the end of that time.
 */
#ifndef TB_PROXY_FORWARD_CALL_TIMEOUT_H
#define TB_PROXY_FORWARD_CALL_TIMEOUT_H

#include <stdint.h>

#include "base/buf.h"
#include "http/target.h"

#define CALL_TIMEOUT_MARGIN_MS 5000   /* for the server's answer, after the call's own time */
#define CALL_TIMEOUT_MAX_MS    300000 /* whatever a call says */
#define CALL_TIMEOUT_BODY_MAX  65536  /* a larger body is not searched */

/*
 * How many ms to wait for the server's answer to a call: LEAST_MS, or if that is longer, the time that the
 * call names in its METHOD, TARGET and BODY, plus the margin. BODY is NULL if it is not kept. NOW_MS is the
 * server's time, since an RPC can name the time when it expires.
 */
int64_t call_timeout_ms(const char *method, const struct target *target, const struct buf *body,
                        int64_t least_ms, int64_t now_ms);

#endif
