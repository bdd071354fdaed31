/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes to the same entity that go as one call. Which may, which go along, and what happens to a merged call
 * that is refused; upstream_call.h declares the parts that concern a call. The body is made by merge_body.h.
 */
#ifndef TB_PROXY_FORWARD_MERGE_H
#define TB_PROXY_FORWARD_MERGE_H

#include "proxy/forward/forwarding.h"

/* How bodies of OPERATION (NULL: one that is in no specification) can be merged, if at all. */
enum merge_kind merge_kind_of(const struct operation *operation);

/* Sets forwarding->merge: how its body can go with others, if at all. */
void merge_choose(struct forwarding *forwarding);

#endif
