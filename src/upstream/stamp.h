/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives telemetry values the timestamp that the server would give them, so that a retried request stores them
 * only once.
 */
#ifndef TB_UPSTREAM_STAMP_H
#define TB_UPSTREAM_STAMP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/quota.h"
#include "upstream/upstream_clock.h"

/* A larger body is not stamped, and not retried: the shortest elements grow to eight times their size. */
#define TELEMETRY_STAMP_MAX_BYTES (256 * 1024)

/*
 * BODY is what saveEntityTelemetry takes: {"key": value}, {"ts": ms, "values": {...}}, or an array of those.
 * Every element without ts and values, unless it is empty, becomes {"ts": TS_MS, "values": element}; all
 * other bytes stay as they are.
 *
 * Returns 1: OUT holds the new body. 0: every element has its time; send BODY unchanged. -EBADMSG: this is
 * not such a body; sent unchanged, the server refuses it. -EMSGSIZE, -ENOMEM.
 */
int telemetry_stamp(const char *body, size_t length, int64_t ts_ms, struct buf *out);

/* The same to BODY itself; what it grows by is taken from QUOTA (NULL: none). 0: every value has its time
 * now. BODY is unchanged on error: as telemetry_stamp(), or -ENOBUFS if QUOTA has no room. */
int telemetry_stamp_in_place(struct buf *body, int64_t ts_ms, struct quota *quota);

/* The server's time now, for a value of the entity that TARGET names (path and query of saveEntityTelemetry).
 * See upstream_clock_stamp_ms(). */
int64_t telemetry_stamp_ms(struct upstream_clock *clock, const char *target);

/* Stamps the body of a request to TARGET by the server's clock, so that it can be retried, unless it is
 * larger than TELEMETRY_STAMP_MAX_BYTES. Returns whether every value has its time now. */
bool telemetry_stamp_body(struct upstream_clock *clock, const char *target, struct buf *body,
                          struct quota *quota);

#endif
