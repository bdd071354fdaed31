/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the server is away, as far as the delivery knows, and which calls are tried then: one at a time,
 * less and less often. As long as the rows of one user are all that failed, another one is tried at once: it
 * may be these rows. Private to the delivery; its state is in struct spool_delivery.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_AWAY_H
#define TB_PROXY_SPOOL_SPOOL_AWAY_H

#include "proxy/spool/spool_slot.h"

/* The server has answered a call. */
void spool_away_answered(struct spool_delivery *delivery);

/* It seems to be away, as TRANSFER of OWNER says. */
void spool_away_failed(struct spool_delivery *delivery, const struct spool_owner *owner,
                       const struct transfer *transfer);

/* Looks whether it is back: a request was answered, or the failover's probe was. */
void spool_away_look(struct spool_delivery *delivery);

/* Whether an entity tries already, or is about to, that tells OWNER whether the server is away. */
bool spool_away_is_tried(const struct spool_delivery *delivery, const struct spool_owner *owner);

/* When SLOT, which is ready, may be sent; INT64_MAX: not before a try has ended. */
int64_t spool_away_try_ms(const struct spool_delivery *delivery, const struct spool_slot *slot);

#endif
