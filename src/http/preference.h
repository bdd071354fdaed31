/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers Priority (RFC 9218), Prefer (RFC 7240) and Accept (RFC 9110) of a local program. A malformed
 * one is ignored, as the first two require.
 */
#ifndef TB_HTTP_PREFERENCE_H
#define TB_HTTP_PREFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#define PREFERENCE_WAIT_MAX_MS (INT64_C(86400) * 1000)

/* The urgency in the value of a Priority header, 0 to 7; -1 if there is none. */
int preference_urgency(const char *value);

/* Whether the value of a Prefer header has respond-async. */
bool preference_is_async(const char *value);

/* The wait in the value of a Prefer header, in ms, at most PREFERENCE_WAIT_MAX_MS; -1 if there is none. */
int64_t preference_wait_ms(const char *value);

/* How much the value of an Accept header wants a response of the media type TYPE, in thousandths; 0: it does
 * not name the type (a "*" does not count), or does not want it. A member that has the parameter of PARAMETER
 * ("version=1") with another value is not meant. */
int preference_quality(const char *value, const char *type, const char *parameter);

#endif
