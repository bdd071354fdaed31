/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks in the file which entities have rows, for spool_entities.h: at all of them at the start, and as long
 * as it is not known of all; and at one if rows have gone in another way than by delivery.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_LOOK_H
#define TB_PROXY_SPOOL_SPOOL_LOOK_H

#include "proxy/spool/spool.h"

void spool_look_open(struct spool *spool);
void spool_look_close(struct spool *spool);

/* A file was just opened, which may be another one: nothing is known of it. */
void spool_look_at_all(struct spool *spool);

/* Looks whether the entity KEY has waiting rows, and notes it. Call it if rows have gone that were not
 * delivered. */
void spool_look_at(struct spool *spool, const char *key);

/* ROW, which is in the file, waits again. */
void spool_look_found(struct spool *spool, const struct spool_row *row);

#endif
