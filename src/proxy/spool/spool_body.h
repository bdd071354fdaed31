/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a body that the server refuses into halves, until what it refuses stands alone. Texts only, from any
 * source.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_BODY_H
#define TB_PROXY_SPOOL_SPOOL_BODY_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Writes to FIRST and SECOND, which are empty, two bodies that together, one after the other, mean what BODY
 * means. An array of telemetry is cut between its elements; one element, {"ts": ms, "values": {...}}, between
 * its values; an object of attributes between its members. Everything is copied byte for byte.
 *
 * Returns 1; 0: BODY has one value, or none, and stays whole; -EBADMSG: it is not JSON of that form;
 * -EMSGSIZE, -ENOMEM. FIRST and SECOND are empty unless 1 is returned.
 */
int spool_body_halve(bool is_telemetry, const char *body, size_t length, struct buf *first,
                     struct buf *second);

#endif
