/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a call: that of its only member, or one that is made of those of all.
 */
#ifndef TB_PROXY_FORWARD_UPSTREAM_CALL_BODY_H
#define TB_PROXY_FORWARD_UPSTREAM_CALL_BODY_H

#include "base/buf.h"

struct exchange;
struct upstream_call;

/* What is sent for EXCHANGE alone; NULL: nothing, or it streams. */
struct buf *upstream_call_body_of(struct exchange *exchange);

/* Makes call->body of the bodies of all members, of which there are several. -ENOMEM; -ENOBUFS: beyond
 * limits.max_buffered_bytes; the errors of merge_bodies(). */
int upstream_call_body_merge(struct upstream_call *call);

/* Frees that. */
void upstream_call_body_free(struct upstream_call *call);

#endif
