/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of /-/status about the queue and the clients.
 */
#ifndef TB_PROXY_STATUS_STATUS_QUEUE_H
#define TB_PROXY_STATUS_STATUS_QUEUE_H

#include <jansson.h>

#include "proxy/exchange/services.h"

/* A new reference. The clients are ONLY, or all if that is NULL; sums are of all in any case. */
json_t *status_queue(const struct services *services, const struct principal *only);

#endif
