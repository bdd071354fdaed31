/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one body out of several, for writes to the same entity that go as one call. Knows nothing of
 * requests.
 */
#ifndef TB_PROXY_FORWARD_MERGE_BODY_H
#define TB_PROXY_FORWARD_MERGE_BODY_H

#include <stddef.h>

#include "base/buf.h"

enum merge_kind {
    MERGE_NONE,       /* never merged */
    MERGE_TELEMETRY,  /* [{"ts": ms, "values": {...}}, ...]: concatenated */
    MERGE_ATTRIBUTES, /* {"key": value, ...}: if a key comes twice, its last value is sent */
};

/*
 * Checks whether BODY can be part of a merged call. Telemetry must be {"ts": ms, "values": {...}} or an array
 * of at least one of those (telemetry_stamp() has added the timestamps before); attributes must be an object.
 * It must have at least one value, and no null, which the server ignores. Attributes must not have numbers
 * beyond 64-bit integers, which the server refuses: a later value of the same key would hide that. Strings
 * with a NUL or half of a surrogate pair, which a database may refuse, and numbers of 1e308 and more are not
 * merged either, nor is telemetry with two "ts" or "values". Reads the text only, and needs no memory.
 *
 * Returns 0; or -EBADMSG if it is not JSON or not of that form, and must be sent alone.
 */
int merge_check(enum merge_kind kind, const char *body, size_t length);

/*
 * Writes to OUT, which is empty, one body with everything in the COUNT BODIES (at least one), in their order.
 * Each must have passed merge_check() for this KIND. Values are copied byte for byte, so that numbers keep
 * their digits. Returns 0, -EMSGSIZE (OUT's maximum) or -ENOMEM; OUT is empty on error.
 */
int merge_bodies(enum merge_kind kind, const struct buf *const *bodies, size_t count, struct buf *out);

#endif
