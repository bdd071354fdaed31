/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What response_reader finds in a stream, as text: the same for any division into pieces.
 */
#ifndef TB_TESTS_RESPONSE_TRANSCRIPT_H
#define TB_TESTS_RESPONSE_TRANSCRIPT_H

#include <stdbool.h>

#include "base/buf.h"

#define WHOLE SIZE_MAX /* in one piece */

/* Reads one response from DATA in pieces of STEP bytes; or of 1 to 16 bytes at random, by SEED, if STEP is 0.
 * Appends to OUT, without the parts that do not apply:
 *     100{NAME: VALUE}{...} 200 kept{NAME: VALUE} body=BODY end rest=BYTES
 * "kept" or "closed" is said of the connection. In place of "end": "complete" or "early" if the stream ended,
 * or an error and the reason. Aborts if the reader breaks a promise of its own. */
void response_transcript(const void *data, size_t length, bool is_head, size_t step, unsigned seed,
                         struct buf *out);

#endif
