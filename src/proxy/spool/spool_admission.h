/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which requests the spool takes, and when: the functions of forward_spool.h.
 *
 * While an entity has rows, all that it gets goes behind them. In the mode "outage", other writes are
 * forwarded, and remembered (spool_pending.h); the first that fails becomes a row, and all of the entity that
 * are not at the server follow it.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_ADMISSION_H
#define TB_PROXY_SPOOL_SPOOL_ADMISSION_H

#include "proxy/spool/spool.h"

/* Bytes. What has longer ones is forwarded, and not stored. */
#define SPOOL_TARGET_MAX       256 /* path and query */
#define SPOOL_CONTENT_TYPE_MAX 64

/* Sets the hooks of SPOOL that are about requests. */
void spool_admission_open(struct spool *spool);

#endif
