/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one body of several, for writes to the same entity that go as one call. Knows nothing of requests.
 */
#ifndef TB_PROXY_FORWARD_MERGE_H
#define TB_PROXY_FORWARD_MERGE_H

#include <stddef.h>

#include "base/buf.h"

enum merge_kind {
    MERGE_NONE,       /* is never part of a merged call */
    MERGE_TELEMETRY,  /* [{"ts": ms, "values": {...}}, ...]: one after the other */
    MERGE_ATTRIBUTES, /* {"key": value, ...}: of a key that comes twice, the last value goes */
};

/*
 * Whether BODY can be part of a merged call: for telemetry {"ts": ms, "values": {...}} or an array of at
 * least one of those (what lacks its time got it before: telemetry_stamp()); for attributes an object. There
 * must be at least one value, and none that the server passes over (null); of attributes none that it may
 * refuse, since a later value of the same key would hide that (numbers beyond 64-bit integers). Texts with a
 * NUL or half of a surrogate pair, which a database may refuse, and numbers beyond a double go alone, too.
 *
 * 0; -EBADMSG: it is no JSON, or not of that form, and is sent alone; -ENOMEM (but jansson takes some failed
 * allocations for bad JSON).
 */
int merge_check(enum merge_kind kind, const char *body, size_t length);

/*
 * Appends to OUT, which is empty, one body with all that is in the COUNT BODIES, at least one, in their
 * order. Each has passed merge_check() for this KIND. Values are copied byte for byte, so that numbers keep
 * their digits. 0, -EMSGSIZE (OUT's maximum), -ENOMEM; OUT is empty on error.
 */
int merge_bodies(enum merge_kind kind, const struct buf *const *bodies, size_t count, struct buf *out);

#endif
