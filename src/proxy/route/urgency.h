/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The urgency of each operation, from queue.urgency in the configuration. A request can ask for another.
 */
#ifndef TB_PROXY_ROUTE_URGENCY_H
#define TB_PROXY_ROUTE_URGENCY_H

#include <stdint.h>

#include "base/error.h"
#include "proxy/route/operation.h"

#define URGENCY_LEVELS  8 /* from 0, the most urgent (RFC 9218, section 4.1) */
#define URGENCY_DEFAULT 3

/* One level for each operation; NULL: all have URGENCY_DEFAULT. */
struct urgencies {
    uint8_t *levels;
};

/* Parses "saveDevice=1, rpc-v-2-controller=0": ids or tags of operations, each with a level from 0 to 7. An
 * id overrides a tag, a later word an earlier one. -EINVAL with a message that quotes the word; -ENOMEM. */
int urgencies_parse(const char *text, struct urgencies *ret, struct tb_error *err);

void urgencies_free(struct urgencies *urgencies);

/* The level of OPERATION; NULL, an unknown operation, has URGENCY_DEFAULT. */
unsigned urgency_of(const struct urgencies *urgencies, const struct operation *operation);

#endif
