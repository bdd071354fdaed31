/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps rows from the server for ever.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_OBSTACLE_H
#define TB_PROXY_SPOOL_SPOOL_OBSTACLE_H

#include "proxy/store/spool_row.h"
#include "upstream/upstream.h"

/* Why rows like LEAD can never be delivered to UPSTREAM, static text; NULL: they can. */
const char *spool_obstacle(const struct upstream *upstream, const struct spool_row *lead);

#endif
