/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a local program asks for with the headers Priority (RFC 9218) and Prefer (RFC 7240). What is malformed
 * counts as not there, as both say.
 */
#ifndef TB_HTTP_PREFERENCE_H
#define TB_HTTP_PREFERENCE_H

#include <stdint.h>

#define PREFERENCE_WAIT_MAX_MS (INT64_C(86400) * 1000)

/* The urgency, 0 to 7, in the value of a Priority header; -1: none. */
int preference_urgency(const char *value);

/* The wait in the value of a Prefer header, ms, at most PREFERENCE_WAIT_MAX_MS; -1: none. */
int64_t preference_wait_ms(const char *value);

#endif
