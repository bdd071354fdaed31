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
    bool is_stamped;   /* each of its values has a time */
    bool may_have_run; /* the server may have executed it */
};

/* EXCHANGE, whose handler lets go of it, has the body of WRITE: stores it, and responds (spool_reply.h). */
void spool_take(struct spool *spool, struct exchange *exchange, const struct spool_arrival *arrival);

#endif
