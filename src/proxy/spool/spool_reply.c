/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "proxy/exchange/reply.h"

void spool_reply_stored(struct exchange *exchange, int64_t number)
{
    char location[40];

    exchange->outbound.async_applied = exchange->head.prefers_async;
    snprintf(location, sizeof(location), "/-/spool/%" PRId64, number);
    reply_accepted(exchange, (int)exchange->services->config->spool.status, location);
}

void spool_reply_replaced(struct exchange *exchange)
{
    reply_empty(exchange, (int)exchange->services->config->spool.status);
}

void spool_reply_bad(struct exchange *exchange, const char *reason)
{
    metrics_refused(exchange->services->metrics, METRICS_REFUSED_MALFORMED);
    reply_error(exchange, 400, PROXY_STATUS_DENIED, "%s", reason);
}

void spool_reply_large(struct exchange *exchange)
{
    metrics_refused(exchange->services->metrics, METRICS_REFUSED_BODY_SIZE);
    reply_error(exchange, 413, PROXY_STATUS_DENIED,
                "the body is too large for the spool (spool.max_body_bytes), in which it would have to wait");
}

static void count(const struct exchange *exchange, int result)
{
    metrics_refused(exchange->services->metrics, result == -EMFILE || result == -EDQUOT
                                                     ? METRICS_REFUSED_SPOOL_FULL
                                                 : result == -ENOMEM ? METRICS_REFUSED_MEMORY
                                                                     : METRICS_REFUSED_SPOOL_DISK);
}

void spool_reply_not_stored(struct exchange *exchange, int result, const char *why, bool may_have_run)
{
    if (result == -EMSGSIZE && !may_have_run) {
        spool_reply_large(exchange);
        return;
    }
    count(exchange, result);
    if (result == -EMFILE)
        why = "writes of this user to too many entities are in it";
    else if (result == -EDQUOT)
        why = "it is full for this user (spool.max_rows, spool.max_bytes)";
    if (may_have_run)
        reply_error(exchange, 502, PROXY_STATUS_UNAVAILABLE,
                    "there was no answer: the server may have executed the write, which is not stored in the "
                    "spool: %s",
                    why);
    else
        reply_busy(exchange, 0, "the write is not stored in the spool: %s; send it again later", why);
}
