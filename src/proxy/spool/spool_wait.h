/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait outside the queue: a delete of telemetry or attributes of an entity that has rows, until
 * the server has these, or they would bring back what it deletes; and what must be stored while the file is
 * being opened.
 *
 * EXCHANGE, whose handler lets go of it, is forwarded afterwards as if it had just arrived; after MAX_MS from
 * its arrival, it gets 503.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_WAIT_H
#define TB_PROXY_SPOOL_SPOOL_WAIT_H

#include "proxy/exchange/exchange.h"
#include "proxy/spool/spool.h"

/* Until the entity KEY has no rows. */
void spool_wait_for_rows(struct spool *spool, struct exchange *exchange, const char *key, int64_t max_ms);

/* The callback of spool_entities.emptied. */
void spool_wait_rows_gone(struct spool_entities *entities, struct spool_backlog *backlog);

/* Until spool->is_opening is false. */
void spool_wait_for_file(struct spool *spool, struct exchange *exchange, int64_t max_ms);

/* All in the list WAITING have waited long enough. */
void spool_wait_wake(struct list *waiting);

#endif
