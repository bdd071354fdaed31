/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes the write of a request into the spool: stores it, and responds when the disk has it. The row stays if
 * the client leaves meanwhile.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_TAKE_H
#define TB_PROXY_SPOOL_SPOOL_TAKE_H

#include "proxy/exchange/exchange.h"
#include "proxy/spool/spool.h"
#include "proxy/spool/spool_write.h"

/* What is known of the write. */
struct spool_arrival {
    struct spool_write write;
    int64_t number;
    bool is_stamped; /* each of its values has a time */
};

/* EXCHANGE, whose handler lets go of it, has the body of WRITE: stores it, and responds 202, or an error. */
void spool_take(struct spool *spool, struct exchange *exchange, const struct spool_arrival *arrival);

/* 413: the body is too large for the spool, in which it would have to wait. */
void spool_take_refuse_large(struct exchange *exchange);

#endif
