/* SPDX-License-Identifier: Apache-2.0 */
/* permessage-deflate (RFC 7692) of a WebSocket, as Tomcat does it: every text is compressed, with what came
 * before as its dictionary unless the client does not want that. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

#include "sim/base/memory.h"

struct deflater {
    bool on;
    bool forgets; /* server_no_context_takeover */
    z_stream in, out;
};

/* What the offer of a handshake (Sec-WebSocket-Extensions; may be NULL) is answered with; NULL: nothing. */
const char *deflate_answer(const char *offer);
/* Begins, if ANSWER is not NULL. */
void deflater_start(struct deflater *d, const char *answer);
void deflater_stop(struct deflater *d);
/* To be freed. */
char *deflater_compress(struct deflater *d, const char *text, size_t n, size_t *ret_len);
/* False: that is no message, or one of more than MOST bytes. */
bool deflater_expand(struct deflater *d, const unsigned char *data, size_t n, size_t most, struct buf *ret);
