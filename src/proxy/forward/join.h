/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A read that joins an identical one: its call is in flight, and its answer is the response to both. Reads
 * that still wait in the queue go as one call by themselves (upstream_call_gather()).
 */
#ifndef TB_PROXY_FORWARD_JOIN_H
#define TB_PROXY_FORWARD_JOIN_H

#include "proxy/forward/forwarding.h"

/* Whether a read of this kind may share its answer with identical ones. */
bool join_is_possible(const struct forwarding *forwarding);

/* Joins an identical read that is in flight, if its answer will be fresh enough. KEY: what identical reads
 * have in common; empty: it is not joined. */
bool join(struct forwarding *forwarding, const struct buf *key);

#endif
