/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The urgency of operations whose request does not ask for one: queue.urgency of the configuration.
 */
#ifndef TB_PROXY_ROUTE_URGENCY_H
#define TB_PROXY_ROUTE_URGENCY_H

#include <stdint.h>

#include "base/error.h"
#include "proxy/route/operation.h"

/* One for each operation; NULL: all have QUEUE_URGENCY_DEFAULT. */
struct urgencies {
    uint8_t *levels;
};

/* Reads "saveDevice=1, rpc-v-2-controller=0": ids or tags of operations, each with 0 (the most urgent) to 7.
 * An id goes before its tag, a later word before an earlier one. -EINVAL with a message that names the word;
 * -ENOMEM. */
int urgencies_parse(const char *text, struct urgencies *ret, struct tb_error *err);

void urgencies_free(struct urgencies *urgencies);

/* OPERATION may be NULL: none that a document knows. */
unsigned urgency_of(const struct urgencies *urgencies, const struct operation *operation);

#endif
