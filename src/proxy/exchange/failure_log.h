/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages about failed requests: the first of its kind at once, the others as a sum once a minute. A kind is
 * a status and the type of the error.
 */
#ifndef TB_PROXY_EXCHANGE_FAILURE_LOG_H
#define TB_PROXY_EXCHANGE_FAILURE_LOG_H

#include <stddef.h>

#include "base/loop.h"
#include "proxy/exchange/failures.h"

#define FAILURE_LOG_KINDS     16 /* further ones count as one more */
#define FAILURE_LOG_PERIOD_MS 60000

struct failure_log {
    struct loop *loop;
    struct timer timer; /* until the sums are logged; runs while there is a kind */
    int64_t since_ms;   /* boot clock */
    struct {
        int status; /* 0: all further kinds */
        const char *error;
        uint64_t count; /* that no message has told */
    } kinds[FAILURE_LOG_KINDS + 1];
    size_t used;
};

void failure_log_init(struct failure_log *log, struct loop *loop);

/* A request got the status and the error of KIND. REASON may be NULL. Mistakes of a client are not failures:
 * only what tbproxyd refused to let it do (401, 403, 421), 429, and 500 and more. */
void failure_log_note(struct failure_log *log, const struct failure_kind *kind, const char *reason);

/* Logs the sums now, and begins anew. */
void failure_log_flush(struct failure_log *log);

#endif
