/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a call: that of its only member, or one that is made of those of all.
 */
#ifndef TB_PROXY_FORWARD_UPSTREAM_CALL_BODY_H
#define TB_PROXY_FORWARD_UPSTREAM_CALL_BODY_H

#include "base/buf.h"

struct exchange;
struct forwarding;

/* What is sent for EXCHANGE alone; NULL: nothing, or it streams. */
struct buf *forwarding_body_of(struct exchange *exchange);

/* Makes forwarding->body of the bodies of all members, of which there are several. -ENOMEM; -ENOBUFS: beyond
 * limits.max_buffered_bytes; the errors of merge_bodies(). */
int forwarding_body_merge(struct forwarding *forwarding);

/* Frees that. */
void forwarding_body_free(struct forwarding *forwarding);

#endif
