/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delete of telemetry or attributes of an entity that has rows: it waits until the server has these, or
 * they would bring back what it deletes.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_DELETE_H
#define TB_PROXY_SPOOL_SPOOL_DELETE_H

#include "proxy/exchange/exchange.h"
#include "proxy/spool/spool.h"

/* EXCHANGE, whose handler lets go of it, waits until the entity KEY has no rows, then it is forwarded; after
 * MAX_MS from its arrival, it gets 503. */
void spool_delete_wait(struct spool *spool, struct exchange *exchange, const char *key, int64_t max_ms);

/* The callback of spool_entities.emptied. */
void spool_delete_wake(struct spool_entities *entities, struct spool_backlog *backlog);

#endif
