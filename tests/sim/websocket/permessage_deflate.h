/* SPDX-License-Identifier: Apache-2.0 */
/* permessage-deflate (RFC 7692) as Tomcat does it: every text is compressed, with the texts before as its
 * dictionary unless the client does not want that. */
#ifndef TB_SIM_PERMESSAGE_DEFLATE_H
#define TB_SIM_PERMESSAGE_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "sim/base/memory.h"

struct deflater {
    bool on;
    bool forgets; /* server_no_context_takeover */
    z_stream in, out;
};

/* The answer to Sec-WebSocket-Extensions of a handshake, which may be NULL; NULL: none. */
const char *deflate_answer(const char *offer);
/* ANSWER: of deflate_answer(); NULL: nothing is compressed. */
void deflater_start(struct deflater *d, const char *answer);
void deflater_stop(struct deflater *d);
/* Freed with free(). */
char *deflater_compress(struct deflater *d, const char *text, size_t n, size_t *ret_len);
/* Appends the message. -EBADMSG; -EMSGSIZE if OUT would pass its maximum. */
int deflater_expand(struct deflater *d, const unsigned char *data, size_t n, struct buf *out);

#endif
