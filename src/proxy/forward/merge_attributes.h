/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For merge_body.c: one object out of several, in which a key has its last value.
 */
#ifndef TB_PROXY_FORWARD_MERGE_ATTRIBUTES_H
#define TB_PROXY_FORWARD_MERGE_ATTRIBUTES_H

#include <stddef.h>

#include "base/buf.h"

/* As merge_bodies(), for MERGE_ATTRIBUTES; OUT is left as it is on error. */
int merge_attributes(const struct buf *const *bodies, size_t count, struct buf *out);

#endif
